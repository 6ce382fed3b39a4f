//! Lets the operator's side see how writing goes, without this crate knowing what is counted or traced.

use std::fmt;

/// Watches writes. Called for each of them, so it must not wait.
pub trait WriteObserver: fmt::Debug + Send + Sync {
    /// A write is about to be queued, on the task or thread of whoever asked for it. What this returns is called on the
    /// writer thread when the write has ended and before its outcome is told; or dropped, if the writer is gone.
    fn queued(&self) -> WriteEnd;

    /// A transaction with that many writes has become durable.
    fn committed(&self, writes: usize);
}

/// Told how one write ended.
pub type WriteEnd = Box<dyn FnOnce(WriteOutcome) + Send>;

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It is durable, and every follower has applied it.
    Committed,
    /// Its precondition did not hold; nothing of it was written.
    Conflict,
    /// The database could not be written.
    Failed,
}

impl WriteOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Committed, Self::Conflict, Self::Failed];

    /// The name used in metrics and traces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
        }
    }
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl WriteObserver for Unobserved {
    fn queued(&self) -> WriteEnd {
        Box::new(|_| {})
    }

    fn committed(&self, _writes: usize) {}
}
