//! How saving registrations goes, for the operator.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use storage::StorageError;

/// Counts of the writing task.
#[derive(Debug, Default)]
pub struct SaveStatistics {
    under_way: AtomicUsize,
    failures: AtomicU64,
}

impl SaveStatistics {
    /// Changes that were taken from the directory and are not durable: being saved, or waiting for the next try.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    /// How many times storage refused a batch. The batch is tried again, so this counts tries and not what was lost.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(crate) fn pending(&self, changes: usize) {
        self.under_way.store(changes, Ordering::Relaxed);
    }

    pub(crate) fn tried(&self, outcome: &Result<(), StorageError>) {
        if outcome.is_err() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }
}
