//! Delivers the messages of one address: a queue and a pause of its own.

use crate::deliverer::{Address, Command};
use crate::shared::{AccountShare, Outcome, Shared};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use storage::WebhookDelivery;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Delivers the messages of one address.
pub(crate) struct AddressTask {
    shared: Arc<Shared>,
    share: Arc<AccountShare>,
    received: mpsc::Receiver<WebhookDelivery>,
    waiting: VecDeque<WebhookDelivery>,
    /// In a row.
    failures: u32,
}

impl AddressTask {
    pub fn new(shared: Arc<Shared>, share: Arc<AccountShare>, received: mpsc::Receiver<WebhookDelivery>) -> Self {
        Self { shared, share, received, waiting: VecDeque::new(), failures: 0 }
    }

    /// Ends when nothing more can come and all that came is dealt with.
    pub async fn run(mut self, address: Address) -> Address {
        loop {
            let room = self.shared.parts.config.at_once_per_address.max(1);
            if self.waiting.is_empty() {
                match self.received.recv().await {
                    Some(delivery) => self.waiting.push_back(delivery),
                    None => return address,
                }
            }
            while self.waiting.len() < room
                && let Ok(delivery) = self.received.try_recv()
            {
                self.waiting.push_back(delivery);
            }
            self.attempt_all().await;
            if self.failures > 0 && !self.waiting.is_empty() {
                sleep(self.pause()).await;
            }
        }
    }

    /// Tries those that wait, side by side; those that were not heard wait on.
    async fn attempt_all(&mut self) {
        let mut attempts = JoinSet::new();
        for delivery in std::mem::take(&mut self.waiting) {
            let (shared, share) = (Arc::clone(&self.shared), Arc::clone(&self.share));
            attempts.spawn(async move {
                let outcome = shared.attempt(&delivery, &share).await;
                (delivery, outcome)
            });
        }
        let mut failed = false;
        while let Some(attempted) = attempts.join_next().await {
            let Ok((delivery, outcome)) = attempted else { continue };
            match outcome {
                Outcome::Finished => {
                    self.shared.statistics.waits_no_more(delivery.account);
                    // Failure means that all is being closed.
                    let _ = self.shared.commands.send(Command::Finished(delivery.id)).await;
                }
                Outcome::Failed => {
                    failed = true;
                    self.waiting.push_back(delivery);
                }
            }
        }
        self.waiting.make_contiguous().sort_by_key(|delivery| delivery.id);
        self.failures = if failed { self.failures.saturating_add(1) } else { 0 };
    }

    fn pause(&self) -> Duration {
        let config = &self.shared.parts.config;
        let doubled = config.first_pause_ms.saturating_mul(1 << self.failures.saturating_sub(1).min(30));
        Duration::from_millis(doubled.min(config.longest_pause_ms))
    }
}
