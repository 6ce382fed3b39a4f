//! Shows accounts.

use crate::{InstallationOperator, Operator, Provisioning, ProvisioningError};
use domain::{Account, AuthId, Realm, Timestamp};

/// An account and what is known around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// The account.
    pub account: Account,
    /// The realm of its credentials.
    pub realm: Realm,
    /// Its parent's auth id, if it is a sub-account.
    pub parent: Option<AuthId>,
    /// When one of its present tokens was last used.
    pub last_used_at: Option<Timestamp>,
}

impl Provisioning {
    /// Every account, sub-accounts included, in order of creation.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn list_accounts(&self, _operator: &InstallationOperator) -> Result<Vec<AccountView>, ProvisioningError> {
        let stored = self.storage().accounts().await?;
        Ok(stored.into_iter().filter_map(|(account, _)| self.parts.operators.view(account)).collect())
    }

    /// One account.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`], or the storage failed.
    pub async fn show_account(
        &self,
        _operator: &InstallationOperator,
        auth_id: AuthId,
    ) -> Result<AccountView, ProvisioningError> {
        self.stored_view(auth_id).await
    }

    /// The account that is asking, whatever the scope of its token.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`] when it was deleted since it was authenticated, or the storage failed.
    pub async fn own_account(&self, operator: &Operator) -> Result<AccountView, ProvisioningError> {
        self.stored_view(operator.auth_id().clone()).await
    }

    pub(crate) async fn stored_view(&self, auth_id: AuthId) -> Result<AccountView, ProvisioningError> {
        let account = self.stored_account(auth_id).await?;
        self.parts.operators.view(account).ok_or(ProvisioningError::AccountNotFound)
    }

    /// What is known of an account without asking storage, which might fail after the account was created.
    pub(crate) fn known_view(&self, auth_id: &AuthId) -> Result<AccountView, ProvisioningError> {
        let index = &self.parts.operators;
        let view = index.find(auth_id).and_then(|found| index.view(found.entry.account.clone()));
        view.ok_or(ProvisioningError::AccountNotFound)
    }

    pub(crate) async fn stored_account(&self, auth_id: AuthId) -> Result<Account, ProvisioningError> {
        self.storage().account(auth_id).await?.ok_or(ProvisioningError::AccountNotFound)
    }
}
