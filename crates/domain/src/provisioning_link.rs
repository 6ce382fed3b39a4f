//! Links that make a device.

use crate::{AccountId, ApiTokenHash, CredentialId, DeviceLabel, PhoneFormat, ProvisioningLinkId, Timestamp};

/// A link that makes one device of a credential, once, until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisioningLink {
    /// Its public identifier.
    pub id: ProvisioningLinkId,
    /// The account that owns the credential.
    pub account: AccountId,
    /// The credential whose device it makes.
    pub credential: CredentialId,
    /// What the device is going to be called.
    pub label: DeviceLabel,
    /// What the configuration is written in, unless whoever spends it says.
    pub format: Option<PhoneFormat>,
    /// What spends it.
    pub stage: LinkStage,
    /// What its token is checked against.
    pub token: ApiTokenHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is good for nothing.
    pub expires_at: Timestamp,
}

/// What spends a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkStage {
    /// A POST, as the form on its page sends it: what merely looks at the link spends nothing.
    Offered,
    /// A GET, for apps that can do nothing else: whoever looks at it has it. Such links live for minutes.
    Opened,
}

impl LinkStage {
    /// The name used by API and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Opened => "opened",
        }
    }

    /// The stage of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Offered, Self::Opened].into_iter().find(|stage| stage.as_str() == name)
    }
}

impl ProvisioningLink {
    /// Whether it may still be spent.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}
