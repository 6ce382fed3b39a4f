//! An account's webhook: what it is told, where, and the secret that proves who tells it.

mod put;
mod reseal;
mod rotate_secret;
mod try_out;

pub use put::{WebhookPut, WebhookUpdate};

use crate::{AccountRead, AccountWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{AccountId, AuditAction, Timestamp, Webhook};
use std::fmt::Write as _;
use std::sync::Arc;
use storage::{Change, ChangeSet, Pending, WebhookDeliveries, WebhookReport, WebhookTest};
use zeroize::Zeroizing;

/// How often a change is tried that others supersede.
const ATTEMPTS: usize = 5;

/// A webhook as its account sees it.
#[derive(Clone)]
pub struct WebhookView {
    /// The webhook.
    pub webhook: Webhook,
    /// Its secret, where it was drawn by this request; shown once.
    pub secret: Option<Zeroizing<String>>,
    /// How its messages fare.
    pub report: WebhookReport,
    /// The moment this is told of.
    pub now: Timestamp,
}

/// Nothing is delivered where nobody delivers.
#[derive(Debug)]
struct NoDeliveries;

impl WebhookDeliveries for NoDeliveries {
    fn report(&self, _account: AccountId) -> WebhookReport {
        WebhookReport::default()
    }

    fn test(&self, _account: AccountId, _url: domain::WebhookUrl) -> Pending<'_, WebhookTest> {
        let problem = Some("this server delivers nothing".into());
        Box::pin(std::future::ready(WebhookTest { status: None, problem, took_ms: 0 }))
    }
}

impl Provisioning {
    /// Tells who delivers to webhooks. Before that, nobody does; a second telling is ignored.
    pub fn know_webhook_deliveries(&self, deliveries: Arc<dyn WebhookDeliveries>) {
        // Wiring does it once, before anybody asks.
        let _ = self.webhook_deliveries.set(deliveries);
    }

    /// The account's webhook.
    ///
    /// # Errors
    /// [`ProvisioningError::WebhookNotFound`], or the storage failed.
    pub async fn webhook(&self, account: &AccountRead) -> Result<WebhookView, ProvisioningError> {
        let found = self.storage().webhook(account.account()).await?;
        Ok(self.view_of_webhook(found.ok_or(ProvisioningError::WebhookNotFound)?, None))
    }

    /// Deletes the account's webhook with its secret; what was still to be told is not told any more.
    ///
    /// # Errors
    /// [`ProvisioningError::WebhookNotFound`], or the storage failed.
    pub async fn delete_webhook(
        &self,
        account: &AccountWrite,
        context: RequestContext,
    ) -> Result<(), ProvisioningError> {
        let deed = (AuditAction::WebhookDeleted, account.auth_id().to_string(), "{}".into());
        let audit = account.audit(&context, self.parts.clock.now(), deed);
        let changes = vec![Change::DeleteWebhook(account.account())];
        let committed = self.commit_as(account.asker(), ChangeSet { changes, audit }).await;
        committed.map(|_| ()).map_err(|error| error.if_not_found(ProvisioningError::WebhookNotFound))
    }

    fn webhook_deliveries(&self) -> &dyn WebhookDeliveries {
        self.webhook_deliveries.get().map_or(&NoDeliveries, |deliveries| &**deliveries)
    }

    fn view_of_webhook(&self, webhook: Webhook, secret: Option<Zeroizing<String>>) -> WebhookView {
        let report = self.webhook_deliveries().report(webhook.account);
        WebhookView { webhook, secret, report, now: self.parts.clock.now() }
    }

    /// Draws a secret of 32 random octets, in hexadecimal, that says what it is.
    fn draw_webhook_secret(&self) -> Zeroizing<String> {
        let mut random = Zeroizing::new([0; 32]);
        self.parts.random.fill(&mut *random);
        let mut secret = Zeroizing::new(String::with_capacity(70));
        secret.push_str("whsec_");
        for octet in random.iter() {
            // Writing to a String cannot fail.
            let _ = write!(secret, "{octet:02x}");
        }
        secret
    }
}
