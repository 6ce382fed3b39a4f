//! The queue, and the tasks that empty it.

use crate::address_task::AddressTask;
use crate::shared::{AccountShare, Shared};
use crate::{Allowed, AttemptError, Secure, WebhookStatistics};
use domain::{AccountId, Clock, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use storage::{WebhookDelivery, WebhookDeliveryChange, WebhookOutbox, WebhookTest};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
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
    /// Attempts under way for one account, at all its addresses.
    pub at_once_per_account: usize,
    /// Attempts under way in all.
    pub at_once: usize,
    /// Names that are looked up for one account at a time.
    pub lookups_per_account: usize,
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
            at_once_per_account: 32,
            at_once: 2_048,
            lookups_per_account: 4,
            attempt_ms: 10_000,
            first_pause_ms: 1_000,
            longest_pause_ms: 600_000,
            keep_seconds: 86_400,
        }
    }
}

/// Knows who wants to be told where, and the secrets that messages are signed with.
pub trait Subscribers: Send + Sync {
    /// What the account's messages to that URL are signed with at that moment, the present secret first; none where it
    /// does not want to be told there any more.
    fn secrets(&self, account: AccountId, url: &str, now: Timestamp) -> Vec<Zeroizing<String>>;
}

/// What a deliverer is built from.
pub struct Parts {
    /// Keeps messages until they are delivered.
    pub storage: Arc<dyn WebhookOutbox>,
    /// Knows who wants to be told.
    pub subscribers: Arc<dyn Subscribers>,
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
    shared: Arc<Shared>,
    most_waiting: u64,
}

/// The delivering task, and the way to end it.
pub struct DelivererTask {
    commands: mpsc::Sender<Command>,
    task: JoinHandle<()>,
}

/// What the task is told.
pub(crate) enum Command {
    /// Something happened.
    Tell(WebhookDelivery),
    /// Delivered, or given up.
    Finished([u8; 16]),
    /// The server stops.
    Close,
}

/// Where a queue of its own is: equal URLs of two accounts do not share one.
pub(crate) type Address = (AccountId, Box<str>);

impl Deliverer {
    /// Starts the delivering task on the present tokio runtime; it begins with what an earlier one has left.
    #[must_use]
    pub fn start(parts: Parts) -> (Arc<Self>, DelivererTask) {
        let (commands, received) = mpsc::channel(parts.config.queue.max(1));
        let statistics = Arc::new(WebhookStatistics::default());
        let shared = Shared::new(parts, commands.clone(), statistics);
        let most_waiting = shared.parts.config.waiting as u64;
        let courier = Courier {
            shared: Arc::clone(&shared),
            shares: HashMap::new(),
            addresses: HashMap::new(),
            tasks: JoinSet::new(),
        };
        let task = tokio::spawn(courier.run(received));
        (Arc::new(Self { shared, most_waiting }), DelivererTask { commands, task })
    }

    /// Takes a message, or counts it as dropped where too many wait.
    pub fn tell(&self, delivery: WebhookDelivery) {
        let statistics = &self.shared.statistics;
        let waiting = statistics.waiting.fetch_add(1, Ordering::Relaxed);
        if waiting >= self.most_waiting || self.shared.commands.try_send(Command::Tell(delivery)).is_err() {
            statistics.waiting.fetch_sub(1, Ordering::Relaxed);
            drop_one(statistics, "too many wait");
        }
    }

    /// Sends a message once, at once and beside the queues, and says what came back.
    pub async fn send_once(&self, delivery: WebhookDelivery, secrets: &[Zeroizing<String>]) -> WebhookTest {
        let begun = Instant::now();
        let Some(outcome) = self.shared.send_trial(&delivery, secrets).await else {
            let problem = "too many tests are under way; try again in a moment".into();
            return WebhookTest { status: None, problem: Some(problem), took_ms: 0 };
        };
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = match &outcome {
            Ok(status) | Err(AttemptError::Status(status)) => Some(status.as_u16()),
            Err(_) => None,
        };
        WebhookTest { status, problem: outcome.err().map(|error| error.to_string().into()), took_ms }
    }

    /// How telling goes.
    #[must_use]
    pub fn statistics(&self) -> &Arc<WebhookStatistics> {
        &self.shared.statistics
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

/// Stores messages and hands them to the tasks of their addresses.
struct Courier {
    shared: Arc<Shared>,
    shares: HashMap<AccountId, Arc<AccountShare>>,
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
        shared.statistics.waits(delivery.account);
        let queue = self.addresses.entry(address).or_insert_with_key(|address| {
            let (queue, received) = mpsc::channel(shared.parts.config.waiting_per_address.max(1));
            let share = self.shares.entry(address.0).or_insert_with(|| AccountShare::new(&shared.parts.config));
            let task = AddressTask::new(Arc::clone(shared), Arc::clone(share), received);
            self.tasks.spawn(task.run(address.clone()));
            queue
        });
        if let Err(refused) = queue.try_send(delivery) {
            let WebhookDelivery { id, account, .. } = refused.into_inner();
            shared.statistics.waits_no_more(account);
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
            self.shares.retain(|_, share| Arc::strong_count(share) > 1);
        }
        while self.tasks.try_join_next().is_some() {}
    }
}
