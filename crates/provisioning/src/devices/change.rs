//! How the devices of a credential change: decided from what the credential is now, as often as it takes.

use crate::asker::Deed;
use crate::sealing::Sealing;
use crate::{AccountScope, Provisioning, ProvisioningError, RequestContext};
use domain::{Credential, CredentialId, Timestamp};
use storage::{Change, ChangeSet, RegistrationsAfter};

/// How often a change is decided anew when others change the same credential.
const ATTEMPTS: usize = 64;

/// A change of devices that was made to a credential.
pub(crate) struct Decided<T> {
    /// What the audit log says.
    pub(crate) deed: Deed,
    /// What becomes of registrations.
    pub(crate) registrations: RegistrationsAfter,
    /// What stands or falls with it.
    pub(crate) with: Vec<Change>,
    /// What is answered.
    pub(crate) value: T,
}

impl<T> Decided<T> {
    /// The same with another answer.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Decided<U> {
        let Self { deed, registrations, with, value } = self;
        Decided { deed, registrations, with, value: change(value) }
    }
}

/// A credential as it is to be changed.
pub(crate) struct Changing<'c> {
    pub(crate) sealing: &'c Sealing,
    pub(crate) credential: &'c mut Credential,
    pub(crate) now: Timestamp,
}

impl Provisioning {
    /// Changes a credential's devices. Once this answers, every node knows the devices it has now.
    pub(crate) async fn change_devices<T>(
        &self,
        scope: &AccountScope,
        context: &RequestContext,
        id: CredentialId,
        decide: impl Fn(Changing<'_>) -> Result<Decided<T>, ProvisioningError>,
    ) -> Result<T, ProvisioningError> {
        let sealing = self.sealing().await;
        for _ in 0..ATTEMPTS {
            let (set, value) = self.devices_to_change(scope, context, (&sealing, id), &decide).await?;
            match self.commit_sealed_as(scope.asker(), &sealing, set).await {
                Ok(revision) => {
                    drop(sealing);
                    self.applied_everywhere(revision).await?;
                    return Ok(value);
                }
                Err(ProvisioningError::Contended) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ProvisioningError::Contended)
    }

    /// The change that a decision is, made from what the credential is now.
    pub(crate) async fn devices_to_change<T>(
        &self,
        scope: &AccountScope,
        context: &RequestContext,
        (sealing, id): (&Sealing, CredentialId),
        decide: &impl Fn(Changing<'_>) -> Result<Decided<T>, ProvisioningError>,
    ) -> Result<(ChangeSet, T), ProvisioningError> {
        let mut credential = self.stored_credential(scope, id).await?;
        let now = self.parts.clock.now();
        let decided = decide(Changing { sealing, credential: &mut credential, now })?;
        credential.devices.forget(now);
        credential.updated_at = now;
        let audit = scope.audit(context, now, decided.deed);
        let mut changes = decided.with;
        changes.push(Change::UpdateCredential { credential, registrations: decided.registrations });
        Ok((ChangeSet { changes, audit }, decided.value))
    }
}
