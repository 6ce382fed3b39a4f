//! Deletes a sub-account.

use crate::asker::By;
use crate::{AccountWrite, Provisioning, ProvisioningError, RequestContext};
use domain::AuthId;

impl Provisioning {
    /// Deletes a sub-account of the account with everything it has; once this answers no node knows it.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`] (also for another's), or the storage failed.
    pub async fn delete_sub_account(
        &self,
        parent: &AccountWrite,
        context: RequestContext,
        auth_id: AuthId,
    ) -> Result<(), ProvisioningError> {
        let _one_at_a_time = self.tenancy.lock().await;
        let account = self.stored_sub_account(parent, auth_id).await?;
        self.delete_stored(By { asker: parent.asker(), context: &context }, account).await
    }
}
