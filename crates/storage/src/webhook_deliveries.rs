//! How telling webhooks goes, as far as the running process knows.

use crate::Pending;
use domain::{AccountId, Timestamp, WebhookUrl};
use std::fmt::Debug;

/// How an account's messages fare, at all their addresses together. But for what waits, since the process started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookReport {
    /// Messages that are stored and not delivered yet.
    pub waiting: u64,
    /// When the last one was answered with 2xx.
    pub last_success: Option<Timestamp>,
    /// The last attempt that was answered otherwise, or not at all.
    pub last_failure: Option<WebhookFailure>,
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookFailure {
    /// When it ended.
    pub at: Timestamp,
    /// Where it was made.
    pub url: Box<str>,
    /// What went wrong, in words that are fit for the account.
    pub problem: Box<str>,
}

/// What came of a message that was sent to try the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookTest {
    /// The status that the receiver answered with, if it did.
    pub status: Option<u16>,
    /// What went wrong, in words that are fit for the account; `None` where it was delivered.
    pub problem: Option<Box<str>>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// Tells how deliveries go, and makes one to see whether it arrives.
pub trait WebhookDeliveries: Send + Sync + Debug {
    /// How the account's messages fare.
    fn report(&self, account: AccountId) -> WebhookReport;

    /// Sends `webhook.test` to that URL at once, signed as every message of the account; it is neither stored nor
    /// repeated. Takes no longer than an attempt may.
    fn test(&self, account: AccountId, url: WebhookUrl) -> Pending<'_, WebhookTest>;
}
