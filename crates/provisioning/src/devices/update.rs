//! Renames a device.

use super::change::{Changing, Decided};
use super::{DeviceView, audit_detail};
use crate::{CredentialsWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{AuditAction, CredentialId, DeviceId, DeviceLabel};
use storage::RegistrationsAfter;

impl Provisioning {
    /// Gives a device another name; its phone notices nothing.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::DeviceNotFound`],
    /// [`ProvisioningError::Contended`], or the storage failed.
    pub async fn rename_device(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (id, device, label): (CredentialId, DeviceId, DeviceLabel),
    ) -> Result<DeviceView, ProvisioningError> {
        let decide = |Changing { credential, .. }: Changing<'_>| {
            let found = credential.devices.find_mut(device).ok_or(ProvisioningError::DeviceNotFound)?;
            found.label = label.clone();
            let deed = (AuditAction::DeviceUpdated, id.to_string(), audit_detail(found).to_string());
            Ok(Decided { deed, registrations: RegistrationsAfter::Keep, with: Vec::new(), value: () })
        };
        self.change_devices(scope, &context, id, decide).await?;
        self.device(scope, (id, device)).await
    }
}
