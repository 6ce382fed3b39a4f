//! How writing goes.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of one journal, for metrics.
#[derive(Debug, Default)]
pub struct JournalStatistics {
    pub(crate) pending: AtomicU64,
    pub(crate) written: AtomicU64,
    pub(crate) failed_writes: AtomicU64,
    pub(crate) dropped_changes: AtomicU64,
    pub(crate) dropped_records: AtomicU64,
}

impl JournalStatistics {
    /// Changes that wait to be written, those included whose write failed.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// Changes that are durable.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Transactions that failed; their changes were tried again.
    #[must_use]
    pub fn failed_writes(&self) -> u64 {
        self.failed_writes.load(Ordering::Relaxed)
    }

    /// Confirmed calls, and changes of them, that found no room: a restart would not take those calls up as they were.
    #[must_use]
    pub fn dropped_changes(&self) -> u64 {
        self.dropped_changes.load(Ordering::Relaxed)
    }

    /// Ended calls whose record found no room, or could not be stored for what is in it: it is lost.
    #[must_use]
    pub fn dropped_records(&self) -> u64 {
        self.dropped_records.load(Ordering::Relaxed)
    }
}
