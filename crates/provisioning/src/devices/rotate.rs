//! Gives a device a new secret in place of its own.

use super::change::{Changing, Decided};
use super::{DeviceView, audit_detail};
use crate::{CredentialsWrite, NewDeskPhone, Provisioning, ProvisioningError, RequestContext};
use domain::{AuditAction, CredentialId, DeviceId, GeneratedPassword, Revocation};
use storage::RegistrationsAfter;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A device in place of one that was revoked.
#[derive(Debug)]
pub struct DeviceRotated {
    /// The device that takes its place: label and desk phone are the same, identifier and secret are not.
    pub view: DeviceView,
    /// Its password, which cannot be shown again; `None` for a desk phone, which fetches it.
    pub password: Option<GeneratedPassword>,
}

impl Provisioning {
    /// Revokes a device and creates one of the same label, and for the same desk phone, in one change. Once this answers,
    /// no node accepts the secret of before, and what was registered with it has ended; a desk phone fetches the new one
    /// at its next boot.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::DeviceNotFound`],
    /// [`ProvisioningError::Contended`], or the storage failed.
    pub async fn rotate_device(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (id, device): (CredentialId, DeviceId),
    ) -> Result<DeviceRotated, ProvisioningError> {
        let kept_days = i64::from(self.parts.config.previous_password_days);
        let key = self.derivation_key().await?;
        let decide = |Changing { sealing, credential, now }: Changing<'_>| {
            let found = credential.devices.find(device).ok_or(ProvisioningError::DeviceNotFound)?.clone();
            credential.devices.revoke(device, Revocation { at: now, kept_until: now.plus_seconds(kept_days * DAY) });
            let changing = Changing { sealing, credential, now };
            let made = match found.desk_phone() {
                None => self
                    .minted(scope, changing, (&found.label, Vec::new()))?
                    .map(|made| DeviceRotated { view: made.view, password: Some(made.password) }),
                Some(phone) => {
                    let new = NewDeskPhone { label: found.label.clone(), phone };
                    let made = self.desk_phone_made(scope, changing, (&new, &key))?;
                    made.map(|view| DeviceRotated { view, password: None })
                }
            };
            let mut detail = audit_detail(&made.value.view.device);
            if let Some(detail) = detail.as_object_mut() {
                detail.insert("in_place_of".into(), found.id.to_string().into());
            }
            let deed = (AuditAction::DeviceRotated, id.to_string(), detail.to_string());
            Ok(Decided { deed, registrations: RegistrationsAfter::RemoveOfEndedSecrets, ..made })
        };
        self.change_devices(scope, &context, id, decide).await
    }
}
