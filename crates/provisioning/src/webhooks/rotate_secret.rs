//! Replaces the secret of an account's webhook.

use super::{ATTEMPTS, WebhookView};
use crate::{AccountWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{AuditAction, PreviousWebhookSecret, Webhook, WebhookSecret};
use keyring::WebhookSecretContext;
use storage::{Change, ChangeSet};

impl Provisioning {
    /// Draws a new secret, which is shown this once. Messages are signed with the one of before besides for
    /// [`WebhookSecret::OVERLAP_SECONDS`]; one that was replaced earlier ends at once.
    ///
    /// # Errors
    /// [`ProvisioningError::WebhookNotFound`], [`ProvisioningError::Contended`], or the storage failed.
    pub async fn rotate_webhook_secret(
        &self,
        account: &AccountWrite,
        context: RequestContext,
    ) -> Result<WebhookView, ProvisioningError> {
        let sealing = self.sealing().await;
        let secret = self.draw_webhook_secret();
        let place = WebhookSecretContext { account: account.auth_id() };
        let current = sealing.seal_webhook_secret(&place, secret.as_bytes());
        for _ in 0..ATTEMPTS {
            let stored = self.storage().webhook(account.account()).await?.ok_or(ProvisioningError::WebhookNotFound)?;
            let now = self.parts.clock.now();
            // One that does not open signs nothing, and would keep old master keys for its sake.
            let opens = self.parts.keyring.open_webhook_secret(&place, &stored.secret.current).is_ok();
            let until = now.plus_seconds(WebhookSecret::OVERLAP_SECONDS);
            let previous = opens.then(|| PreviousWebhookSecret { sealed: stored.secret.current.clone(), until });
            let secret_pair = WebhookSecret { current: current.clone(), previous };
            let changed = Webhook { secret: secret_pair, updated_at: now, ..stored };
            let deed = (AuditAction::WebhookSecretRotated, account.auth_id().to_string(), "{}".into());
            let audit = account.audit(&context, now, deed);
            let changes = vec![Change::PutWebhook(Box::new(changed.clone()))];
            match self.commit_sealed_as(account.asker(), &sealing, ChangeSet { changes, audit }).await {
                Ok(revision) => {
                    drop(sealing);
                    self.applied_everywhere(revision).await?;
                    return Ok(self.view_of_webhook(Webhook { revision, ..changed }, Some(secret)));
                }
                Err(ProvisioningError::Contended) => {}
                Err(error) => return Err(error.if_not_found(ProvisioningError::WebhookNotFound)),
            }
        }
        Err(ProvisioningError::Contended)
    }
}
