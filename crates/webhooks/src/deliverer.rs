//! The queue, and the tasks that empty it.

use crate::attempt::Attempt;
use crate::{Allowed, AttemptError, Secure, WebhookStatistics};
use domain::{AccountId, Clock};
use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use storage::{WebhookDelivery, WebhookDeliveryChange, WebhookOutbox};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

/// Most changes stored at once.
const BATCH: usize = 256;

/// How much, how long and how often.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Messages that may wait to be stored.
    pub queue: usize,
    /// Messages that may wait in all.
    pub waiting: usize,
    /// Messages that may wait for one address.
    pub waiting_per_address: usize,
    /// Attempts under way at one address.
    pub at_once_per_address: usize,
    /// Attempts under way in all.
    pub at_once: usize,
    /// Longest an attempt may take, in milliseconds.
    pub attempt_ms: u64,
    /// The pause after the first failure, in milliseconds; it doubles with each further one.
    pub first_pause_ms: u64,
    /// The longest pause, in milliseconds.
    pub longest_pause_ms: u64,
    /// How long after it happened a message is still tried, in seconds.
    pub keep_seconds: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            queue: 16_384,
            waiting: 100_000,
            waiting_per_address: 10_000,
            at_once_per_address: 8,
            at_once: 512,
            attempt_ms: 10_000,
            first_pause_ms: 1_000,
            longest_pause_ms: 600_000,
            keep_seconds: 86_400,
        }
    }
}

/// Knows the secrets that messages are signed with.
pub trait Secrets: Send + Sync {
    /// The account's secret as it is now; `None` where it has none any more, so that nothing is to be told.
    fn secret(&self, account: AccountId) -> Option<Zeroizing<String>>;
}

/// What a deliverer is built from.
pub struct Parts {
    /// Keeps messages until they are delivered.
    pub storage: Arc<dyn WebhookOutbox>,
    /// Knows secrets.
    pub secrets: Arc<dyn Secrets>,
    /// Makes TLS.
    pub secure: Arc<dyn Secure>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where connections may go.
    pub allowed: Allowed,
    /// Bounds.
    pub config: Config,
}

/// Takes messages without waiting.
pub struct Deliverer {
    commands: mpsc::Sender<Command>,
    statistics: Arc<WebhookStatistics>,
    most_waiting: u64,
}

/// The delivering task, and the way to end it.
pub struct DelivererTask {
    commands: mpsc::Sender<Command>,
    task: JoinHandle<()>,
}

enum Command {
    Tell(WebhookDelivery),
    /// Delivered, or given up.
    Finished([u8; 16]),
    Close,
}

/// Where a queue of its own is: equal URLs of two accounts do not share one.
type Address = (AccountId, Box<str>);

impl Deliverer {
    /// Starts the delivering task on the present tokio runtime; it begins with what an earlier one has left.
    #[must_use]
    pub fn start(parts: Parts) -> (Arc<Self>, DelivererTask) {
        let (commands, received) = mpsc::channel(parts.config.queue.max(1));
        let statistics = Arc::new(WebhookStatistics::default());
        let shared = Arc::new(Shared {
            commands: commands.clone(),
            statistics: Arc::clone(&statistics),
            at_once: Semaphore::new(parts.config.at_once.max(1)),
            parts,
        });
        let most_waiting = shared.parts.config.waiting as u64;
        let courier = Courier { shared, addresses: HashMap::new(), tasks: JoinSet::new() };
        let task = tokio::spawn(courier.run(received));
        (Arc::new(Self { commands: commands.clone(), statistics, most_waiting }), DelivererTask { commands, task })
    }

    /// Takes a message, or counts it as dropped where too many wait.
    pub fn tell(&self, delivery: WebhookDelivery) {
        let statistics = &self.statistics;
        let waiting = statistics.waiting.fetch_add(1, Ordering::Relaxed);
        if waiting >= self.most_waiting || self.commands.try_send(Command::Tell(delivery)).is_err() {
            statistics.waiting.fetch_sub(1, Ordering::Relaxed);
            drop_one(statistics, "too many wait");
        }
    }

    /// How telling goes.
    #[must_use]
    pub const fn statistics(&self) -> &Arc<WebhookStatistics> {
        &self.statistics
    }
}

impl DelivererTask {
    /// Stores what is known and ends. What is under way is abandoned, and told again after the next start.
    pub async fn close(self) {
        // Failure means that it has ended already.
        let _ = self.commands.send(Command::Close).await;
        if self.task.await.is_err() {
            tracing::error!("the task that tells webhooks did not end in order");
        }
    }
}

/// Counts a message that is not told, and says so at each power of two.
fn drop_one(statistics: &WebhookStatistics, cause: &'static str) {
    let dropped = statistics.dropped.fetch_add(1, Ordering::Relaxed) + 1;
    if dropped.is_power_of_two() {
        tracing::warn!(dropped, cause, "webhooks are not told of everything");
    }
}

/// What all tasks use.
struct Shared {
    parts: Parts,
    commands: mpsc::Sender<Command>,
    statistics: Arc<WebhookStatistics>,
    at_once: Semaphore,
}

/// Stores messages and hands them to the tasks of their addresses.
struct Courier {
    shared: Arc<Shared>,
    addresses: HashMap<Address, mpsc::Sender<WebhookDelivery>>,
    tasks: JoinSet<Address>,
}

