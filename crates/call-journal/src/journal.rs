//! The queue and the task that empties it.

use crate::JournalStatistics;
use crate::queue::{Gathering, Queue, Waiting};
use domain::{CallId, CallRecord, CallSnapshot};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use storage::{CallChange, CallJournal, CallRecords, StorageError, WhenDurable};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

/// How much waits, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Changes of any kind that may wait.
    pub room: usize,
    /// Ended calls that may wait beyond that.
    pub room_for_records: usize,
    /// Most changes of one transaction.
    pub batch: usize,
    /// How long changes that nobody waits for may gather, in milliseconds: what a crash may lose. A record that is lost so
    /// is written after the restart, from what was kept of its call, unless nobody had answered.
    pub gather_ms: u64,
    /// How long changes gather after a write, in milliseconds, even where somebody waits for them: with many calls a
    /// second the disk is asked for a batch of them at a time, while one call alone is not held up.
    pub breath_ms: u64,
    /// How long to pause after a failed write, in milliseconds.
    pub retry_ms: u64,
    /// How often a failing write is tried when the journal is being closed.
    pub last_attempts: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            room: 65_536,
            room_for_records: 262_144,
            batch: 1_024,
            gather_ms: 100,
            breath_ms: 8,
            retry_ms: 1_000,
            last_attempts: 3,
        }
    }
}

impl Config {
    const fn gathering(&self) -> Gathering {
        Gathering { lasts: Duration::from_millis(self.gather_ms), most: self.batch }
    }
}

/// Takes changes of calls without waiting.
pub struct Journal {
    queue: Mutex<Queue>,
    /// Something waits, or the journal is closed.
    filled: Notify,
    /// Gathering is over before its time.
    due: Notify,
    config: Config,
    statistics: Arc<JournalStatistics>,
}

/// The writing task, and the way to end it.
pub struct JournalTask {
    journal: Arc<Journal>,
    task: JoinHandle<()>,
}

impl Journal {
    /// Starts the writing task on the present tokio runtime.
    #[must_use]
    pub fn start(storage: Arc<dyn CallRecords>, config: Config) -> (Arc<Self>, JournalTask) {
        let journal = Arc::new(Self {
            queue: Mutex::default(),
            filled: Notify::new(),
            due: Notify::new(),
            config,
            statistics: Arc::default(),
        });
        let writer = Writer { journal: Arc::clone(&journal), storage, unwritten: Vec::new() };
        let task = JournalTask { journal: Arc::clone(&journal), task: tokio::spawn(writer.run()) };
        (journal, task)
    }

    /// How writing goes.
    #[must_use]
    pub const fn statistics(&self) -> &Arc<JournalStatistics> {
        &self.statistics
    }

    fn push(&self, change: CallChange, when_durable: Option<WhenDurable>) {
        let is_record = matches!(change, CallChange::Ended(_));
        let room = self.config.room + if is_record { self.config.room_for_records } else { 0 };
        let now = Instant::now();
        let (refused, is_due) = {
            let mut queue = self.queue.lock();
            let refused = queue.push(Waiting { change, when_durable }, room, (now, self.config.gathering()));
            self.statistics.pending.store(queue.len() as u64, Ordering::Relaxed);
            (refused, queue.due_at().is_some_and(|at| at <= now))
        };
        if let Some(refused) = refused {
            return self.refuse(refused, is_record);
        }
        self.filled.notify_one();
        if is_due {
            self.due.notify_one();
        }
    }

    /// Says that it found no room: to whoever waits for it, in the counts, and in the log, at each power of two.
    fn refuse(&self, refused: Waiting, is_record: bool) {
        let count = if is_record { &self.statistics.dropped_records } else { &self.statistics.dropped_changes };
        let dropped = count.fetch_add(1, Ordering::Relaxed) + 1;
        if dropped.is_power_of_two() {
            let call = refused.change.call();
            if is_record {
                tracing::error!(%call, dropped, "the record of an ended call is lost: too many wait for the storage");
            } else {
                tracing::warn!(%call, dropped, "a call is not kept for a restart: too many changes wait for the storage");
            }
        }
        if let Some(when_durable) = refused.when_durable {
            when_durable(Err(StorageError::Unavailable("too many changes of calls wait to be stored".into())));
        }
    }
}

impl CallJournal for Journal {
    fn confirmed(&self, snapshot: CallSnapshot, when_durable: Option<WhenDurable>) {
        self.push(CallChange::Confirmed(snapshot), when_durable);
    }

    fn changed(&self, id: CallId, octets: Box<[u8]>, when_durable: Option<WhenDurable>) {
        self.push(CallChange::Changed { id, octets }, when_durable);
    }

    fn ended(&self, record: CallRecord, when_durable: Option<WhenDurable>) {
        self.push(CallChange::Ended(record), when_durable);
    }
}

impl JournalTask {
    /// Writes what waits and ends; changes that come later are refused. Where the storage keeps failing, it says in the
    /// log what is lost.
    pub async fn close(self) {
        self.journal.queue.lock().is_closed = true;
        self.journal.filled.notify_one();
        self.journal.due.notify_one();
        if self.task.await.is_err() {
            tracing::error!("the task that stores calls did not end in order");
        }
    }

