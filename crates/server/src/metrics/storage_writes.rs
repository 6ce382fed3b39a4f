//! How writing to storage goes.

use crate::metrics::distribution::Distribution;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use storage::WriteOutcome;

/// Upper bounds in seconds: an fsync takes a millisecond on a good disk, and a second on a bad day.
const SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Upper bounds of a group; storage takes at most 512 at once.
const SETS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// Counts of writes; one thread ends them all, so the lock is hardly ever waited for.
#[derive(Debug)]
pub(crate) struct StorageWrites(Mutex<WriteCounts>);

/// What was written.
#[derive(Debug, Clone)]
pub(crate) struct WriteCounts {
    /// In the order of [`WriteOutcome::ALL`].
    outcomes: [u64; WriteOutcome::ALL.len()],
    pub(crate) durations: Distribution,
    pub(crate) transactions: u64,
    pub(crate) sets: Distribution,
}

impl Default for StorageWrites {
    fn default() -> Self {
        Self(Mutex::new(WriteCounts {
            outcomes: [0; WriteOutcome::ALL.len()],
            durations: Distribution::new(SECONDS),
            transactions: 0,
            sets: Distribution::new(SETS),
        }))
    }
}

impl StorageWrites {
    /// A write ended; only what became durable took a time worth knowing.
    pub(crate) fn ended(&self, outcome: WriteOutcome, took: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.outcomes.get_mut(outcome as usize) {
            *count += 1;
        }
        if outcome == WriteOutcome::Committed {
            counts.durations.observe(took.as_secs_f64());
        }
    }

    pub(crate) fn committed(&self, sets: usize) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.transactions += 1;
        counts.sets.observe(f64::from(u32::try_from(sets).unwrap_or(u32::MAX)));
    }

    pub(crate) fn counts(&self) -> WriteCounts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl WriteCounts {
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (WriteOutcome, u64)> {
        WriteOutcome::ALL.into_iter().zip(self.outcomes)
    }
}
