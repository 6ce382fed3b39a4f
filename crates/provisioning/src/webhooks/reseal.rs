//! Seals the secrets of webhooks anew with the primary key.

use crate::reseal::{BATCH, Resealed};
use crate::rotate_keys::Steps;
use crate::sealing::Sealing;
use crate::{Provisioning, RotationError};
use domain::{AccountId, AuthId, PreviousWebhookSecret, Sealed, Webhook, WebhookSecret};
use keyring::WebhookSecretContext;
use std::collections::HashMap;
use storage::{Change, ResealedWebhookSecret};

impl Provisioning {
    pub(crate) async fn reseal_webhook_secrets(
        &self,
        steps: &Steps<'_>,
        resealed: &mut Resealed,
    ) -> Result<(), RotationError> {
        let accounts = self.storage().accounts().await?;
        let owners: HashMap<AccountId, AuthId> =
            accounts.into_iter().map(|(account, _)| (account.id, account.auth_id)).collect();
        let mut after = None;
        loop {
            let batch = self.storage().webhooks(after, BATCH).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = Some(last.account);
            let sealing = self.sealing().await;
            let mut renewed = Vec::new();
            for webhook in batch.iter().filter(|webhook| !self.needs_no_other_key(webhook)) {
                let owner = owners.get(&webhook.account);
                match owner.and_then(|owner| self.reseal_webhook_secret(&sealing, owner, webhook)) {
                    Some(secret) => {
                        let Webhook { account, revision, .. } = *webhook;
                        renewed.push(ResealedWebhookSecret { account, revision, secret });
                    }
                    None => resealed.webhook_secrets_not_opened += 1,
                }
            }
            if !renewed.is_empty() {
                let count = renewed.len() as u64;
                let change = Change::ResealWebhookSecrets(renewed);
                let set = steps.change(change, format!("{{\"webhook_secrets\":{count}}}"));
                self.commit_sealed(&sealing, set).await?;
                resealed.webhook_secrets += count;
            }
        }
    }

    fn needs_no_other_key(&self, webhook: &Webhook) -> bool {
        let WebhookSecret { current, previous } = &webhook.secret;
        let is_new = |sealed: &Sealed| self.parts.keyring.sealed_under_primary(sealed);
        is_new(current) && previous.as_ref().is_none_or(|previous| is_new(&previous.sealed))
    }

    /// Without a previous secret that signs nothing any more, or that does not open.
    fn reseal_webhook_secret(&self, sealing: &Sealing, account: &AuthId, webhook: &Webhook) -> Option<WebhookSecret> {
        let (context, now) = (WebhookSecretContext { account }, self.parts.clock.now());
        let anew = |sealed: &Sealed| {
            let opened = self.parts.keyring.open_webhook_secret(&context, sealed).ok()?;
            Some(sealing.seal_webhook_secret(&context, &opened))
        };
        let current = anew(&webhook.secret.current)?;
        let previous = webhook.secret.previous.as_ref().filter(|previous| now < previous.until);
        let previous = previous.and_then(|previous| {
            Some(PreviousWebhookSecret { sealed: anew(&previous.sealed)?, until: previous.until })
        });
        Some(WebhookSecret { current, previous })
    }
}
