//! What the journal promises, over a storage that fails when told to.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers of tests among them")]

use call_journal::{Config, Journal, JournalTask, Retention};
use domain::{AccountId, CallId, CallRecord, CallSnapshot, Timestamp};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use storage::{
    CallChange, CallJournal, CallRecordFilter, CallRecords, Change, Commit, Pending, StorageError, WhenDurable,
};
use testkit::{MemoryStorage, VirtualClock, samples};
use tokio::sync::oneshot;

const ACCOUNT: AccountId = AccountId(1);

/// A storage that fails as long as it is told to, and counts transactions.
struct Unreliable {
    storage: MemoryStorage,
    failure: Mutex<Option<StorageError>>,
    /// A call whose changes are always damaged.
    poison: Mutex<Option<CallId>>,
    transactions: AtomicUsize,
    /// Transactions that take effect and are said to be unknown.
    unknown: AtomicU64,
}

impl Unreliable {
    async fn with_account() -> Arc<Self> {
        let storage = MemoryStorage::new();
        let set = samples::change_set(Change::CreateAccount(samples::new_account("MA_AAAAAAAA")));
        storage.commit(set).await.unwrap();
        let (failure, poison, transactions) = (Mutex::default(), Mutex::default(), AtomicUsize::new(0));
        Arc::new(Self { storage, failure, poison, transactions, unknown: AtomicU64::new(0) })
    }

    fn fail_with(&self, failure: Option<StorageError>) {
        *self.failure.lock() = failure;
    }

    async fn records(&self) -> Vec<CallRecord> {
        self.storage.call_records(CallRecordFilter::all_of(ACCOUNT), None, 1_000_000).await.unwrap()
    }

    fn live(&self) -> Vec<CallSnapshot> {
        let mut live = Vec::new();
        self.storage.load_live_calls(&mut |snapshot| live.push(snapshot)).unwrap();
        live
    }
}

impl CallRecords for Unreliable {
    fn save_calls(&self, changes: Arc<Vec<CallChange>>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            self.transactions.fetch_add(1, Ordering::Relaxed);
            if let Some(failure) = self.failure.lock().clone() {
                return Err(failure);
            }
            let poison = *self.poison.lock();
            if changes.iter().any(|change| Some(change.call()) == poison) {
                return Err(StorageError::Damaged("poison".into()));
            }
            self.storage.save_calls(changes).await?;
            let doubts = self.unknown.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            if doubts.is_ok() { Err(StorageError::Unknown("the answer is lost".into())) } else { Ok(()) }
        })
    }

    fn load_live_calls(&self, each: &mut dyn FnMut(CallSnapshot)) -> Result<(), StorageError> {
        self.storage.load_live_calls(each)
    }

    fn call_record(&self, account: AccountId, id: CallId) -> Pending<'_, Result<Option<CallRecord>, StorageError>> {
        self.storage.call_record(account, id)
    }

    fn call_records(
        &self,
        filter: CallRecordFilter,
        before: Option<CallId>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<CallRecord>, StorageError>> {
        self.storage.call_records(filter, before, limit)
    }

    fn trim_call_records(&self, before: Timestamp, limit: u32) -> Pending<'_, Result<u32, StorageError>> {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        self.storage.trim_call_records(before, limit)
    }
}

fn start(storage: &Arc<Unreliable>, config: Config) -> (Arc<Journal>, JournalTask) {
    Journal::start(Arc::clone(storage) as _, config)
}

fn waiting() -> (Option<WhenDurable>, oneshot::Receiver<Result<(), StorageError>>) {
    let (answer, answered) = oneshot::channel();
    (Some(Box::new(move |outcome| answer.send(outcome).unwrap())), answered)
}

fn snapshot(number: u64, octets: &[u8]) -> CallSnapshot {
    CallSnapshot { call: samples::call(ACCOUNT, number), octets: octets.into() }
}

fn record(number: u64) -> CallRecord {
    samples::call_record(ACCOUNT, number)
}

