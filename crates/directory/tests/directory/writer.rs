//! What is written when, in what order, and what happens when it cannot be.

use crate::installation::{Installation, Phone};
use directory::{RegistrationWriter, WriterConfig};
use domain::{Clock, ContactBinding, Timestamp};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use storage::{Pending, RegistrationChange, Registrations, StorageError};
use testkit::MemoryStorage;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

/// Storage whose saves can be made to fail or to wait.
struct Moody {
    inner: Arc<MemoryStorage>,
    failures: AtomicUsize,
    saves: AtomicUsize,
    /// A contact that no save may have in it.
    poison: Mutex<Option<&'static str>>,
    /// Each save takes one permit.
    permits: Semaphore,
    batches: Mutex<Vec<usize>>,
}

impl Registrations for Moody {
    fn load(&self, now: Timestamp, each: &mut dyn FnMut(ContactBinding)) -> Result<(), StorageError> {
        self.inner.load(now, each)
    }

    fn save(&self, batch: Vec<RegistrationChange>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            self.permits.acquire().await.unwrap().forget();
            self.saves.fetch_add(1, Ordering::SeqCst);
            self.batches.lock().push(batch.len());
            if self.failures.load(Ordering::SeqCst) > 0 {
                self.failures.fetch_sub(1, Ordering::SeqCst);
                return Err(StorageError::Unavailable("injected".into()));
            }
            let is_poison = |change: &RegistrationChange| match (change, *self.poison.lock()) {
                (RegistrationChange::Put(record), Some(poison)) => *record.contact == *poison.as_bytes(),
                _ => false,
            };
            if batch.iter().any(is_poison) {
                return Err(StorageError::Damaged("injected".into()));
            }
            self.inner.save(batch).await
        })
    }
}

struct Writing {
    installation: Installation,
    phone: Phone,
    storage: Arc<Moody>,
    writer: RegistrationWriter,
    task: JoinHandle<()>,
}

const NEVER_BY_ITSELF: WriterConfig =
    WriterConfig { interval_ms: 3_600_000_000, waiting_removals: 4, intervals_per_sweep: 1 };

async fn writing(config: WriterConfig) -> Writing {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let phone = installation.phone(&scope, "alice").await;
    let storage = Arc::new(Moody {
        inner: Arc::clone(&installation.storage),
        failures: AtomicUsize::new(0),
        saves: AtomicUsize::new(0),
        poison: Mutex::default(),
        permits: Semaphore::new(1000),
        batches: Mutex::default(),
    });
    let directory = Arc::clone(&installation.directory);
    let clock = Arc::clone(&installation.clock);
    let (writer, task) = RegistrationWriter::start(directory, Arc::clone(&storage) as _, clock as _, config);
    // The first tick is due at once and finds nothing.
    tokio::time::sleep(Duration::from_millis(1)).await;
    Writing { installation, phone, storage, writer, task }
}