    /// Whether it still runs; it ends early only by a panic.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.task.is_finished()
    }
}

struct Writer {
    journal: Arc<Journal>,
    storage: Arc<dyn CallRecords>,
    /// Taken from the queue and not known to be durable; written before anything newer.
    unwritten: Vec<CallChange>,
}

impl Writer {
    async fn run(mut self) {
        while self.wait().await {
            if self.write_all().await.is_err() {
                let pause = Duration::from_millis(self.journal.config.retry_ms);
                if !self.journal.queue.lock().is_closed {
                    sleep(pause).await;
                }
            }
        }
        self.finish().await;
    }

    /// Waits until something has to be written. False once the journal is closed.
    async fn wait(&self) -> bool {
        let journal = &self.journal;
        loop {
            let (filled, due) = (journal.filled.notified(), journal.due.notified());
            let due_at = {
                let queue = journal.queue.lock();
                if queue.is_closed {
                    return false;
                }
                queue.due_at()
            };
            match due_at {
                _ if !self.unwritten.is_empty() => return true,
                None => filled.await,
                Some(at) if at <= Instant::now() => return true,
                // Over with the time, or as soon as somebody waits.
                Some(at) => drop(timeout_at(at, due).await),
            }
        }
    }

    /// Writes what is due, batch by batch, and tells whoever waits for it.
    async fn write_all(&mut self) -> Result<(), StorageError> {
        loop {
            let taken = self.journal.queue.lock().take(self.journal.config.batch, Instant::now());
            if taken.is_empty() && self.unwritten.is_empty() {
                return Ok(());
            }
            let mut waiting = Vec::new();
            for Waiting { change, when_durable } in taken {
                self.unwritten.push(change);
                waiting.extend(when_durable);
            }
            let outcome = self.write().await;
            for when_durable in waiting {
                when_durable(outcome.clone());
            }
            outcome?;
            if !self.journal.queue.lock().is_closed {
                sleep(Duration::from_millis(self.journal.config.breath_ms)).await;
            }
        }
    }

    /// Writes what was taken, in its order. What storage calls damaged would be so for ever and hold up everything
    /// behind it: the batch is halved until the change at fault stands alone, and that one is given up.
    async fn write(&mut self) -> Result<(), StorageError> {
        let mut size = self.unwritten.len().min(self.journal.config.batch);
        let mut given_up = Ok(());
        while !self.unwritten.is_empty() {
            let rest = self.unwritten.split_off(size.clamp(1, self.unwritten.len()));
            let part = Arc::new(std::mem::replace(&mut self.unwritten, rest));
            let count = part.len();
            match self.storage.save_calls(Arc::clone(&part)).await {
                Ok(()) => {
                    self.settled(count);
                    self.journal.statistics.written.fetch_add(count as u64, Ordering::Relaxed);
                    size = (count * 2).min(self.journal.config.batch);
                }
                Err(error @ StorageError::Damaged(_)) if count == 1 => {
                    self.give_up(&part, &error);
                    given_up = Err(error);
                }
                Err(error) => {
                    self.put_back(part);
                    self.journal.statistics.failed_writes.fetch_add(1, Ordering::Relaxed);
                    if !matches!(error, StorageError::Damaged(_)) {
                        let changes = self.unwritten.len();
                        tracing::warn!(%error, changes, "changes of calls could not be stored; trying again");
                        return Err(error);
                    }
                    size = count / 2;
                }
            }
        }
        given_up
    }

    fn settled(&self, count: usize) {
        let mut queue = self.journal.queue.lock();
        queue.written(count);
        self.journal.statistics.pending.store(queue.len() as u64, Ordering::Relaxed);
    }

    fn put_back(&mut self, part: Arc<Vec<CallChange>>) {
        let mut changes = Arc::unwrap_or_clone(part);
        changes.append(&mut self.unwritten);
        self.unwritten = changes;
    }

    fn give_up(&self, part: &[CallChange], error: &StorageError) {
        self.settled(part.len());
        for change in part {
            let is_record = matches!(change, CallChange::Ended(_));
            let statistics = &self.journal.statistics;
            let count = if is_record { &statistics.dropped_records } else { &statistics.dropped_changes };
            count.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%error, call = %change.call(), is_record, "a change of a call that cannot be stored is given up");
        }
    }

    /// The last of it, with some patience.
    async fn finish(&mut self) {
        for attempt in 1..=self.journal.config.last_attempts.max(1) {
            match self.write_all().await {
                // Only what can never be stored is missing.
                Ok(()) | Err(StorageError::Damaged(_)) => return,
                Err(_) if attempt < self.journal.config.last_attempts => {
                    sleep(Duration::from_millis(self.journal.config.retry_ms)).await;
                }
                Err(_) => {}
            }
        }
        let records = self.unwritten.iter().filter(|change| matches!(change, CallChange::Ended(_))).count();
        let calls = self.unwritten.len();
        tracing::error!(calls, records, "the last changes of calls could not be stored; those records are lost");
    }
}
