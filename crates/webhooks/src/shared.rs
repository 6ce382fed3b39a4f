//! What all deliveries use, and one attempt with it.

use crate::attempt::Attempt;
use crate::deliverer::{Command, Config, Parts};
use crate::lookup::Lookups;
use crate::{AttemptError, WebhookStatistics};
use hyper::StatusCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use storage::{WebhookDelivery, WebhookFailure};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Threads that names may be looked up on.
const LOOKUP_THREADS: usize = 64;

/// What all tasks use.
pub(crate) struct Shared {
    pub parts: Parts,
    pub commands: mpsc::Sender<Command>,
    pub statistics: Arc<WebhookStatistics>,
    at_once: Semaphore,
    lookups: Lookups,
    /// What all messages that only try the way may have together, so that they cannot hold up any other.
    trials: Arc<AccountShare>,
}

/// How much of what all share an account may have at a time, so that one alone cannot hold up the others.
#[derive(Debug)]
pub(crate) struct AccountShare {
    attempts: Semaphore,
    lookups: Arc<Semaphore>,
}

impl AccountShare {
    pub fn new(config: &Config) -> Arc<Self> {
        let attempts = Semaphore::new(config.at_once_per_account.max(1));
        Arc::new(Self { attempts, lookups: Arc::new(Semaphore::new(config.lookups_per_account.max(1))) })
    }
}

/// What becomes of a message.
pub(crate) enum Outcome {
    /// It waits no more: delivered, or given up.
    Finished,
    /// It is told again.
    Failed,
}

impl Shared {
    pub fn new(parts: Parts, commands: mpsc::Sender<Command>, statistics: Arc<WebhookStatistics>) -> Arc<Self> {
        let at_once = Semaphore::new(parts.config.at_once.max(1));
        let trials = AccountShare::new(&parts.config);
        Arc::new(Self { parts, commands, statistics, at_once, lookups: Lookups::new(LOOKUP_THREADS), trials })
    }

    /// Sends a message that only tries the way; `None` where too many of them are under way.
    pub async fn send_trial(
        &self,
        delivery: &WebhookDelivery,
        secrets: &[Zeroizing<String>],
    ) -> Option<Result<StatusCode, AttemptError>> {
        let _permit = self.trials.attempts.try_acquire().ok()?;
        Some(self.send(delivery, secrets, &self.trials).await)
    }

    /// Tries to deliver a message, unless it is too old or nobody waits for it.
    pub async fn attempt(&self, delivery: &WebhookDelivery, share: &AccountShare) -> Outcome {
        // Never closed, so neither fails.
        let Ok(_own) = share.attempts.acquire().await else { return Outcome::Failed };
        let Ok(_permit) = self.at_once.acquire().await else { return Outcome::Failed };
        let now = self.parts.clock.now();
        let secrets = self.parts.subscribers.secrets(delivery.account, &delivery.url, now);
        if secrets.is_empty() || now >= delivery.at.plus_seconds(self.parts.config.keep_seconds) {
            self.give_up();
            return Outcome::Finished;
        }
        match self.send(delivery, &secrets, share).await {
            Ok(_) => {
                self.statistics.succeeded(delivery.account, self.parts.clock.now());
                Outcome::Finished
            }
            Err(error) => {
                tracing::debug!(%error, account = delivery.account.0, "a webhook was not heard; trying again later");
                let (at, problem) = (self.parts.clock.now(), error.to_string().into());
                let failure = WebhookFailure { at, url: delivery.url.clone(), problem };
                self.statistics.failed(delivery.account, failure);
                Outcome::Failed
            }
        }
    }

    /// Sends a message once, within the time that an attempt may take.
    async fn send(
        &self,
        delivery: &WebhookDelivery,
        secrets: &[Zeroizing<String>],
        share: &AccountShare,
    ) -> Result<StatusCode, AttemptError> {
        let attempt = Attempt {
            allowed: &self.parts.allowed,
            secure: &*self.parts.secure,
            lookups: &self.lookups,
            account_lookups: &share.lookups,
            secrets,
            now_seconds: self.parts.clock.now().as_unix_seconds(),
        };
        let limit = Duration::from_millis(self.parts.config.attempt_ms);
        timeout(limit, attempt.deliver(delivery)).await.unwrap_or(Err(AttemptError::TimedOut))
    }

    /// Counts a message that is told no more, and says so at each power of two.
    fn give_up(&self) {
        let given_up = self.statistics.given_up.fetch_add(1, Ordering::Relaxed) + 1;
        if given_up.is_power_of_two() {
            tracing::warn!(given_up, "webhook messages were given up: too old, or nobody waits for them any more");
        }
    }
}
