//! Changes a sub-account's name, state or profile.

use crate::asker::By;
use crate::{AccountUpdate, AccountView, AccountWrite, Provisioning, ProvisioningError, RequestContext};
use domain::AuthId;

impl Provisioning {
    /// Changes a sub-account of the account; once this answers no node lets in whom it disabled, and no registration
    /// of theirs is left.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`] (also for another's), or the storage failed.
    pub async fn update_sub_account(
        &self,
        parent: &AccountWrite,
        context: RequestContext,
        (auth_id, update): (AuthId, AccountUpdate),
    ) -> Result<AccountView, ProvisioningError> {
        let _one_at_a_time = self.tenancy.lock().await;
        let account = self.stored_sub_account(parent, auth_id).await?;
        self.update_stored(By { asker: parent.asker(), context: &context }, account, update).await
    }
}
