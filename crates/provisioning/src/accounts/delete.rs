//! Deletes an account.

use crate::asker::By;
use crate::{InstallationOperator, Provisioning, ProvisioningError};
use domain::{Account, AuditAction, AuthId};
use storage::{Change, ChangeSet, SettingName};

impl Provisioning {
    /// Deletes an account with its credentials, registrations, host names and tokens; once this answers no node knows
    /// them. If it was the default account, there is none any more.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`], [`ProvisioningError::HasSubAccounts`], or the storage failed.
    pub async fn delete_account(
        &self,
        operator: &InstallationOperator,
        auth_id: AuthId,
    ) -> Result<(), ProvisioningError> {
        let _one_at_a_time = self.tenancy.lock().await;
        let account = self.stored_account(auth_id).await?;
        self.delete_stored(operator.by(), account).await
    }

    /// Deletes that account. The caller holds the tenancy lock.
    pub(crate) async fn delete_stored(&self, by: By<'_>, account: Account) -> Result<(), ProvisioningError> {
        let now = self.parts.clock.now();
        let detail = serde_json::json!({ "name": account.name }).to_string();
        let audit = by.audit(now, Some(account.id), (AuditAction::AccountDeleted, account.auth_id.to_string(), detail));
        let mut changes = vec![Change::DeleteAccount(account.id)];
        let default = self.storage().setting(SettingName::DefaultAccount).await?;
        if default.as_deref() == Some(account.auth_id.as_str()) {
            changes.push(Change::ClearSetting(SettingName::DefaultAccount));
        }
        let committed = self.commit_as(by.asker, ChangeSet { changes, audit }).await;
        committed.map_err(|error| error.if_not_found(ProvisioningError::AccountNotFound))?;
        Ok(())
    }
}
