//! Spends a link: the device is made, and the link is gone.

use super::LinkToken;
use super::look::GoodLink;
use crate::devices::Changing;
use crate::{DeviceCreated, Provisioning, ProvisioningError, RequestContext};
use domain::{HostName, LinkStage, PhoneFormat, RealmName, Username};
use storage::Change;

/// What whoever spent a link gets.
#[derive(Debug)]
pub struct LinkSpent {
    /// The device and its password.
    pub created: DeviceCreated,
    /// The username it authenticates under.
    pub username: Username,
    /// The account's legal SIP domain.
    pub domain: HostName,
    /// The digest realm.
    pub realm: RealmName,
    /// What its configuration is written in, if the link's maker said.
    pub format: Option<PhoneFormat>,
}

impl Provisioning {
    /// Spends a link at the stage it has to be at. Of several who try at once one gets the device; where no device can be
    /// made the link is not spent.
    ///
    /// # Errors
    /// [`ProvisioningError::ProvisioningLinkNotFound`], [`ProvisioningError::TooManyDevices`],
    /// [`ProvisioningError::Contended`], or the storage failed.
    pub async fn spend_link(
        &self,
        (token, stage): (&LinkToken, LinkStage),
        context: RequestContext,
    ) -> Result<LinkSpent, ProvisioningError> {
        let GoodLink { link, scope } = self.good_link(token, stage).await?;
        let decide = |changing: Changing<'_>| {
            let username = changing.credential.username.clone();
            let spend = Change::SpendProvisioningLink { id: link.id, token: token.hash(), at: changing.now };
            let decided = self.minted(&scope, changing, (&link.label, vec![spend]))?;
            Ok(decided.map(|created| (created, username)))
        };
        let changed = self.change_devices(&scope, &context, link.credential, decide).await;
        let (created, username) =
            changed.map_err(|error| error.if_not_found(ProvisioningError::ProvisioningLinkNotFound))?;
        let (domain, realm) = (scope.sip_domain().clone(), scope.realm_name().clone());
        Ok(LinkSpent { created, username, domain, realm, format: link.format })
    }
}
