//! Creates a device with a secret that is shown once.

use super::change::{Changing, Decided};
use super::{DeviceView, audit_detail};
use crate::idempotency::Recalled;
use crate::{AccountScope, Answered, CredentialsWrite, Provisioning, ProvisioningError, Remembering, RequestContext};
use domain::{AuditAction, CredentialId, Device, DeviceId, DeviceLabel, DeviceOrigin, GeneratedPassword, Timestamp};
use storage::{Change, RegistrationsAfter};

/// What is said of a new device.
#[derive(Debug, Clone)]
pub struct NewDevice {
    /// What people call it.
    pub label: DeviceLabel,
}

/// A device that was just created.
#[derive(Debug)]
pub struct DeviceCreated {
    /// The device.
    pub view: DeviceView,
    /// Its password, with which it authenticates under the credential's username: it cannot be shown again.
    pub password: GeneratedPassword,
}

impl Provisioning {
    /// Creates a device. Once this answers, a phone can register with its password on every node. With `remembering`, the
    /// client may repeat its request: one device is created then, and the answer is the first one.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::TooManyDevices`], [`ProvisioningError::KeyUsed`],
    /// [`ProvisioningError::Contended`], or the storage failed.
    pub async fn create_device(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (id, new): (CredentialId, NewDevice),
        remembering: Option<&Remembering<'_, DeviceCreated>>,
    ) -> Result<Answered<DeviceCreated>, ProvisioningError> {
        let decide = |changing: Changing<'_>| self.minted(scope, changing, (&new.label, Vec::new()));
        match remembering {
            None => self.change_devices(scope, &context, id, decide).await.map(Answered::Fresh),
            Some(remembering) => match self.recall(scope.asker(), Some(scope.account()), remembering).await? {
                Recalled::Answer(answer) => Ok(Answered::Replayed(answer)),
                Recalled::Nothing(unanswered) => {
                    let place = (unanswered.sealing(), id);
                    let (set, created) = self.devices_to_change(scope, &context, place, &decide).await?;
                    self.commit_remembered(unanswered, set, created).await
                }
            },
        }
    }

    /// Draws a password and makes a device with it, along with other changes.
    pub(crate) fn minted(
        &self,
        scope: &AccountScope,
        changing: Changing<'_>,
        (label, with): (&DeviceLabel, Vec<Change>),
    ) -> Result<Decided<DeviceCreated>, ProvisioningError> {
        let Changing { sealing, credential, now } = changing;
        let password = GeneratedPassword::draw(&*self.parts.random);
        let id = self.draw_device_id(now);
        let place = (credential.id, &credential.username, Some(id));
        let device = Device {
            id,
            label: label.clone(),
            secret: credential.devices.next_secret(),
            origin: DeviceOrigin::Drawn,
            ha1s: sealing.seal_password(scope, place, password.to_password()),
            created_at: now,
            revoked: None,
        };
        credential.devices.add(device.clone()).map_err(|_| ProvisioningError::TooManyDevices)?;
        let deed = (AuditAction::DeviceCreated, credential.id.to_string(), audit_detail(&device).to_string());
        let view = DeviceView { credential: credential.id, device, last_used: None };
        Ok(Decided { deed, registrations: RegistrationsAfter::Keep, with, value: DeviceCreated { view, password } })
    }

    pub(crate) fn draw_device_id(&self, now: Timestamp) -> DeviceId {
        let mut random = [0; 10];
        self.parts.random.fill(&mut random);
        DeviceId::new(now, random)
    }
}
