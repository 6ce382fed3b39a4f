//! Creates a sub-account.

use crate::accounts::AccountDraft;
use crate::asker::By;
use crate::idempotency::Recalled;
use crate::{
    AccountCreated, AccountName, AccountWrite, Answered, ProfilePatch, Provisioning, ProvisioningError, Remembering,
    RequestContext,
};
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
        self.check_may_have_another(parent).await?;
        let base_domain = self.base_domain(None).await?;
        let by = By { asker: parent.asker(), context: &context };
        self.create_drafted(by, &new.drafted(parent), &base_domain).await
    }

    /// The same for a request that its client may repeat: the repetition creates nothing and gets the first answer, with
    /// the token in it. What is rendered for remembering has 0 for the account's and the realm's numbers, which storage
    /// gives; they are to be read again when it is replayed.
    ///
    /// # Errors
    /// [`ProvisioningError::KeyUsed`], and those of [`create_sub_account`](Self::create_sub_account).
    pub async fn create_sub_account_once(
        &self,
        parent: &AccountWrite,
        context: RequestContext,
        new: NewSubAccount,
        remembering: &Remembering<'_, AccountCreated>,
    ) -> Result<Answered<AccountCreated>, ProvisioningError> {
        let _counting = self.tenancy.lock().await;
        // A repetition gets its answer even where there is no room for another by now.
        if let Recalled::Answer(answer) = self.recall(parent.asker(), Some(parent.account()), remembering).await? {
            return Ok(Answered::Replayed(answer));
        }
        self.check_may_have_another(parent).await?;
        let base_domain = self.base_domain(None).await?;
        let by = By { asker: parent.asker(), context: &context };
        self.create_drafted_once(by, (&new.drafted(parent), &base_domain), (parent.account(), remembering)).await
    }

    async fn check_may_have_another(&self, parent: &AccountWrite) -> Result<(), ProvisioningError> {
        if parent.parent().is_some() {
            return Err(ProvisioningError::SubAccountsOfSubAccount);
        }
        self.check_room_for_sub_account(parent.account()).await
    }
}

impl NewSubAccount {
    fn drafted(self, parent: &AccountWrite) -> AccountDraft {
        AccountDraft {
            name: self.name,
            auth_id: None,
            realm: None,
            parent: Some(parent.account()),
            profile: self.profile.applied_to(AccountProfile::default()),
            enabled: self.enabled,
        }
    }
}