impl Courier {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        self.take_up().await;
        let mut received = Vec::with_capacity(BATCH);
        while commands.recv_many(&mut received, BATCH).await > 0 {
            let mut told = Vec::new();
            let mut changes = Vec::with_capacity(received.len());
            let mut is_closing = false;
            for command in received.drain(..) {
                match command {
                    Command::Tell(delivery) => {
                        changes.push(WebhookDeliveryChange::Put(delivery.clone()));
                        told.push(delivery);
                    }
                    Command::Finished(id) => changes.push(WebhookDeliveryChange::Remove(id)),
                    Command::Close => is_closing = true,
                }
            }
            self.store(changes).await;
            if is_closing {
                break;
            }
            told.into_iter().for_each(|delivery| self.hand_over(delivery));
            self.forget_idle();
        }
    }

    /// Begins with what was stored before.
    async fn take_up(&mut self) {
        let shared = Arc::clone(&self.shared);
        let limit = u32::try_from(shared.parts.config.waiting).unwrap_or(u32::MAX);
        let loading = tokio::task::spawn_blocking(move || {
            let mut left = Vec::new();
            let loaded = shared.parts.storage.load_webhook_deliveries(limit, &mut |delivery| left.push(delivery));
            (left, loaded)
        });
        let Ok((left, loaded)) = loading.await else { return };
        if let Err(error) = loaded {
            tracing::error!(%error, "what webhooks were still to be told could not be read");
        }
        self.shared.statistics.waiting.fetch_add(left.len() as u64, Ordering::Relaxed);
        left.into_iter().for_each(|delivery| self.hand_over(delivery));
    }

    /// Where that fails, messages are told all the same; a restart forgets them, or tells them twice.
    async fn store(&self, changes: Vec<WebhookDeliveryChange>) {
        let count = changes.len();
        if count > 0
            && let Err(error) = self.shared.parts.storage.save_webhook_deliveries(Arc::new(changes)).await
        {
            tracing::warn!(%error, changes = count, "what webhooks are to be told could not be stored");
        }
    }

    fn hand_over(&mut self, delivery: WebhookDelivery) {
        let address = (delivery.account, delivery.url.clone());
        let shared = &self.shared;
        let queue = self.addresses.entry(address).or_insert_with_key(|address| {
            let (queue, received) = mpsc::channel(shared.parts.config.waiting_per_address.max(1));
            let task = AddressTask { shared: Arc::clone(shared), received, waiting: VecDeque::new(), failures: 0 };
            self.tasks.spawn(task.run(address.clone()));
            queue
        });
        if let Err(refused) = queue.try_send(delivery) {
            let id = refused.into_inner().id;
            shared.statistics.waiting.fetch_sub(1, Ordering::Relaxed);
            drop_one(&shared.statistics, "one address does not keep up");
            // Never waits for itself: without room it stays stored, and is told after a restart.
            let _ = shared.commands.try_send(Command::Finished(id));
        }
    }

    /// Lets go of addresses that nobody has sent anything to for a while.
    fn forget_idle(&mut self) {
        let config = &self.shared.parts.config;
        if self.addresses.len() > config.waiting_per_address {
            self.addresses.retain(|_, queue| queue.capacity() < queue.max_capacity());
        }
        while self.tasks.try_join_next().is_some() {}
    }
}

/// Delivers the messages of one address.
struct AddressTask {
    shared: Arc<Shared>,
    received: mpsc::Receiver<WebhookDelivery>,
    waiting: VecDeque<WebhookDelivery>,
    /// In a row.
    failures: u32,
}

impl AddressTask {
    async fn run(mut self, address: Address) -> Address {
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
            let shared = Arc::clone(&self.shared);
            attempts.spawn(async move {
                let outcome = shared.attempt(&delivery).await;
                (delivery, outcome)
            });
        }
        let mut failed = false;
        while let Some(attempted) = attempts.join_next().await {
            let Ok((delivery, outcome)) = attempted else { continue };
            match outcome {
                Outcome::Finished => {
                    self.shared.statistics.waiting.fetch_sub(1, Ordering::Relaxed);
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

enum Outcome {
    Finished,
    Failed,
}

impl Shared {
    async fn attempt(&self, delivery: &WebhookDelivery) -> Outcome {
        let now = self.parts.clock.now();
        let secret = self.parts.secrets.secret(delivery.account);
        let (Some(secret), true) = (secret, now < delivery.at.plus_seconds(self.parts.config.keep_seconds)) else {
            self.statistics.given_up.fetch_add(1, Ordering::Relaxed);
            return Outcome::Finished;
        };
        // Never closed, so this fails never.
        let Ok(_permit) = self.at_once.acquire().await else { return Outcome::Failed };
        let attempt = Attempt {
            allowed: &self.parts.allowed,
            secure: &*self.parts.secure,
            secret: &secret,
            now_seconds: now.as_unix_seconds(),
        };
        let limit = Duration::from_millis(self.parts.config.attempt_ms);
        match timeout(limit, attempt.deliver(delivery)).await.unwrap_or(Err(AttemptError::TimedOut)) {
            Ok(()) => {
                self.statistics.delivered.fetch_add(1, Ordering::Relaxed);
                Outcome::Finished
            }
            Err(error) => {
                self.statistics.failed_attempts.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%error, account = delivery.account.0, "a webhook was not heard; trying again later");
                Outcome::Failed
            }
        }
    }
}
