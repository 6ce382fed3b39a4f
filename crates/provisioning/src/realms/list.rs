//! Shows the realms.

use crate::{InstallationOperator, Provisioning, ProvisioningError};
use domain::Realm;

impl Provisioning {
    /// Every realm, by name; those of deleted accounts too.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn realms(&self, _operator: &InstallationOperator) -> Result<Vec<Realm>, ProvisioningError> {
        Ok(self.storage().realms().await?)
    }
}
