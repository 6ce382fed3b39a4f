//! Sealing what is stored, so that a rotation of keys knows when nothing sealed earlier can still arrive.
//!
//! Every use case that stores a sealed secret holds a [`Sealing`] from before it seals until its commit is over, even
//! if its caller goes away meanwhile. A rotation changes the primary key only while nobody holds one: what was sealed
//! under the old key is then stored already, where the rotation finds it.

use crate::asker::Asker;
use crate::{Provisioning, ProvisioningError};
use domain::{RandomSource, Revision, Sealed};
use keyring::{Ha1Context, Keyring, OpenedHa1, UpstreamSecretContext, WebhookSecretContext};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use storage::{ChangeSet, CommitError, StorageError};
use tokio::sync::{OwnedRwLockReadGuard, RwLock};
use tokio::task::JoinHandle;

/// Who seals now, and the last revision that came of it.
#[derive(Debug, Default)]
pub(crate) struct SealingState {
    /// Read by whoever seals, written by whoever changes keys.
    lock: Arc<RwLock<()>>,
    latest: Arc<AtomicU64>,
}

/// Permission to seal what will be stored: the primary key stays the same while it is held. Never take a second one
/// while holding one: a rotation that waits between the two would wait for ever. The lock `tenancy` is taken before this
/// one, never after, for the same reason.
#[derive(Clone)]
pub(crate) struct Sealing {
    keyring: Arc<Keyring>,
    random: Arc<dyn RandomSource>,
    held: Arc<OwnedRwLockReadGuard<()>>,
}

impl Sealing {
    pub(crate) fn seal_ha1(&self, context: &Ha1Context<'_>, ha1: &[u8]) -> Sealed {
        self.keyring.seal_ha1(context, ha1, &*self.random)
    }

    /// What was sealed before, in the clear; `None` if its key is gone.
    pub(crate) fn open_ha1(&self, context: &Ha1Context<'_>, sealed: &Sealed) -> Option<OpenedHa1> {
        self.keyring.open_ha1(context, sealed).ok()
    }

    pub(crate) fn seal_upstream_secret(&self, context: &UpstreamSecretContext<'_>, password: &[u8]) -> Sealed {
        self.keyring.seal_upstream_secret(context, password, &*self.random)
    }

    pub(crate) fn seal_webhook_secret(&self, context: &WebhookSecretContext<'_>, secret: &[u8]) -> Sealed {
        self.keyring.seal_webhook_secret(context, secret, &*self.random)
    }

    pub(crate) fn seal_named(&self, name: &str, plain: &[u8]) -> Sealed {
        self.keyring.seal_named(name, plain, &*self.random)
    }
}

/// A commit that has begun; it ends also if nobody waits for it.
enum Begun<E> {
    Over(Result<Revision, E>),
    UnderWay(JoinHandle<Result<Revision, E>>),
}

impl<E: From<StorageError>> Begun<E> {
    async fn outcome(self) -> Result<Revision, E> {
        match self {
            Self::Over(outcome) => outcome,
            Self::UnderWay(task) => {
                task.await.unwrap_or_else(|_| Err(StorageError::Unknown("the server is stopping".into()).into()))
            }
        }
    }
}

impl Provisioning {
    /// Waits while keys are being changed, which takes as long as the commits under way.
    pub(crate) async fn sealing(&self) -> Sealing {
        Sealing {
            keyring: Arc::clone(&self.parts.keyring),
            random: Arc::clone(&self.parts.random),
            held: Arc::new(Arc::clone(&self.sealing.lock).read_owned().await),
        }
    }

    /// Commits what was sealed. The permission lasts until the commit is over, also when this future is dropped before.
    pub(crate) async fn commit_sealed(&self, sealing: &Sealing, set: ChangeSet) -> Result<Revision, CommitError> {
        let storage = Arc::clone(&self.parts.storage);
        self.hold_while(sealing, async move { storage.commit(set).await }).await
    }

    /// The same for a change of that asker, who must still be admitted when the commit begins.
    pub(crate) async fn commit_sealed_as(
        &self,
        asker: &Asker,
        sealing: &Sealing,
        set: ChangeSet,
    ) -> Result<Revision, ProvisioningError> {
        let (storage, clock, asker) = (Arc::clone(&self.parts.storage), Arc::clone(&self.parts.clock), asker.clone());
        let commit = async move {
            asker.check_still_admitted(clock.now())?;
            Ok(storage.commit(set).await?)
        };
        self.hold_while(sealing, commit).await
    }

    /// The same for many changes at once, each with an outcome of its own: storage may put them into one transaction.
    pub(crate) async fn commit_all_sealed_as(
        &self,
        asker: &Asker,
        sealing: &Sealing,
        sets: Vec<ChangeSet>,
    ) -> Vec<Result<Revision, ProvisioningError>> {
        let mut begun = Vec::with_capacity(sets.len());
        for set in sets {
            let (storage, clock) = (Arc::clone(&self.parts.storage), Arc::clone(&self.parts.clock));
            let asker = asker.clone();
            let commit = async move {
                asker.check_still_admitted(clock.now())?;
                Ok(storage.commit(set).await?)
            };
            begun.push(self.begin_holding(sealing, commit).await);
        }
        let mut outcomes = Vec::with_capacity(begun.len());
        for commit in begun {
            outcomes.push(commit.outcome().await);
        }
        outcomes
    }

    async fn hold_while<E: From<StorageError> + Send + 'static>(
        &self,
        sealing: &Sealing,
        commit: impl Future<Output = Result<Revision, E>> + Send + 'static,
    ) -> Result<Revision, E> {
        self.begin_holding(sealing, commit).await.outcome().await
    }

    /// Runs a commit to its end on a task of its own, which holds the permission. It begins here: whoever watches the
    /// storage can tell on whose behalf.
    async fn begin_holding<E: From<StorageError> + Send + 'static>(
        &self,
        sealing: &Sealing,
        commit: impl Future<Output = Result<Revision, E>> + Send + 'static,
    ) -> Begun<E> {
        let (held, latest) = (Arc::clone(&sealing.held), Arc::clone(&self.sealing.latest));
        let mut work = Box::pin(async move {
            let outcome = commit.await;
            if let Ok(revision) = &outcome {
                latest.fetch_max(revision.0, Ordering::Relaxed);
            }
            drop(held);
            outcome
        });
        if let Poll::Ready(outcome) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            return Begun::Over(outcome);
        }
        Begun::UnderWay(tokio::spawn(work))
    }

    /// Changes keys while nobody seals.
    pub(crate) async fn switch_keys(&self, next: &Keyring) {
        let _nobody_seals = self.sealing.lock.write().await;
        self.parts.keyring.switch_to(next);
    }

    /// Waits until every sealed change whose commit began before is over, and tells the latest revision of them.
    pub(crate) async fn sealed_changes_so_far(&self) -> Revision {
        // The lock also orders the revision's write before this read.
        let _nobody_seals = self.sealing.lock.write().await;
        Revision(self.sealing.latest.load(Ordering::Relaxed))
    }
}
