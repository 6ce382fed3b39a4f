//! Shows the host names of an account.

use crate::{AccountRead, Provisioning, ProvisioningError};
use domain::HostName;

impl Provisioning {
    /// The host names given to the account in alphabetical order, its SIP domain among them.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn hosts(&self, account: &AccountRead) -> Result<Vec<HostName>, ProvisioningError> {
        Ok(self.storage().hosts(account.account()).await?)
    }
}
