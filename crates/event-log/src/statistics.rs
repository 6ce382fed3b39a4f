//! How keeping goes.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts, for metrics.
#[derive(Debug, Default)]
pub struct KeepingStatistics {
    pub(crate) pending: AtomicU64,
    pub(crate) written: AtomicU64,
    pub(crate) failed_writes: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) unkept: AtomicU64,
}

impl KeepingStatistics {
    /// Changes that wait to be stored.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// Changes that are stored.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Transactions that failed and were tried again.
    #[must_use]
    pub fn failed_writes(&self) -> u64 {
        self.failed_writes.load(Ordering::Relaxed)
    }

    /// Changes that found no room, or could not be stored at all.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Attempts that no record stands for, because even sums were too many.
    #[must_use]
    pub fn unkept(&self) -> u64 {
        self.unkept.load(Ordering::Relaxed)
    }
}