impl Writing {
    /// Asks for durability; what is stored at the moment of the completion, and its outcome.
    fn flush(&self) -> oneshot::Receiver<(Result<(), StorageError>, Vec<String>)> {
        let (sender, receiver) = oneshot::channel();
        let storage = Arc::clone(&self.storage);
        let now = self.installation.clock.now();
        let completion = move |outcome| {
            let mut stored = Vec::new();
            let mut note = |record: ContactBinding| stored.push(String::from_utf8_lossy(&record.contact).into_owned());
            storage.load(now, &mut note).unwrap();
            stored.sort();
            let _ = sender.send((outcome, stored));
        };
        self.writer.reserve().unwrap().flush(Box::new(completion));
        receiver
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_is_in_storage_when_its_completion_runs() {
    let writing = writing(NEVER_BY_ITSELF).await;
    writing.installation.bind(&writing.phone, "sip:a@1.test", 1).unwrap();
    writing.installation.bind(&writing.phone, "sip:a@2.test", 1).unwrap();
    assert_eq!(writing.installation.stored(), [""; 0], "nothing is written before its time");
    let (outcome, stored) = writing.flush().await.unwrap();
    assert!(outcome.is_ok());
    assert_eq!(stored, ["sip:a@1.test", "sip:a@2.test"]);
    writing.installation.unbind(&writing.phone, "sip:a@1.test").unwrap();
    writing.installation.bind(&writing.phone, "sip:a@3.test", 1).unwrap();
    let (outcome, stored) = writing.flush().await.unwrap();
    assert!(outcome.is_ok());
    assert_eq!(stored, ["sip:a@2.test", "sip:a@3.test"]);
    assert_eq!(*writing.storage.batches.lock(), [2, 2]);
}

#[tokio::test(start_paused = true)]
async fn refreshes_are_written_within_the_interval_and_only_changes_are() {
    let writing = writing(WriterConfig { interval_ms: 500, ..NEVER_BY_ITSELF }).await;
    writing.installation.bind(&writing.phone, "sip:a@1.test", 1).unwrap();
    tokio::time::sleep(Duration::from_millis(501)).await;
    assert_eq!(writing.installation.stored(), ["sip:a@1.test 1"]);
    writing.installation.bind(&writing.phone, "sip:a@1.test", 2).unwrap();
    writing.installation.bind(&writing.phone, "sip:a@1.test", 3).unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(writing.installation.stored(), ["sip:a@1.test 3"]);
    assert_eq!(*writing.storage.batches.lock(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_save_is_told_and_tried_again_before_anything_newer() {
    let writing = writing(NEVER_BY_ITSELF).await;
    writing.installation.bind(&writing.phone, "sip:a@1.test", 1).unwrap();
    writing.installation.bind(&writing.phone, "sip:a@2.test", 1).unwrap();
    assert!(writing.flush().await.unwrap().0.is_ok());
    writing.storage.failures.store(2, Ordering::SeqCst);
    writing.installation.unbind(&writing.phone, "sip:a@1.test").unwrap();
    let (outcome, stored) = writing.flush().await.unwrap();
    assert!(matches!(outcome, Err(StorageError::Unavailable(_))));
    assert_eq!(stored, ["sip:a@1.test", "sip:a@2.test"]);
    // What comes after waits for what failed: this removal is not durable either.
    writing.installation.unbind(&writing.phone, "sip:a@2.test").unwrap();
    writing.installation.bind(&writing.phone, "sip:a@3.test", 1).unwrap();
    assert!(writing.flush().await.unwrap().0.is_err());
    let (outcome, stored) = writing.flush().await.unwrap();
    assert!(outcome.is_ok());
    assert_eq!(stored, ["sip:a@3.test"]);
    assert_eq!(*writing.storage.batches.lock(), [2, 1, 1, 1, 2]);
}

/// One change does not hold up the others for ever.
#[tokio::test(start_paused = true)]
async fn a_change_that_storage_calls_damaged_is_given_up_alone() {
    let writing = writing(NEVER_BY_ITSELF).await;
    for contact in ["sip:a@1.test", "sip:a@2.test", "sip:a@3.test", "sip:a@4.test", "sip:a@5.test"] {
        writing.installation.bind(&writing.phone, contact, 1).unwrap();
    }
    *writing.storage.poison.lock() = Some("sip:a@3.test");
    let (outcome, stored) = writing.flush().await.unwrap();
    assert!(matches!(outcome, Err(StorageError::Damaged(_))), "who waited is told");
    assert_eq!(stored, ["sip:a@1.test", "sip:a@2.test", "sip:a@4.test", "sip:a@5.test"]);
    assert!(writing.flush().await.unwrap().0.is_ok(), "it is not tried again");
    // The phone is registered all the same, and its next refresh is stored if it can be by then.
    assert_eq!(writing.installation.live(&writing.phone), Some(5));
    *writing.storage.poison.lock() = None;
    writing.installation.bind(&writing.phone, "sip:a@3.test", 2).unwrap();
    let (outcome, stored) = writing.flush().await.unwrap();
    assert!(outcome.is_ok());
    assert_eq!(stored.len(), 5);
}

/// While nothing can be stored, registering and de-registering leaves no more to store than there was before.
#[tokio::test(start_paused = true)]
async fn what_came_and_went_while_storage_failed_is_not_kept() {
    let writing = writing(NEVER_BY_ITSELF).await;
    writing.installation.bind(&writing.phone, "sip:a@1.test", 1).unwrap();
    assert!(writing.flush().await.unwrap().0.is_ok());
    writing.storage.failures.store(1, Ordering::SeqCst);
    writing.installation.unbind(&writing.phone, "sip:a@1.test").unwrap();
    assert!(writing.flush().await.unwrap().0.is_err());
    for cseq in 1..1000 {
        writing.installation.bind(&writing.phone, "sip:a@2.test", cseq).unwrap();
        writing.installation.unbind(&writing.phone, "sip:a@2.test").unwrap();
    }
    writing.installation.bind(&writing.phone, "sip:a@3.test", 1000).unwrap();
    let (outcome, stored) = writing.flush().await.unwrap();
    assert!(outcome.is_ok());
    assert_eq!(stored, ["sip:a@3.test"]);
    // The removal that failed, and then one binding; nothing of those that came and went.
    assert_eq!(*writing.storage.batches.lock(), [1, 1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_binding_made_and_removed_while_a_save_is_under_way_stays_removed() {
    let writing = writing(NEVER_BY_ITSELF).await;
    writing.storage.permits.forget_permits(1000);
    writing.installation.bind(&writing.phone, "sip:a@1.test", 1).unwrap();
    let first = writing.flush();
    tokio::time::sleep(Duration::from_millis(1)).await;
    // The save of the binding has begun and waits.
    writing.installation.unbind(&writing.phone, "sip:a@1.test").unwrap();
    let second = writing.flush();
    writing.storage.permits.add_permits(10);
    assert_eq!(first.await.unwrap().1, ["sip:a@1.test"]);
    assert_eq!(second.await.unwrap().1, [""; 0]);
}

/// The write of a binding is under way while its credential is disabled and enabled again.
#[tokio::test(start_paused = true)]
async fn what_a_disable_ended_does_not_come_back_from_storage() {
    let writing = writing(NEVER_BY_ITSELF).await;
    writing.storage.permits.forget_permits(1000);
    writing.installation.bind(&writing.phone, "sip:a@1.test", 1).unwrap();
    let first = writing.flush();
    tokio::time::sleep(Duration::from_millis(1)).await;
    writing.installation.set_enabled(&writing.phone, false).await;
    writing.installation.set_enabled(&writing.phone, true).await;
    let second = writing.flush();
    writing.storage.permits.add_permits(10);
    assert!(first.await.unwrap().0.is_ok());
    assert!(second.await.unwrap().0.is_ok());
    assert_eq!(writing.installation.stored(), [""; 0]);
    let restarted = writing.installation.restarted().await;
    let now = writing.installation.clock.now();
    assert_eq!(restarted.live_bindings(writing.phone.realm, b"alice", now), Some(0));
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_share_a_write_and_the_queue_is_bounded() {
    let writing = writing(NEVER_BY_ITSELF).await;
    writing.storage.permits.forget_permits(1000);
    writing.installation.bind(&writing.phone, "sip:a@1.test", 1).unwrap();
    let first = writing.flush();
    tokio::time::sleep(Duration::from_millis(1)).await;
    writing.installation.bind(&writing.phone, "sip:a@2.test", 1).unwrap();
    let waiting: Vec<_> = (0..4).map(|_| writing.flush()).collect();
    assert!(writing.writer.reserve().is_err());
    writing.storage.permits.add_permits(10);
    assert!(first.await.unwrap().0.is_ok());
    for receiver in waiting {
        assert_eq!(receiver.await.unwrap().1.len(), 2);
    }
    assert_eq!(writing.storage.saves.load(Ordering::SeqCst), 2);
    // A place that is not used is given back.
    for _ in 0..10 {
        drop(writing.writer.reserve().unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_writer_to_go_leaves_nothing_unwritten() {
    let writing = writing(NEVER_BY_ITSELF).await;
    writing.installation.bind(&writing.phone, "sip:a@1.test", 1).unwrap();
    let flushed = writing.flush();
    writing.installation.bind(&writing.phone, "sip:a@2.test", 1).unwrap();
    let second = writing.writer.clone();
    drop(writing.writer);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(!writing.task.is_finished(), "one writer is left");
    writing.installation.bind(&writing.phone, "sip:a@3.test", 1).unwrap();
    drop(second);
    writing.task.await.unwrap();
    assert!(flushed.await.unwrap().0.is_ok());
    assert_eq!(writing.installation.stored(), ["sip:a@1.test 1", "sip:a@2.test 1", "sip:a@3.test 1"]);
}

#[tokio::test(start_paused = true)]
async fn when_the_writing_task_is_gone_nobody_gets_a_place() {
    let writing = writing(NEVER_BY_ITSELF).await;
    writing.task.abort();
    assert!(writing.task.await.is_err());
    assert!(writing.writer.reserve().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_whole_sweep_takes_its_number_of_intervals() {
    let writing = writing(WriterConfig { interval_ms: 500, intervals_per_sweep: 10, ..NEVER_BY_ITSELF }).await;
    writing.installation.bind(&writing.phone, "sip:a@1.test", 1).unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(writing.installation.stored(), ["sip:a@1.test 1"]);
    let count = || {
        let mut count = 0;
        writing
            .installation
            .directory
            .update_bindings(&writing.phone.key(), writing.installation.clock.now(), |bindings| {
                count = bindings.live.len();
            })
            .unwrap();
        count
    };
    writing.installation.clock.advance_seconds(599);
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(count(), 1);
    writing.installation.clock.advance_seconds(1);
    assert_eq!(writing.installation.live(&writing.phone), Some(0), "expired ones do not count, swept or not");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(count(), 0);
    let batches = writing.storage.batches.lock().clone();
    assert_eq!(batches, [1, 1], "the removal was written too");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_durable_and_what_failed_can_be_asked_for() {
    let writing = writing(NEVER_BY_ITSELF).await;
    let (directory, statistics) = (&writing.installation.directory, writing.writer.statistics());
    let occupancy = || directory.occupancy(writing.installation.clock.now());
    let before = occupancy();
    assert_eq!((before.accounts, before.credentials, before.registrations, before.unsaved), (1, 1, 0, 0));
    writing.installation.bind(&writing.phone, "sip:a@1.test", 1).unwrap();
    writing.installation.bind(&writing.phone, "sip:a@2.test", 1).unwrap();
    let bound = occupancy();
    assert_eq!((bound.registrations, bound.unsaved), (2, 1), "they are one credential's");
    writing.storage.failures.store(1, Ordering::SeqCst);
    assert!(writing.flush().await.unwrap().0.is_err());
    assert_eq!((occupancy().unsaved, statistics.under_way(), statistics.failures()), (0, 2, 1));
    assert!(writing.flush().await.unwrap().0.is_ok());
    assert_eq!((statistics.under_way(), statistics.failures()), (0, 1));
    writing.installation.clock.advance_seconds(100_000);
    assert_eq!(occupancy().registrations, 0, "what has expired is not counted before it is swept");
}
