//! The task that stores what is to be kept.

use crate::near_misses::look_for;
use crate::sampler::{Draft, NewRecord, Sampler, Sampling};
use crate::{KeepingStatistics, Names};
use domain::{AuthRecord, Clock, Timestamp};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use storage::{AuthEventChange, AuthEvents, KeptAuthRecord, StorageError};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Most records of one transaction.
const BATCH: usize = 500;
/// How long changes gather: a disk is asked for many of them at a time.
const BREATH: Duration = Duration::from_millis(50);
/// Between a failed write and the next.
const RETRY: Duration = Duration::from_secs(1);
/// How often a failing write is tried at the end.
const LAST_ATTEMPTS: u32 = 3;

/// What keeping needs of others.
pub struct Keeping {
    /// Where records are kept.
    pub storage: Arc<dyn AuthEvents>,
    /// What is known of names.
    pub names: Arc<dyn Names>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Who is told of each record that was kept.
    pub listeners: Vec<Arc<dyn Listener>>,
    /// How much is kept one by one.
    pub sampling: Sampling,
    /// Records that may wait for the storage.
    pub room: usize,
}

/// Is told of what was kept.
pub trait Listener: Send + Sync {
    /// Takes a record, without waiting.
    fn kept(&self, record: &Arc<KeptAuthRecord>);
}

/// What the collector and the task share.
pub(crate) struct Keeper {
    parts: Keeping,
    sampler: Mutex<Sampler>,
    queue: Mutex<VecDeque<Draft>>,
    filled: Notify,
    is_closed: AtomicBool,
    pub(crate) statistics: Arc<KeepingStatistics>,
}

/// The storing task, and the way to end it.
pub struct KeeperTask {
    keeper: Arc<Keeper>,
    task: JoinHandle<()>,
}

impl Keeper {
    /// Starts the task on the present tokio runtime.
    pub(crate) fn start(parts: Keeping) -> (Arc<Self>, KeeperTask) {
        let keeper = Arc::new(Self {
            sampler: Mutex::new(Sampler::new(parts.sampling)),
            queue: Mutex::default(),
            filled: Notify::new(),
            is_closed: AtomicBool::new(false),
            statistics: Arc::default(),
            parts,
        });
        let task = tokio::spawn(Writer { keeper: Arc::clone(&keeper) }.run());
        (Arc::clone(&keeper), KeeperTask { keeper, task })
    }

    /// Lets the sampler see attempts, and queues what it wants kept.
    pub(crate) fn sample(&self, take: impl FnOnce(&mut Sampler, &dyn Names, &mut Vec<Draft>)) {
        let mut drafts = Vec::new();
        let mut sampler = self.sampler.lock();
        take(&mut sampler, &*self.parts.names, &mut drafts);
        sampler.tick(self.parts.clock.now(), &*self.parts.names, &mut drafts);
        self.statistics.unkept.store(sampler.unkept(), Ordering::Relaxed);
        drop(sampler);
        self.push(drafts);
    }

    /// What finds no room is counted and dropped: signalling does not wait for a disk.
    fn push(&self, drafts: Vec<Draft>) {
        if drafts.is_empty() {
            return;
        }
        let mut queue = self.queue.lock();
        for draft in drafts {
            if queue.len() < self.parts.room {
                queue.push_back(draft);
            } else {
                let dropped = self.statistics.dropped.fetch_add(1, Ordering::Relaxed) + 1;
                if dropped.is_power_of_two() {
                    tracing::warn!(dropped, "authentication events are lost: too many wait for the storage");
                }
            }
        }
        self.statistics.pending.store(queue.len() as u64, Ordering::Relaxed);
        drop(queue);
        self.filled.notify_one();
    }

    fn next(&self) -> Vec<Draft> {
        let mut queue = self.queue.lock();
        let count = queue.len().min(BATCH);
        let taken = queue.drain(..count).collect();
        self.statistics.pending.store(queue.len() as u64, Ordering::Relaxed);
        taken
    }
}

