//! Webhooks and their secrets.

use super::MemoryStorage;
use super::state::State;
use domain::{AccountId, Revision, Webhook};
use std::ops::Bound;
use storage::{CommitError, Conflict, Fact, Pending, ResealedWebhookSecret, StorageError, Webhooks};

impl Webhooks for MemoryStorage {
    fn webhook(&self, account: AccountId) -> Pending<'_, Result<Option<Webhook>, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().webhooks.get(&account).cloned()) })
    }

    fn webhooks(&self, after: Option<AccountId>, limit: u32) -> Pending<'_, Result<Vec<Webhook>, StorageError>> {
        Box::pin(async move {
            let first = after.map_or(Bound::Unbounded, Bound::Excluded);
            let state = self.state.lock();
            Ok(state.webhooks.range((first, Bound::Unbounded)).take(limit as usize).map(|(_, it)| it.clone()).collect())
        })
    }
}

impl State {
    pub fn put_webhook(&mut self, new: Webhook, revision: Revision) -> Result<Fact, CommitError> {
        if !self.accounts.contains_key(&new.account) {
            return Err(CommitError::Conflict(Conflict::NotFound));
        }
        let stored = self.webhooks.get(&new.account);
        if stored.map_or(Revision(0), |stored| stored.revision) != new.revision {
            return Err(CommitError::Conflict(Conflict::Superseded));
        }
        let created_at = stored.map_or(new.created_at, |stored| stored.created_at);
        let webhook = Webhook { created_at, revision, ..new };
        self.webhooks.insert(webhook.account, webhook.clone());
        Ok(Fact::Webhook(Box::new(webhook)))
    }

    pub fn delete_webhook(&mut self, account: AccountId) -> Result<Fact, CommitError> {
        let gone = self.webhooks.remove(&account).map(|_| Fact::WebhookDeleted(account));
        gone.ok_or(CommitError::Conflict(Conflict::NotFound))
    }

    pub fn reseal_webhook_secrets(&mut self, resealed: Vec<ResealedWebhookSecret>, revision: Revision) -> Vec<Fact> {
        let mut facts = Vec::new();
        for new in resealed {
            let stored = self.webhooks.get_mut(&new.account).filter(|stored| stored.revision == new.revision);
            if let Some(stored) = stored {
                stored.secret = new.secret;
                stored.revision = revision;
                facts.push(Fact::Webhook(Box::new(stored.clone())));
            }
        }
        facts
    }
}
