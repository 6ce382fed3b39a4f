//! The account whose realm answers requests that name no host of ours.

use crate::{InstallationOperator, Provisioning, ProvisioningError};
use domain::{AuditAction, AuthId};
use storage::{Change, ChangeSet, SettingName};

impl Provisioning {
    /// The stored default account. A node whose own configuration names one goes by that instead.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`], or what is stored is no auth id.
    pub async fn default_account(&self, _operator: &InstallationOperator) -> Result<Option<AuthId>, ProvisioningError> {
        let stored = self.storage().setting(SettingName::DefaultAccount).await?;
        Ok(stored.map(|text| AuthId::parse(&text)).transpose()?)
    }

    /// Makes an account the default one; once this answers every node without one of its own goes by it.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`], or the storage failed.
    pub async fn set_default_account(
        &self,
        operator: &InstallationOperator,
        auth_id: AuthId,
    ) -> Result<(), ProvisioningError> {
        // Or the account could be deleted in between, and the setting name nobody.
        let _one_at_a_time = self.tenancy.lock().await;
        let account = self.stored_account(auth_id).await?;
        let value: Box<str> = account.auth_id.as_str().into();
        let detail = format!("{{\"value\":\"{value}\"}}");
        self.change_default_account(operator, (Change::PutSetting { name: SettingName::DefaultAccount, value }, detail))
            .await
    }

    /// Forgets the stored default account: the only main account answers then, if there is only one.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn clear_default_account(&self, operator: &InstallationOperator) -> Result<(), ProvisioningError> {
        let change = Change::ClearSetting(SettingName::DefaultAccount);
        self.change_default_account(operator, (change, "{\"value\":null}".into())).await
    }

    async fn change_default_account(
        &self,
        operator: &InstallationOperator,
        (change, detail): (Change, String),
    ) -> Result<(), ProvisioningError> {
        let deed = (AuditAction::SettingChanged, SettingName::DefaultAccount.as_str().to_owned(), detail);
        let audit = operator.audit(self.parts.clock.now(), None, deed);
        self.commit_as(operator.asker(), ChangeSet { changes: vec![change], audit }).await?;
        Ok(())
    }
}
