//! Storage that forgets everything when dropped, and otherwise keeps every promise of the ports.

mod accounts;
mod algorithm_uses;
mod audit_log;
mod auth_events;
mod bans;
mod call_records;
mod credential_uses;
mod credentials;
mod ports;
mod provisioning_links;
mod reads;
mod state;
mod trunks;
mod webhook_outbox;
mod webhooks;

use domain::{AuditEvent, Revision};
use parking_lot::Mutex;
use state::State;
use std::sync::Arc;
use storage::{Follower, StorageError};
use tokio::sync::{oneshot, watch};

/// Every storage port in memory, with failures on demand.
///
/// Followers run on the committing task while it holds their lock, so they must not commit; they may read.
pub struct MemoryStorage {
    /// Held during a whole commit, so that followers see commits one at a time and in order.
    followers: Mutex<Vec<Arc<dyn Follower>>>,
    state: Mutex<State>,
    applied: watch::Sender<Revision>,
    next_commit_hold: Mutex<Option<Hold>>,
    next_commit_failure: Mutex<Option<StorageError>>,
    next_coherence_failure: Mutex<Option<StorageError>>,
    next_answer_lost: Mutex<bool>,
}

/// A commit that waits; dropped, it waits no longer.
pub struct HeldCommit {
    /// Completes when the commit has begun.
    pub begun: oneshot::Receiver<()>,
    /// Lets it go on.
    pub go: oneshot::Sender<()>,
}

struct Hold {
    begin: oneshot::Sender<()>,
    may_go: oneshot::Receiver<()>,
}

impl Hold {
    async fn wait(self) {
        // Nobody may be waiting for either: then the commit just goes on.
        let _ = self.begin.send(());
        let _ = self.may_go.await;
    }
}

impl MemoryStorage {
    /// An empty storage at revision 0.
    #[must_use]
    pub fn new() -> Self {
        Self {
            followers: Mutex::default(),
            state: Mutex::default(),
            applied: watch::Sender::new(Revision(0)),
            next_commit_hold: Mutex::default(),
            next_commit_failure: Mutex::default(),
            next_coherence_failure: Mutex::default(),
            next_answer_lost: Mutex::default(),
        }
    }

    /// Makes the next commit wait from its first poll on, as a busy disk does.
    pub fn hold_next_commit(&self) -> HeldCommit {
        let (begin, begun) = oneshot::channel();
        let (go, may_go) = oneshot::channel();
        *self.next_commit_hold.lock() = Some(Hold { begin, may_go });
        HeldCommit { begun, go }
    }

    /// Makes the next commit fail as on a full disk; nothing of it is stored.
    pub fn fail_next_commit(&self) {
        *self.next_commit_failure.lock() = Some(StorageError::Unavailable("injected failure of a commit".into()));
    }

    /// Makes the next commit that succeeds end as if the connection broke before the answer came: it is stored and
    /// applied, and its caller is told that this is unknown.
    pub fn lose_next_answer(&self) {
        *self.next_answer_lost.lock() = true;
    }

    /// Makes the next wait for coherence fail; what was committed stays.
    pub fn fail_next_coherence(&self) {
        *self.next_coherence_failure.lock() = Some(StorageError::Unavailable("injected failure of coherence".into()));
    }

    /// The audit log, oldest first.
    #[must_use]
    pub fn audit_log(&self) -> Vec<(Revision, AuditEvent)> {
        self.state.lock().audit_log.clone()
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}
