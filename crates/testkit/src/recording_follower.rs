//! A follower that remembers.

use domain::Revision;
use parking_lot::Mutex;
use storage::{Fact, Follower};

/// Keeps every call of a change feed in order.
#[derive(Debug, Default)]
pub struct RecordingFollower {
    calls: Mutex<Vec<(Revision, Vec<Fact>)>>,
}

impl RecordingFollower {
    /// The calls so far, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<(Revision, Vec<Fact>)> {
        self.calls.lock().clone()
    }

    /// The facts of all calls so far, oldest first.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        self.calls.lock().iter().flat_map(|(_, facts)| facts.iter().cloned()).collect()
    }

    /// The revision of the last call.
    #[must_use]
    pub fn last_revision(&self) -> Option<Revision> {
        self.calls.lock().last().map(|(revision, _)| *revision)
    }
}

impl Follower for RecordingFollower {
    fn apply(&self, revision: Revision, facts: &[Fact]) {
        self.calls.lock().push((revision, facts.to_vec()));
    }
}
