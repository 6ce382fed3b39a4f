//! How far a rotation is: which password works, and who still uses the one before.

use crate::{
    AccountScope, CredentialsWrite, Provisioning, ProvisioningError, RegistrationView, RegistrationsRequest,
    RequestContext,
};
use domain::{AuditAction, AuditEvent, Credential, CredentialId, Timestamp};
use storage::{Change, ChangeSet, LiveRegistrations, RegistrationsAfter, ResealedCredential};

/// The generations of a credential's password, and the devices registered with them.
#[derive(Debug, Clone)]
pub struct RotationView {
    /// The credential.
    pub credential: CredentialId,
    /// The present password's number; the first is 1.
    pub generation: u32,
    /// When the present password was set.
    pub password_changed_at: Timestamp,
    /// Until when the one before works too; `None` if it does not.
    pub overlap_until: Option<Timestamp>,
    /// How many devices are registered with the present password.
    pub on_current: u64,
    /// Those that are registered with the one before; they go offline when the overlap ends.
    pub on_previous: Vec<RegistrationView>,
}

/// How often a change is decided anew when others change the same credential.
const ATTEMPTS: usize = 64;
/// Most registrations that are read at a time.
const PAGE: u32 = 1000;
/// How many credentials are read and changed at a time: a few milliseconds of the storage's writer.
const BATCH: u32 = 500;

impl Provisioning {
    /// How far the rotation of a credential's password is.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`] (also for another account's), or the storage failed.
    pub async fn rotation(
        &self,
        scope: &AccountScope,
        online: &dyn LiveRegistrations,
        id: CredentialId,
    ) -> Result<RotationView, ProvisioningError> {
        let credential = self.stored_credential(scope, id).await?;
        self.rotation_of(scope, online, (&credential, self.parts.clock.now())).await
    }

    /// Ends the overlap of a rotation before its time: once this answers, no node accepts the password before, and the
    /// registrations made with it have ended. Nothing happens where no overlap runs.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::Contended`], or the storage failed.
    pub async fn end_overlap(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        id: CredentialId,
    ) -> Result<(), ProvisioningError> {
        for _ in 0..ATTEMPTS {
            let mut credential = self.stored_credential(scope, id).await?;
            let now = self.parts.clock.now();
            let Some(previous) = credential.previous.as_mut().filter(|previous| previous.overlaps_at(now)) else {
                return Ok(());
            };
            previous.overlap_until = None;
            credential.updated_at = now;
            let registrations = RegistrationsAfter::RemoveOfEndedSecrets;
            let detail = serde_json::json!({ "generation": credential.generation }).to_string();
            let audit = scope.audit(&context, now, (AuditAction::OverlapEnded, id.to_string(), detail));
            let change = Change::UpdateCredential { credential, registrations };
            match self.commit_as(scope.asker(), ChangeSet { changes: vec![change], audit }).await {
                Ok(_) => return Ok(()),
                Err(ProvisioningError::Contended) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ProvisioningError::Contended)
    }

    /// Forgets the passwords before the present ones, and revoked devices, that need not be named any more. To be called now and then.
    ///
    /// # Errors
    /// The storage failed; what was forgotten stays forgotten.
    pub async fn forget_previous_passwords(&self) -> Result<(), ProvisioningError> {
        loop {
            let now = self.parts.clock.now();
            let outdated = self.storage().credentials_with_outdated_passwords(now, BATCH).await?;
            if outdated.is_empty() {
                return Ok(());
            }
            let audit = AuditEvent {
                at: now,
                account: None,
                actor: "server".into(),
                source: "".into(),
                request_id: "".into(),
                action: AuditAction::PreviousPasswordsForgotten,
                subject: "credentials".into(),
                detail: serde_json::json!({ "credentials": outdated.len() }).to_string().into(),
            };
            let bare = |Credential { id, revision, ha1s, previous, mut devices, .. }| {
                devices.forget(now);
                let previous = previous.filter(|previous| now < previous.kept_until);
                ResealedCredential { id, revision, ha1s, previous, devices }
            };
            let change = Change::ResealCredentials(outdated.into_iter().map(bare).collect());
            self.commit_everywhere(ChangeSet { changes: vec![change], audit }).await?;
        }
    }

    /// The same of a credential that may not be stored yet.
    pub(crate) async fn rotation_of(
        &self,
        scope: &AccountScope,
        online: &dyn LiveRegistrations,
        (credential, now): (&Credential, Timestamp),
    ) -> Result<RotationView, ProvisioningError> {
        let overlapping = credential.overlapping(now);
        let mut view = RotationView {
            credential: credential.id,
            generation: credential.generation,
            password_changed_at: credential.password_changed_at,
            overlap_until: overlapping.and_then(|previous| previous.overlap_until),
            on_current: 0,
            on_previous: Vec::new(),
        };
        let mut cursor: Box<str> = "".into();
        loop {
            let (username, transport, source) = (None, None, None);
            let credential_id = Some(credential.id);
            let request =
                RegistrationsRequest { cursor, limit: PAGE, credential: credential_id, username, transport, source };
            let page = self.registrations(scope, online, request).await?;
            for found in page.registrations {
                let generation = found.registration.binding.generation;
                if generation == credential.generation {
                    view.on_current += 1;
                } else if overlapping.is_some_and(|previous| previous.generation == generation) {
                    view.on_previous.push(found);
                }
            }
            match page.next_cursor {
                Some(next) => cursor = next.into(),
                None => return Ok(view),
            }
        }
    }
}
