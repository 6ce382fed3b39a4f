//! Rotates the master keys while serving.
//!
//! 1. A new primary key goes to where the keys are kept, then into the running keyring ([`crate::sealing`] says why
//!    nothing sealed earlier can still arrive after that).
//! 2. Everything that is stored under another key is sealed anew, in passes until one finds nothing.
//! 3. The constant that tells whether a key fits, and the nonce key, are sealed anew with the audit record.
//! 4. The other keys leave where keys are kept, then the keyring.
//!
//! Ended anywhere in between, both sets of keys open everything that is stored, and the next rotation goes on.

use crate::reseal::Resealed;
use crate::{InstallationError, InstallationOperator, Provisioning};
use domain::{AuditAction, AuditEvent, Clock, CredentialId};
use keyring::source::KeyStore;
use keyring::{Keyring, KeyringError};
use std::sync::Arc;
use storage::{Change, ChangeSet, CommitError, StorageError};
use tokio::sync::OwnedMutexGuard;

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationProgress {
    /// Counted from 1; the first pass seals anew, later ones look for what came in between.
    pub pass: u32,
    /// Credentials of this pass that have been looked at.
    pub done: u64,
    /// Credentials there were when the rotation began; never less than `done`.
    pub total: u64,
}

/// Told how far a rotation is, on the rotation's task.
pub type OnProgress = Box<dyn Fn(RotationProgress) + Send + Sync>;

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysRotated {
    /// Where it began.
    pub start: RotationStart,
    /// Credentials sealed anew.
    pub credentials: u64,
    /// Remembered answers sealed anew.
    pub answers: u64,
    /// Passwords of ours at next hops sealed anew.
    pub upstream_secrets: u64,
    /// Passwords of ours at next hops that do not open, which were left as they are; setting them mends them.
    pub upstream_secrets_not_opened: u64,
    /// Secrets of webhooks sealed anew.
    pub webhook_secrets: u64,
    /// Secrets of webhooks that do not open, which were left as they are; rotating them mends them.
    pub webhook_secrets_not_opened: u64,
    /// Credentials with an HA1 that does not open, which were left as they are; setting their passwords mends them.
    pub not_opened: NotOpened,
    /// What became of the keys that sealed before.
    pub old_keys: OldKeys,
}

/// Whether a rotation began with a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationStart {
    /// With a new key.
    NewKey,
    /// With the keys at hand: an earlier rotation had not ended, or the operator had put a new key first.
    KeysAtHand,
}

/// Credentials that do not open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotOpened {
    /// How many.
    pub count: u64,
    /// The first of them, at most [`NotOpened::MOST_NAMED`].
    pub first: Vec<CredentialId>,
}

impl NotOpened {
    /// How many are named.
    pub const MOST_NAMED: usize = 20;
}

/// What became of the keys that sealed before, by their identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OldKeys {
    /// Nothing needs them; they are gone from where keys are kept and from memory.
    Dropped(Vec<u32>),
    /// Nothing needs them; the operator may take them out of where the keys come from.
    MayBeRemoved(Vec<u32>),
    /// They stay, because some credentials did not open.
    Kept(Vec<u32>),
}

