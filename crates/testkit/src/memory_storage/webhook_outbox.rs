//! What webhooks are still to be told.

use super::MemoryStorage;
use std::sync::Arc;
use storage::{Pending, StorageError, WebhookDelivery, WebhookDeliveryChange, WebhookOutbox};

impl WebhookOutbox for MemoryStorage {
    fn save_webhook_deliveries(
        &self,
        changes: Arc<Vec<WebhookDeliveryChange>>,
    ) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            if let Some(failure) = self.next_commit_failure.lock().take() {
                return Err(failure);
            }
            let mut state = self.state.lock();
            for change in changes.iter() {
                match change {
                    WebhookDeliveryChange::Put(delivery) if state.accounts.contains_key(&delivery.account) => {
                        state.webhook_outbox.entry(delivery.id).or_insert_with(|| delivery.clone());
                    }
                    WebhookDeliveryChange::Put(_) => {}
                    WebhookDeliveryChange::Remove(id) => {
                        state.webhook_outbox.remove(id);
                    }
                }
            }
            Ok(())
        })
    }

    fn load_webhook_deliveries(&self, limit: u32, each: &mut dyn FnMut(WebhookDelivery)) -> Result<(), StorageError> {
        let kept: Vec<_> = self.state.lock().webhook_outbox.values().take(limit as usize).cloned().collect();
        kept.into_iter().for_each(each);
        Ok(())
    }
}
