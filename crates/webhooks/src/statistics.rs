//! How telling goes.

use domain::{AccountId, Timestamp};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::{WebhookFailure, WebhookReport};

/// Counts of one deliverer, for metrics and for the accounts themselves.
#[derive(Debug, Default)]
pub struct WebhookStatistics {
    pub(crate) waiting: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) failed_attempts: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) given_up: AtomicU64,
    /// Touched by deliveries only, never by whoever tells. Of accounts for which there was ever something to tell.
    reports: Mutex<HashMap<AccountId, WebhookReport>>,
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

    /// Messages that nobody heard for a day, or that nobody waits for any more.
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.given_up.load(Ordering::Relaxed)
    }

    /// How an account's messages fare.
    #[must_use]
    pub fn report(&self, account: AccountId) -> WebhookReport {
        self.reports.lock().get(&account).cloned().unwrap_or_default()
    }

    /// A message is stored and waits.
    pub(crate) fn waits(&self, account: AccountId) {
        self.reports.lock().entry(account).or_default().waiting += 1;
    }

    /// A message waits no more.
    pub(crate) fn waits_no_more(&self, account: AccountId) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let mut reports = self.reports.lock();
        let report = reports.entry(account).or_default();
        report.waiting = report.waiting.saturating_sub(1);
    }

    pub(crate) fn succeeded(&self, account: AccountId, at: Timestamp) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
        self.reports.lock().entry(account).or_default().last_success = Some(at);
    }

    pub(crate) fn failed(&self, account: AccountId, failure: WebhookFailure) {
        self.failed_attempts.fetch_add(1, Ordering::Relaxed);
        self.reports.lock().entry(account).or_default().last_failure = Some(failure);
    }
}
