//! Creates a sub-account.

use crate::accounts::AccountDraft;
use crate::asker::By;
use crate::{AccountCreated, AccountName, AccountWrite, ProfilePatch, Provisioning, ProvisioningError, RequestContext};
use domain::AccountProfile;

/// What a main account says of a new sub-account. The hosted service also takes a `password`, for a web login that
/// does not exist here; whoever speaks HTTP may accept and drop it, it never gets this far.
#[derive(Debug, Clone)]
pub struct NewSubAccount {
    /// What people call it.
    pub name: AccountName,
    /// Whether it authenticates anyone yet.
    pub enabled: bool,
    /// What is known of whoever it belongs to.
    pub profile: ProfilePatch,
}

impl Provisioning {
    /// Creates a sub-account with a realm, a SIP domain and a first token of its own; once this answers it can be used
    /// over HTTP and SIP on every node.
    ///
    /// # Errors
    /// [`ProvisioningError`]: the account is a sub-account itself or has as many as it may, or the storage failed.
    pub async fn create_sub_account(
        &self,
        parent: &AccountWrite,
        context: RequestContext,
        new: NewSubAccount,
    ) -> Result<AccountCreated, ProvisioningError> {
        let _counting = self.tenancy.lock().await;
        if parent.parent().is_some() {
            return Err(ProvisioningError::SubAccountsOfSubAccount);
        }
        self.check_room_for_sub_account(parent.account()).await?;
        let draft = AccountDraft {
            name: new.name,
            auth_id: None,
            realm: None,
            parent: Some(parent.account()),
            profile: new.profile.applied_to(AccountProfile::default()),
            enabled: new.enabled,
        };
        let base_domain = self.base_domain(None).await?;
        self.create_drafted(By { asker: parent.asker(), context: &context }, &draft, &base_domain).await
    }
}