/// Why a rotation did not end. What it did so far stays; another rotation goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// Another one is at work.
    #[error("another rotation of keys is under way; wait until it ends")]
    UnderWay,
    /// The keys cannot be kept.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// The storage failed.
    #[error("{0}; run `sipwarden keys rotate` again to finish the rotation")]
    Storage(#[from] StorageError),
    /// The storage refused what cannot be refused.
    #[error("{0}; run `sipwarden keys rotate` again to finish the rotation")]
    Commit(#[from] CommitError),
    /// The constant or the nonce key could not be sealed anew.
    #[error(transparent)]
    Installation(#[from] InstallationError),
    /// The server is stopping.
    #[error("the rotation was interrupted; run `sipwarden keys rotate` again to finish it")]
    Interrupted,
}

impl Provisioning {
    /// Rotates the master keys, or finishes a rotation that was interrupted. It goes on when this future is dropped.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn rotate_keys(
        self: &Arc<Self>,
        operator: &InstallationOperator,
        store: Arc<dyn KeyStore>,
        on_progress: OnProgress,
    ) -> Result<KeysRotated, RotationError> {
        let alone = Arc::clone(&self.rotation).try_lock_owned().map_err(|_| RotationError::UnderWay)?;
        let operator = operator.clone();
        let rotation = Rotation { operator, provisioning: Arc::clone(self), store, on_progress, _alone: alone };
        // A task of its own, so that no write of keys can still be under way when the next rotation begins.
        tokio::spawn(rotation.run()).await.map_err(|_| RotationError::Interrupted)?
    }
}

/// One rotation at work.
struct Rotation {
    operator: InstallationOperator,
    provisioning: Arc<Provisioning>,
    store: Arc<dyn KeyStore>,
    on_progress: OnProgress,
    _alone: OwnedMutexGuard<()>,
}

impl Rotation {
    async fn run(self) -> Result<KeysRotated, RotationError> {
        let start = self.start().await?;
        let steps = Steps { operator: &self.operator, clock: &*self.provisioning.parts.clock };
        let resealed = self.provisioning.reseal_everything(&steps, &self.on_progress).await?;
        self.provisioning.reseal_settings(steps.audit(resealed.detail())).await?;
        let old_keys = self.end(&resealed).await?;
        let Resealed {
            credentials,
            answers,
            upstream_secrets,
            upstream_secrets_not_opened,
            webhook_secrets,
            webhook_secrets_not_opened,
            not_opened,
        } = resealed;
        Ok(KeysRotated {
            start,
            credentials,
            answers,
            upstream_secrets,
            upstream_secrets_not_opened,
            webhook_secrets,
            webhook_secrets_not_opened,
            not_opened,
            old_keys,
        })
    }

    /// Keys beside the primary mean that a rotation has begun and not ended.
    async fn start(&self) -> Result<RotationStart, RotationError> {
        let keyring = &self.provisioning.parts.keyring;
        if !keyring.other_ids().is_empty() {
            return Ok(RotationStart::KeysAtHand);
        }
        let next = Arc::new(keyring.with_new_primary(&*self.provisioning.parts.random));
        self.keep(&next).await?;
        self.provisioning.switch_keys(&next).await;
        Ok(RotationStart::NewKey)
    }

    async fn end(&self, resealed: &Resealed) -> Result<OldKeys, RotationError> {
        let keyring = &self.provisioning.parts.keyring;
        let old = keyring.other_ids();
        if resealed.all_not_opened() > 0 {
            return Ok(OldKeys::Kept(old));
        }
        let next = Arc::new(keyring.with_primary_only());
        match self.keep(&next).await {
            Ok(()) => {
                self.provisioning.switch_keys(&next).await;
                Ok(OldKeys::Dropped(old))
            }
            Err(RotationError::Keys(KeyringError::ReadOnlySource)) => Ok(OldKeys::MayBeRemoved(old)),
            Err(error) => Err(error),
        }
    }

    /// Always before the running keyring has them: a key that has sealed something must not be lost.
    async fn keep(&self, next: &Arc<Keyring>) -> Result<(), RotationError> {
        let present = Arc::clone(&self.provisioning.parts.keyring);
        let (store, next) = (Arc::clone(&self.store), Arc::clone(next));
        let written = tokio::task::spawn_blocking(move || store.replace(&present, &next));
        Ok(written.await.map_err(|_| RotationError::Interrupted)??)
    }
}

impl Resealed {
    fn detail(&self) -> String {
        let Self { credentials, answers, upstream_secrets, webhook_secrets, .. } = self;
        serde_json::json!({
            "credentials": credentials,
            "answers": answers,
            "upstream_secrets": upstream_secrets,
            "webhook_secrets": webhook_secrets,
            "not_opened": self.all_not_opened(),
        })
        .to_string()
    }
}

/// Makes the audit records of a rotation's commits.
pub(crate) struct Steps<'a> {
    operator: &'a InstallationOperator,
    clock: &'a dyn Clock,
}

impl Steps<'_> {
    pub(crate) fn audit(&self, detail: String) -> AuditEvent {
        let deed = (AuditAction::KeysRotated, "master_keys".into(), detail);
        self.operator.audit(self.clock.now(), None, deed)
    }

    pub(crate) fn change(&self, change: Change, detail: String) -> ChangeSet {
        ChangeSet { changes: vec![change], audit: self.audit(detail) }
    }
}
