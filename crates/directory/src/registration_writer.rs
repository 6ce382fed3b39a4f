//! Writes bindings behind: refreshes within a second, removals before they are answered.

use crate::{Directory, SaveStatistics};
use domain::Clock;
use std::sync::Arc;
use std::time::Duration;
use storage::{RegistrationChange, Registrations, StorageError};
use tokio::sync::mpsc::{self, error::TryRecvError};
use tokio::time::MissedTickBehavior;

/// How often and how much is written.
#[derive(Debug, Clone, Copy)]
pub struct WriterConfig {
    /// Longest time a refresh stays unwritten, in milliseconds; what a crash may lose.
    pub interval_ms: u64,
    /// Most removals that may wait for one write.
    pub waiting_removals: usize,
    /// In how many intervals the whole table is swept of expired bindings.
    pub intervals_per_sweep: usize,
}

impl Default for WriterConfig {
    fn default() -> Self {
        Self { interval_ms: 500, waiting_removals: 16_384, intervals_per_sweep: 60 }
    }
}

/// Told whether everything before it is durable.
pub type Completion = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

/// The queue of removals that wait to become durable is full; the storage does not keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlushQueueFull;

/// Asks the writing task for durability.
#[derive(Clone)]
pub struct RegistrationWriter {
    requests: mpsc::Sender<Completion>,
    statistics: Arc<SaveStatistics>,
}

/// The writing task's own half.
struct Writer {
    directory: Arc<Directory>,
    storage: Arc<dyn Registrations>,
    clock: Arc<dyn Clock>,
    config: WriterConfig,
    /// Changes taken from the directory whose write failed; written again before anything newer.
    unwritten: Vec<RegistrationChange>,
    swept_shards: usize,
    statistics: Arc<SaveStatistics>,
}

impl RegistrationWriter {
    /// Starts the writing task on the present tokio runtime. It writes a last time and ends when every
    /// [`RegistrationWriter`] is dropped.
    #[must_use]
    pub fn start(
        directory: Arc<Directory>,
        storage: Arc<dyn Registrations>,
        clock: Arc<dyn Clock>,
        config: WriterConfig,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (requests, receiver) = mpsc::channel(config.waiting_removals.max(1));
        let statistics = Arc::new(SaveStatistics::default());
        let (unwritten, shared) = (Vec::new(), Arc::clone(&statistics));
        let writer = Writer { directory, storage, clock, config, unwritten, swept_shards: 0, statistics: shared };
        (Self { requests, statistics }, tokio::spawn(writer.run(receiver)))
    }

    /// How saving goes. Holding it does not keep the writing task from ending.
    #[must_use]
    pub fn statistics(&self) -> &Arc<SaveStatistics> {
        &self.statistics
    }

    /// The same, without keeping the writing task from ending.
    pub(crate) fn downgrade(&self) -> WeakRegistrationWriter {
        WeakRegistrationWriter { requests: self.requests.downgrade(), statistics: Arc::clone(&self.statistics) }
    }

    /// Takes a place in the queue, before anything is promised to anybody.
    ///
    /// # Errors
    /// [`FlushQueueFull`], also when the writing task has ended.
    pub fn reserve(&self) -> Result<FlushPlace<'_>, FlushQueueFull> {
        self.requests.try_reserve().map(FlushPlace).map_err(|_| FlushQueueFull)
    }
}

/// A [`RegistrationWriter`] that does not keep the writing task from ending.
pub(crate) struct WeakRegistrationWriter {
    requests: mpsc::WeakSender<Completion>,
    statistics: Arc<SaveStatistics>,
}

impl WeakRegistrationWriter {
    pub(crate) fn upgrade(&self) -> Option<RegistrationWriter> {
        let requests = self.requests.upgrade()?;
        Some(RegistrationWriter { requests, statistics: Arc::clone(&self.statistics) })
    }
}

/// A place among those who wait for durability. Given back when dropped.
pub struct FlushPlace<'w>(mpsc::Permit<'w, Completion>);

impl FlushPlace<'_> {
    /// Calls back once every change made so far is durable, or could not be made so.
    pub fn flush(self, completion: Completion) {
        self.0.send(completion);
    }
}

impl Writer {
    async fn run(mut self, mut requests: mpsc::Receiver<Completion>) {
        let mut ticks = tokio::time::interval(Duration::from_millis(self.config.interval_ms.max(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut waiting = Vec::new();
            tokio::select! {
                request = requests.recv() => match request {
                    Some(completion) => waiting.push(completion),
                    None => break,
                },
                _ = ticks.tick() => self.sweep(),
            }
            let closed = take_waiting(&mut requests, &mut waiting);
            let outcome = self.write().await;
            for completion in waiting {
                completion(outcome.clone());
            }
            if closed {
                break;
            }
        }
        // What came in while the last write was under way.
        if let Err(error) = self.write().await {
            tracing::error!(%error, "the last registrations before the end could not be stored");
        }
    }

    /// Makes everything durable that has changed so far: first what failed before, because newer changes build on it.
    async fn write(&mut self) -> Result<(), StorageError> {
        self.save().await?;
        self.directory.take_unsaved(&mut self.unwritten);
        self.save().await
    }

    /// Stores what was taken, in its order. What storage calls damaged would be so for ever and hold up everything
    /// behind it: the batch is halved until the change at fault stands alone, and that one is given up.
    async fn save(&mut self) -> Result<(), StorageError> {
        let mut outcome = Ok(());
        let mut size = self.unwritten.len();
        self.statistics.pending(size);
        while let Some(part) = self.unwritten.get(..size.min(self.unwritten.len())).filter(|part| !part.is_empty()) {
            let count = part.len();
            let saved = self.storage.save(part.to_vec()).await;
            self.statistics.tried(&saved);
            match saved {
                Ok(()) => {
                    self.unwritten.drain(..count);
                    size = count * 2;
                }
                Err(StorageError::Damaged(_)) if count > 1 => size = count / 2,
                Err(error @ StorageError::Damaged(_)) => {
                    // A binding that is refreshed later is stored then; a removal is answered with an error.
                    tracing::error!(%error, "a registration that cannot be stored is given up");
                    for change in self.unwritten.drain(..count) {
                        if let RegistrationChange::Put(binding) = change {
                            self.directory.was_not_stored(binding.credential, binding.id);
                        }
                    }
                    outcome = Err(error);
                    size = count * 2;
                }
                Err(error) => {
                    let changes = self.unwritten.len();
                    tracing::warn!(%error, changes, "registrations could not be stored; trying again");
                    return Err(error);
                }
            }
            self.statistics.pending(self.unwritten.len());
        }
        outcome
    }

    /// Ends at each tick what time has ended, and visits a part of the table for the rest.
    fn sweep(&mut self) {
        self.directory.end_what_is_over(self.clock.now());
        let shards = self.directory.shard_count();
        let step = shards.div_ceil(self.config.intervals_per_sweep.max(1));
        let start = self.swept_shards;
        let end = (start + step).min(shards);
        self.directory.sweep(start..end, self.clock.now());
        // The last part may be a short one; the next round begins with the first shard all the same.
        self.swept_shards = if end < shards { end } else { 0 };
    }
}

/// Everybody who waits by now is served by the same write. Returns whether nobody can ask any more.
fn take_waiting(requests: &mut mpsc::Receiver<Completion>, waiting: &mut Vec<Completion>) -> bool {
    loop {
        match requests.try_recv() {
            Ok(completion) => waiting.push(completion),
            Err(TryRecvError::Empty) => return false,
            Err(TryRecvError::Disconnected) => return true,
        }
    }
}