#[tokio::test(start_paused = true)]
async fn a_call_is_kept_until_its_record_replaces_it() {
    let storage = Unreliable::with_account().await;
    let (journal, task) = start(&storage, Config::default());
    let (when_durable, durable) = waiting();
    journal.confirmed(snapshot(1, b"one"), when_durable);
    durable.await.unwrap().unwrap();
    assert_eq!(storage.live(), [snapshot(1, b"one")]);
    let (when_durable, durable) = waiting();
    journal.changed(snapshot(1, b"").call.id, b"two"[..].into(), when_durable);
    durable.await.unwrap().unwrap();
    assert_eq!(storage.live(), [snapshot(1, b"two")]);
    let (when_durable, durable) = waiting();
    journal.ended(record(1), when_durable);
    durable.await.unwrap().unwrap();
    assert_eq!((storage.live(), storage.records().await), (vec![], vec![record(1)]));
    assert_eq!((journal.statistics().written(), journal.statistics().pending()), (3, 0));
    assert!(task.is_running());
    task.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_gathers_and_whoever_waits_is_not_held_up() {
    let storage = Unreliable::with_account().await;
    let (journal, task) = start(&storage, Config { gather_ms: 3_600_000, ..Config::default() });
    for number in 1..=100 {
        journal.ended(record(number), None);
        tokio::task::yield_now().await;
    }
    assert_eq!(storage.transactions.load(Ordering::Relaxed), 0);
    let (when_durable, durable) = waiting();
    journal.ended(record(101), when_durable);
    tokio::time::timeout(Duration::from_secs(1), durable).await.unwrap().unwrap().unwrap();
    assert_eq!(storage.transactions.load(Ordering::Relaxed), 1);
    assert_eq!(storage.records().await.len(), 101);
    task.close().await;
}

#[tokio::test(start_paused = true)]
async fn records_gather_while_calls_are_kept_at_once() {
    let storage = Unreliable::with_account().await;
    let (journal, task) = start(&storage, Config { gather_ms: 1_000, batch: 50, ..Config::default() });
    let keep = async |number| {
        let (when_durable, durable) = waiting();
        journal.confirmed(snapshot(number, b"x"), when_durable);
        tokio::time::timeout(Duration::from_millis(100), durable).await.unwrap().unwrap().unwrap();
    };
    journal.ended(record(1), None);
    keep(2).await;
    journal.ended(record(2), None);
    keep(3).await;
    assert_eq!((storage.live().len(), storage.records().await.len()), (2, 0));
    // Until the first has waited as long as it may.
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    assert_eq!((storage.live(), storage.records().await), (vec![snapshot(3, b"x")], vec![record(2), record(1)]));
    assert_eq!(storage.transactions.load(Ordering::Relaxed), 3);
    // A whole batch of them waits for nothing.
    for number in 11..=60 {
        journal.ended(record(number), None);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(storage.records().await.len(), 52);
    task.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_told_at_once_and_costs_nothing_once_there_is_room() {
    let storage = Unreliable::with_account().await;
    let (journal, task) = start(&storage, Config::default());
    storage.fail_with(Some(StorageError::Full));
    let (when_durable, durable) = waiting();
    journal.confirmed(snapshot(1, b"one"), when_durable);
    assert!(matches!(durable.await.unwrap(), Err(StorageError::Full)));
    let (when_durable, durable) = waiting();
    journal.ended(record(2), when_durable);
    assert!(matches!(durable.await.unwrap(), Err(StorageError::Full)));
    assert_eq!((journal.statistics().pending(), journal.statistics().written()), (2, 0));
    assert!(journal.statistics().failed_writes() >= 2);
    storage.fail_with(None);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((storage.live(), storage.records().await), (vec![snapshot(1, b"one")], vec![record(2)]));
    assert_eq!(journal.statistics().pending(), 0);
    task.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_end_is_unknown_is_repeated_without_a_second_record() {
    let storage = Unreliable::with_account().await;
    let (journal, task) = start(&storage, Config::default());
    storage.unknown.store(3, Ordering::Relaxed);
    journal.confirmed(snapshot(1, b"one"), None);
    journal.ended(record(1), None);
    journal.ended(record(2), None);
    task.close().await;
    assert_eq!((storage.live(), storage.records().await), (vec![], vec![record(2), record(1)]));
    assert_eq!(storage.transactions.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn the_queue_has_an_end_and_records_have_room_of_their_own() {
    let storage = Unreliable::with_account().await;
    let (journal, task) = start(&storage, Config { room: 3, room_for_records: 2, ..Config::default() });
    storage.fail_with(Some(StorageError::Unavailable("away".into())));
    let mut told = Vec::new();
    for number in 1..=4 {
        let (when_durable, durable) = waiting();
        journal.confirmed(snapshot(number, b"x"), when_durable);
        told.push(durable);
    }
    for number in 5..=7 {
        journal.ended(record(number), None);
    }
    for durable in told {
        assert!(durable.await.unwrap().is_err(), "nobody who waits is forgotten");
    }
    let statistics = journal.statistics();
    assert_eq!((statistics.dropped_changes(), statistics.dropped_records(), statistics.pending()), (1, 1, 5));
    storage.fail_with(None);
    task.close().await;
    assert_eq!((storage.live().len(), storage.records().await), (3, vec![record(6), record(5)]));
    assert_eq!((statistics.pending(), statistics.written()), (0, 5));
    // Closed: whoever comes later is told so.
    let (when_durable, durable) = waiting();
    journal.ended(record(8), when_durable);
    assert!(durable.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_change_that_cannot_be_stored_holds_nobody_up() {
    let storage = Unreliable::with_account().await;
    let (journal, task) = start(&storage, Config::default());
    *storage.poison.lock() = Some(record(50).call.id);
    for number in 1..=100 {
        journal.ended(record(number), None);
    }
    task.close().await;
    assert_eq!(storage.records().await.len(), 99);
    assert_eq!((journal.statistics().dropped_records(), journal.statistics().pending()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn old_records_are_deleted_in_steps_and_young_ones_stay() {
    let storage = Unreliable::with_account().await;
    let old: Vec<_> = (0..1_200).map(|number| CallChange::Ended(record(number))).collect();
    storage.storage.save_calls(Arc::new(old)).await.unwrap();
    let clock = Arc::new(VirtualClock::new(record(1_199).call.begun_at.plus_seconds(86_400 * 30)));
    let retention = Retention { storage: Arc::clone(&storage) as _, clock, days: 30 };
    assert_eq!(retention.trim().await.unwrap(), 1_199);
    assert_eq!(storage.records().await, [record(1_199)]);
    assert_eq!(storage.transactions.load(Ordering::Relaxed), 3);
    assert_eq!(retention.trim().await.unwrap(), 0);
}
