//! Shows devices.

use super::DeviceView;
use crate::{AccountScope, Provisioning, ProvisioningError};
use domain::{CredentialId, DeviceId};

impl Provisioning {
    /// The devices of a credential that were not revoked, in order of their secrets.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`] (also for another account's), or the storage failed.
    pub async fn devices(&self, scope: &AccountScope, id: CredentialId) -> Result<Vec<DeviceView>, ProvisioningError> {
        let credential = self.stored_credential(scope, id).await?;
        let uses = self.storage().device_uses(id).await?;
        let view = |device: &domain::Device| DeviceView {
            credential: id,
            device: device.clone(),
            last_used: uses.iter().find(|one| one.generation == device.secret).cloned(),
        };
        Ok(credential.devices.live().map(view).collect())
    }

    /// A device of a credential.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::DeviceNotFound`], or the storage failed.
    pub async fn device(
        &self,
        scope: &AccountScope,
        (credential, id): (CredentialId, DeviceId),
    ) -> Result<DeviceView, ProvisioningError> {
        let found = self.devices(scope, credential).await?.into_iter().find(|view| view.device.id == id);
        found.ok_or(ProvisioningError::DeviceNotFound)
    }
}
