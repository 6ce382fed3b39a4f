//! Shows the sub-accounts of a main account.

use crate::{AccountRead, AccountView, Provisioning, ProvisioningError};
use domain::{Account, AuthId};
use storage::{Page, SubAccountFilter};

impl Provisioning {
    /// A page of the account's sub-accounts in order of creation, and how many match in all. A sub-account has none.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn sub_accounts(
        &self,
        parent: &AccountRead,
        filter: SubAccountFilter,
        page: Page,
    ) -> Result<(Vec<AccountView>, u64), ProvisioningError> {
        let found = self.storage().sub_accounts(parent.account(), filter, page).await?;
        let views = found.accounts.into_iter().filter_map(|(account, _)| self.parts.operators.view(account));
        Ok((views.collect(), found.total))
    }

    /// One sub-account of the account.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`] (also for another's), or the storage failed.
    pub async fn sub_account(&self, parent: &AccountRead, auth_id: AuthId) -> Result<AccountView, ProvisioningError> {
        let account = self.stored_sub_account(parent, auth_id).await?;
        self.parts.operators.view(account).ok_or(ProvisioningError::AccountNotFound)
    }

    pub(crate) async fn stored_sub_account(
        &self,
        parent: &AccountRead,
        auth_id: AuthId,
    ) -> Result<Account, ProvisioningError> {
        let account = self.stored_account(auth_id).await?;
        if account.parent == Some(parent.account()) { Ok(account) } else { Err(ProvisioningError::AccountNotFound) }
    }
}
