//! What whoever has a link may see before it is spent.

use super::LinkToken;
use crate::asker::Asker;
use crate::{AccountScope, Provisioning, ProvisioningError};
use domain::{Credential, DeviceLabel, LinkStage, PhoneFormat, ProvisioningLink, Timestamp};
use std::sync::Arc;

/// A link as it is shown to whoever has it; no secret and no account is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSeen {
    /// What the device is going to be called.
    pub label: DeviceLabel,
    /// What its configuration is written in, if its maker said.
    pub format: Option<PhoneFormat>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A link that may be spent, and on whose behalf.
pub(crate) struct GoodLink {
    pub(crate) link: ProvisioningLink,
    pub(crate) scope: AccountScope,
}

impl Provisioning {
    /// Looks at an offered link, which spends nothing.
    ///
    /// # Errors
    /// [`ProvisioningError::ProvisioningLinkNotFound`], or the storage failed.
    pub async fn look_at_link(&self, token: &LinkToken) -> Result<LinkSeen, ProvisioningError> {
        let GoodLink { link, .. } = self.good_link(token, LinkStage::Offered).await?;
        Ok(LinkSeen { label: link.label, format: link.format, expires_at: link.expires_at })
    }

    /// The link of that token, if it may be spent at that stage: it has not expired, and its account and credential let
    /// somebody in.
    pub(crate) async fn good_link(&self, token: &LinkToken, stage: LinkStage) -> Result<GoodLink, ProvisioningError> {
        let now = self.parts.clock.now();
        let found = self.storage().provisioning_link(token.hash()).await?;
        let found = found.filter(|link| link.stage == stage && link.is_good(now));
        let link = found.ok_or(ProvisioningError::ProvisioningLinkNotFound)?;
        let index = &self.parts.operators;
        let owner = index.auth_id(link.account).and_then(|account| Some((index.find(&account)?, account)));
        let (owner, account) =
            owner.filter(|(owner, _)| owner.is_enabled).ok_or(ProvisioningError::ProvisioningLinkNotFound)?;
        let asker = Asker::ProvisioningLink { index: Arc::clone(index), account, link: link.id };
        let scope = AccountScope::of_provisioning_link(asker, owner.entry);
        let credential = self.storage().credential(link.account, link.credential).await?;
        credential.filter(|it| may_authenticate(it, now)).ok_or(ProvisioningError::ProvisioningLinkNotFound)?;
        Ok(GoodLink { link, scope })
    }
}

fn may_authenticate(credential: &Credential, now: Timestamp) -> bool {
    credential.enabled && credential.expires_at.is_none_or(|end| now < end)
}
