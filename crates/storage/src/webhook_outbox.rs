//! What webhooks are still to be told, across restarts.

use crate::{Pending, StorageError};
use domain::{AccountId, Timestamp, Webhook, WebhookMethod};
use std::sync::Arc;

/// One message to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// Names it, in storage and to whoever receives it: a version 7 UUID.
    pub id: [u8; 16],
    /// Whose secret signs it.
    pub account: AccountId,
    /// Where it goes.
    pub url: Box<str>,
    /// How it goes there.
    pub method: WebhookMethod,
    /// The name of what happened, as `call.ended`.
    pub event: Box<str>,
    /// The JSON.
    pub body: Box<str>,
    /// When it happened.
    pub at: Timestamp,
}

/// A change of what is still to be told.
#[derive(Debug, Clone)]
pub enum WebhookDeliveryChange {
    /// Keeps a message, unless there is one of its name, or its account is gone.
    Put(WebhookDelivery),
    /// Forgets a message: it was delivered, or nobody waits for it any more.
    Remove([u8; 16]),
}

/// Reads webhooks.
pub trait Webhooks: Send + Sync {
    /// The account's webhook, if it has one.
    ///
    /// # Errors
    /// [`StorageError`].
    fn webhook(&self, account: AccountId) -> Pending<'_, Result<Option<Webhook>, StorageError>>;

    /// At most `limit` webhooks of all accounts, in order of their accounts after that one.
    ///
    /// # Errors
    /// [`StorageError`].
    fn webhooks(&self, after: Option<AccountId>, limit: u32) -> Pending<'_, Result<Vec<Webhook>, StorageError>>;
}

/// Keeps messages until they are delivered. No revision and no fact comes of it.
pub trait WebhookOutbox: Send + Sync {
    /// Stores changes durably, in their order and in one transaction.
    ///
    /// # Errors
    /// [`StorageError`]; nothing of them was stored then, except that after [`StorageError::Unknown`] all may have been.
    fn save_webhook_deliveries(
        &self,
        changes: Arc<Vec<WebhookDeliveryChange>>,
    ) -> Pending<'_, Result<(), StorageError>>;

    /// Hands over at most `limit` messages, oldest first. Blocks; for start-up.
    ///
    /// # Errors
    /// [`StorageError`]; some may have been handed over before.
    fn load_webhook_deliveries(&self, limit: u32, each: &mut dyn FnMut(WebhookDelivery)) -> Result<(), StorageError>;
}
