//! Changes a credential's password, state or description.

use crate::audited::Audited;
use crate::password_change::PasswordChange;
use crate::sealed_secret::SealedSecret;
use crate::sealing::Sealing;
use crate::{
    AccountScope, CredentialView, CredentialsWrite, Description, ExpiryUpdate, Provisioning, ProvisioningError,
    RequestContext, RequirementsUpdate,
};
use domain::{AuditAction, CallEndReason, Credential, CredentialId, Password, Timestamp};
use serde_json::{Map, Value};
use storage::{Change, ChangeSet, RegistrationsAfter};

/// What to change; what is absent stays.
#[derive(Debug, Default)]
pub struct CredentialUpdate {
    /// Replaces the password at once: the old one authenticates nobody any more, and registrations made with it end.
    pub password: Option<Password>,
    /// Disabling refuses new requests at once and removes registrations.
    pub enabled: Option<bool>,
    /// The tenant's own note.
    pub description: Option<Description>,
    /// What it demands of whoever answers with it.
    pub requirements: RequirementsUpdate,
    /// From when on it authenticates nobody.
    pub expiry: ExpiryUpdate,
    /// What becomes of its calls that are up; said in the audit record of the update.
    pub calls: CallsAfter,
}

/// What becomes of a credential's calls when it is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallsAfter {
    /// Those that are answered go on.
    #[default]
    Keep,
    /// All end.
    End,
}

/// The same with the password already turned into sealed HA1s, so that deciding anew needs no password.
pub(crate) struct Patch {
    pub(crate) secret: Option<SealedSecret>,
    pub(crate) enabled: Option<bool>,
    pub(crate) description: Option<Box<str>>,
    pub(crate) requirements: RequirementsUpdate,
    pub(crate) expiry: ExpiryUpdate,
    pub(crate) calls: CallsAfter,
}

/// How often an update is decided anew when others change the same credential.
const ATTEMPTS: usize = 64;

impl Provisioning {
    /// Changes a credential; once this answers no node accepts what it replaced or disabled, and calls that were to end
    /// are ending.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::WeakPassword`],
    /// [`ProvisioningError::ExpiryPassed`], [`ProvisioningError::Contended`], or the storage failed.
    pub async fn update_credential(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (id, update): (CredentialId, CredentialUpdate),
    ) -> Result<CredentialView, ProvisioningError> {
        let calls = update.calls;
        let updated = self.updated_credential(scope, context, (id, update)).await?;
        if calls == CallsAfter::End {
            let ended = self.calls().end_of_credential(scope.account(), id, CallEndReason::Revoked);
            tracing::info!(credential = %id, ended, "calls end with their credential");
        }
        Ok(CredentialView::new(scope, updated))
    }

    pub(crate) async fn updated_credential(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (id, update): (CredentialId, CredentialUpdate),
    ) -> Result<Credential, ProvisioningError> {
        if matches!(update.expiry, ExpiryUpdate::At(end) if end <= self.parts.clock.now()) {
            return Err(ProvisioningError::ExpiryPassed);
        }
        let sealing = self.sealing().await;
        let current = self.stored_credential(scope, id).await?;
        let secret = update
            .password
            .map(|password| SealedSecret::of_password(&sealing, scope, (id, &current.username, password)));
        let secret = secret.transpose()?;
        let patch = Patch {
            secret,
            enabled: update.enabled,
            description: update.description.map(Description::into_inner),
            requirements: update.requirements,
            expiry: update.expiry,
            calls: update.calls,
        };
        if patch.is_empty() { Ok(current) } else { self.patched(scope, &context, (sealing, current, patch)).await }
    }

    /// Replaces a credential's secret and nothing else.
    pub(crate) async fn with_new_secret(
        &self,
        scope: &CredentialsWrite,
        context: &RequestContext,
        (sealing, current, secret): (Sealing, Credential, SealedSecret),
    ) -> Result<Credential, ProvisioningError> {
        let patch = Patch {
            secret: Some(secret),
            enabled: None,
            description: None,
            requirements: RequirementsUpdate::default(),
            expiry: ExpiryUpdate::Keep,
            calls: CallsAfter::Keep,
        };
        self.patched(scope, context, (sealing, current, patch)).await
    }

    async fn patched(
        &self,
        scope: &CredentialsWrite,
        context: &RequestContext,
        (sealing, mut current, patch): (Sealing, Credential, Patch),
    ) -> Result<Credential, ProvisioningError> {
        let id = current.id;
        for _ in 0..ATTEMPTS {
            let (set, credential) = self.credential_to_update(scope, context, (current, &patch));
            match self.commit_sealed_as(scope.asker(), &sealing, set).await {
                Ok(revision) => {
                    drop(sealing);
                    self.applied_everywhere(revision).await?;
                    return Ok(credential);
                }
                Err(ProvisioningError::Contended) => current = self.stored_credential(scope, id).await?,
                Err(error) => return Err(error),
            }
        }
        Err(ProvisioningError::Contended)
    }

    pub(crate) fn credential_to_update(
        &self,
        scope: &AccountScope,
        context: &RequestContext,
        (current, patch): (Credential, &Patch),
    ) -> (ChangeSet, Credential) {
        let now = self.parts.clock.now();
        let credential = patch.applied_to(current.clone(), now, self.parts.config.previous_password_days);
        let detail = patch.audit_detail(credential.differences_from(&current));
        let deed = (AuditAction::CredentialUpdated, credential.id.to_string(), detail);
        let audit = scope.audit(context, now, deed);
        let registrations = patch.registrations_after();
        let change = Change::UpdateCredential { credential: credential.clone(), registrations };
        (ChangeSet { changes: vec![change], audit }, credential)
    }

    pub(crate) async fn stored_credential(
        &self,
        scope: &AccountScope,
        id: CredentialId,
    ) -> Result<Credential, ProvisioningError> {
        let found = self.storage().credential(scope.account(), id).await?;
        found.ok_or(ProvisioningError::CredentialNotFound)
    }
}

impl Patch {
    fn is_empty(&self) -> bool {
        self.secret.is_none()
            && self.enabled.is_none()
            && self.description.is_none()
            && self.requirements.is_empty()
            && self.expiry == ExpiryUpdate::Keep
    }

    fn registrations_after(&self) -> RegistrationsAfter {
        if self.enabled == Some(false) {
            RegistrationsAfter::Remove
        } else if self.secret.is_some() {
            RegistrationsAfter::RemoveOfEndedSecrets
        } else {
            RegistrationsAfter::Keep
        }
    }

    fn applied_to(&self, mut credential: Credential, now: Timestamp, kept_days: u32) -> Credential {
        if let Some(secret) = &self.secret {
            PasswordChange { secret: secret.clone(), overlap_until: None, kept_days }.give_to(&mut credential, now);
        }
        if let Some(enabled) = self.enabled {
            credential.enabled = enabled;
        }
        if let Some(description) = &self.description {
            credential.description = description.clone();
        }
        self.requirements.apply_to(&mut credential.requirements);
        match self.expiry {
            ExpiryUpdate::Keep => {}
            ExpiryUpdate::Never => credential.expires_at = None,
            ExpiryUpdate::At(end) => credential.expires_at = Some(end),
        }
        credential.updated_at = now;
        credential
    }

    /// What differs, and what else was done; of a password only that it changed.
    fn audit_detail(&self, mut differences: Map<String, Value>) -> String {
        if self.secret.is_some() {
            differences.insert("password".into(), "changed".into());
        }
        if self.calls == CallsAfter::End {
            differences.insert("calls".into(), "ended".into());
        }
        Value::Object(differences).to_string()
    }
}
