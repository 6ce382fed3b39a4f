//! Revokes a device.

use super::audit_detail;
use super::change::{Changing, Decided};
use crate::{CredentialsWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{AuditAction, CredentialId, DeviceId, Revocation};
use storage::RegistrationsAfter;

/// Seconds of a day.
const DAY: i64 = 86_400;

impl Provisioning {
    /// Revokes a device: once this answers, no node accepts its secret, what its phone registered has ended, and its
    /// connections are being closed. Its use is named for as long as that of old passwords.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::DeviceNotFound`],
    /// [`ProvisioningError::Contended`], or the storage failed.
    pub async fn revoke_device(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (id, device): (CredentialId, DeviceId),
    ) -> Result<(), ProvisioningError> {
        let kept_days = i64::from(self.parts.config.previous_password_days);
        let decide = |Changing { credential, now, .. }: Changing<'_>| {
            let found = credential.devices.find(device).ok_or(ProvisioningError::DeviceNotFound)?;
            let deed = (AuditAction::DeviceRevoked, credential.id.to_string(), audit_detail(found).to_string());
            credential.devices.revoke(device, Revocation { at: now, kept_until: now.plus_seconds(kept_days * DAY) });
            let registrations = RegistrationsAfter::RemoveOfEndedSecrets;
            Ok(Decided { deed, registrations, with: Vec::new(), value: () })
        };
        self.change_devices(scope, &context, id, decide).await
    }
}
