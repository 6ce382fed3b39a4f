//! Creates or changes an account's webhook.

use super::{ATTEMPTS, WebhookView};
use crate::audited::without_query;
use crate::{AccountWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{AuditAction, Revision, Webhook, WebhookEvents, WebhookSecret, WebhookUrl};
use keyring::WebhookSecretContext;
use storage::{Change, ChangeSet};

/// What a webhook is to be.
#[derive(Debug, Clone)]
pub struct WebhookUpdate {
    /// Where messages go; `None` where the URLs of trunks are enough.
    pub url: Option<WebhookUrl>,
    /// Which events are told; absent, they stay, and are those of calls at first.
    pub events: Option<WebhookEvents>,
    /// Whether anything is told; absent, it stays, and is so at first.
    pub enabled: Option<bool>,
}

/// What came of it.
pub enum WebhookPut {
    /// There was none; the secret is in the view.
    Created(WebhookView),
    /// There was one.
    Changed(WebhookView),
}

impl Provisioning {
    /// Creates the account's webhook with a secret that is shown this once, or changes it and keeps its secret. Once this
    /// answers, nothing more is told at the URL of before.
    ///
    /// # Errors
    /// [`ProvisioningError::Contended`], or the storage failed.
    pub async fn put_webhook(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        update: WebhookUpdate,
    ) -> Result<WebhookPut, ProvisioningError> {
        for _ in 0..ATTEMPTS {
            let outcome = match self.storage().webhook(account.account()).await? {
                None => self.create_webhook(account, &context, &update).await.map(WebhookPut::Created),
                Some(stored) => {
                    self.change_webhook(account, &context, (stored, &update)).await.map(WebhookPut::Changed)
                }
            };
            if !matches!(outcome, Err(ProvisioningError::Contended)) {
                return outcome.map_err(|error| error.if_not_found(ProvisioningError::AccountNotFound));
            }
        }
        Err(ProvisioningError::Contended)
    }

    async fn create_webhook(
        &self,
        account: &AccountWrite,
        context: &RequestContext,
        update: &WebhookUpdate,
    ) -> Result<WebhookView, ProvisioningError> {
        let sealing = self.sealing().await;
        let (now, secret) = (self.parts.clock.now(), self.draw_webhook_secret());
        let place = WebhookSecretContext { account: account.auth_id() };
        let new = Webhook {
            account: account.account(),
            url: update.url.clone(),
            events: update.events.clone().unwrap_or_else(WebhookEvents::of_calls),
            enabled: update.enabled.unwrap_or(true),
            secret: WebhookSecret { current: sealing.seal_webhook_secret(&place, secret.as_bytes()), previous: None },
            created_at: now,
            updated_at: now,
            revision: Revision(0),
        };
        let audit =
            account.audit(context, now, (AuditAction::WebhookCreated, account.auth_id().to_string(), detail(&new)));
        let changes = vec![Change::PutWebhook(Box::new(new.clone()))];
        let revision = self.commit_sealed_as(account.asker(), &sealing, ChangeSet { changes, audit }).await?;
        drop(sealing);
        self.applied_everywhere(revision).await?;
        Ok(self.view_of_webhook(Webhook { revision, ..new }, Some(secret)))
    }

    /// Its sealed secret is written again, so this counts as sealing: a rotation of keys either comes before the reading,
    /// or has changed the revision.
    async fn change_webhook(
        &self,
        account: &AccountWrite,
        context: &RequestContext,
        (stored, update): (Webhook, &WebhookUpdate),
    ) -> Result<WebhookView, ProvisioningError> {
        let mut changed = stored.clone();
        changed.url.clone_from(&update.url);
        changed.events = update.events.clone().unwrap_or(changed.events);
        changed.enabled = update.enabled.unwrap_or(changed.enabled);
        if changed == stored {
            return Ok(self.view_of_webhook(stored, None));
        }
        changed.updated_at = self.parts.clock.now();
        let deed = (AuditAction::WebhookUpdated, account.auth_id().to_string(), detail(&changed));
        let audit = account.audit(context, changed.updated_at, deed);
        let changes = vec![Change::PutWebhook(Box::new(changed.clone()))];
        let revision = self.commit_as(account.asker(), ChangeSet { changes, audit }).await?;
        Ok(self.view_of_webhook(Webhook { revision, ..changed }, None))
    }
}

/// Without what a URL's query may hold.
fn detail(webhook: &Webhook) -> String {
    let url = webhook.url.as_ref().map(|url| without_query(url.as_str()));
    let events: Vec<_> = webhook.events.names().collect();
    serde_json::json!({ "url": url, "events": events, "enabled": webhook.enabled }).to_string()
}
