//! How telling goes.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of one deliverer, for metrics.
#[derive(Debug, Default)]
pub struct WebhookStatistics {
    pub(crate) waiting: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) failed_attempts: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) given_up: AtomicU64,
}

impl WebhookStatistics {
    /// Messages that are not delivered yet.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Messages that were answered with 2xx.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Attempts that were answered with anything else, or not at all.
    #[must_use]
    pub fn failed_attempts(&self) -> u64 {
        self.failed_attempts.load(Ordering::Relaxed)
    }

    /// Messages that found no room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Messages that nobody heard for a day, or whose account has no secret any more.
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.given_up.load(Ordering::Relaxed)
    }
}