impl KeeperTask {
    /// Stores what was counted and waits, and ends.
    pub async fn close(self) {
        let mut drafts = Vec::new();
        self.keeper.sampler.lock().finish(&mut drafts);
        self.keeper.push(drafts);
        self.keeper.is_closed.store(true, Ordering::Release);
        self.keeper.filled.notify_one();
        if self.task.await.is_err() {
            tracing::error!("the task that stores authentication events did not end in order");
        }
    }
}

struct Writer {
    keeper: Arc<Keeper>,
}

/// What is to be told once a record is stored.
struct Addition {
    record: AuthRecord,
    window: Option<(crate::sampler::WindowKey, Timestamp)>,
}

impl Writer {
    async fn run(self) {
        loop {
            let is_closed = self.keeper.is_closed.load(Ordering::Acquire);
            let drafts = self.keeper.next();
            match (drafts.is_empty(), is_closed) {
                (true, true) => return,
                (true, false) => self.keeper.filled.notified().await,
                (false, _) => {
                    self.store(drafts).await;
                    if !is_closed {
                        sleep(BREATH).await;
                    }
                }
            }
        }
    }

    async fn store(&self, drafts: Vec<Draft>) {
        let mut changes = Vec::with_capacity(drafts.len());
        let mut additions = Vec::new();
        for draft in drafts {
            match draft {
                Draft::More { id, attempts, last_at } => {
                    changes.push(AuthEventChange::More { id, attempts, last_at });
                }
                Draft::New(mut new) => {
                    let Keeping { storage, names, .. } = &self.keeper.parts;
                    look_for(&mut new, &**storage, &**names).await;
                    let NewRecord { record, window, .. } = *new;
                    changes.push(AuthEventChange::Add(record.clone()));
                    additions.push(Addition { window: window.map(|window| (window, record.at)), record });
                }
            }
        }
        let count = changes.len() as u64;
        match self.save(Arc::new(changes)).await {
            Ok(ids) => {
                self.keeper.statistics.written.fetch_add(count, Ordering::Relaxed);
                for (addition, id) in additions.into_iter().zip(ids) {
                    let Some(id) = id else { continue };
                    if let Some((window, begun_at)) = addition.window {
                        self.keeper.sampler.lock().numbered(window, (begun_at, id));
                    }
                    let kept = Arc::new(KeptAuthRecord { id, record: addition.record });
                    self.keeper.parts.listeners.iter().for_each(|listener| listener.kept(&kept));
                }
            }
            Err(error) => {
                self.keeper.statistics.dropped.fetch_add(count, Ordering::Relaxed);
                tracing::error!(%error, count, "authentication events could not be stored and are lost");
            }
        }
    }

    /// Tries until it succeeds, or cannot, or there is no time left. Meanwhile the queue fills, and has an end.
    async fn save(
        &self,
        changes: Arc<Vec<AuthEventChange>>,
    ) -> Result<Vec<Option<domain::AuthRecordId>>, StorageError> {
        let mut attempts_at_end = 0;
        loop {
            let error = match self.keeper.parts.storage.save_auth_events(Arc::clone(&changes)).await {
                Ok(ids) => return Ok(ids),
                // Trying again could store everything twice, and damage does not mend.
                Err(error @ (StorageError::Unknown(_) | StorageError::Damaged(_))) => return Err(error),
                Err(error) => error,
            };
            self.keeper.statistics.failed_writes.fetch_add(1, Ordering::Relaxed);
            attempts_at_end += u32::from(self.keeper.is_closed.load(Ordering::Acquire));
            if attempts_at_end >= LAST_ATTEMPTS {
                return Err(error);
            }
            tracing::warn!(%error, "authentication events could not be stored; trying again");
            sleep(RETRY).await;
        }
    }
}
