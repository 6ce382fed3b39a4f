//! Events from the signalling path to storage.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use domain::{
    AccountId, AuthEvent, AuthReason, AuthRecord, CredentialId, DigestAlgorithm, NearMiss, RealmId,
    SignallingTransport, Timestamp,
};
use event_log::{Config, EventLog, KeeperTask, Keeping, Listener, Names, Retention, Sampling};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use storage::{
    Accounts, AuthEventFilter, AuthEvents, Change, Commit, EventSink, KeptAuthRecord, RecordsFrom, RecordsOf,
};
use testkit::{MemoryStorage, VirtualClock, samples};

struct Phonebook;

impl Names for Phonebook {
    fn owner(&self, _realm: RealmId, _host: &str) -> Option<AccountId> {
        Some(AccountId(1))
    }

    fn has_credential(&self, _realm: RealmId, username: &str) -> bool {
        username == "alice"
    }

    fn is_without_md5(&self, realm: RealmId) -> bool {
        realm == RealmId(2)
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<Arc<KeptAuthRecord>>>);

impl Listener for Heard {
    fn kept(&self, record: &Arc<KeptAuthRecord>) {
        self.0.lock().unwrap().push(Arc::clone(record));
    }
}

struct World {
    storage: Arc<MemoryStorage>,
    clock: Arc<VirtualClock>,
    heard: Arc<Heard>,
    log: EventLog,
    task: KeeperTask,
}

impl World {
    async fn new(room: usize) -> Self {
        let storage = Arc::new(MemoryStorage::new());
        let account = Change::CreateAccount(samples::new_account("MA_AAAAAAAA"));
        storage.commit(samples::change_set(account)).await.unwrap();
        let clock = Arc::new(VirtualClock::new(samples::CREATED_AT));
        let heard = Arc::new(Heard::default());
        let keeping = Keeping {
            storage: Arc::clone(&storage) as _,
            names: Arc::new(Phonebook),
            clock: Arc::clone(&clock) as _,
            listeners: vec![Arc::clone(&heard) as _],
            sampling: Sampling::default(),
            room,
        };
        let (log, task) = EventLog::keeping(Config::default(), keeping);
        Self { storage, clock, heard, log, task }
    }

    async fn closed(self) -> Vec<AuthRecord> {
        self.log.collect();
        self.task.close().await;
        kept(&self.storage).await
    }
}

async fn kept(storage: &MemoryStorage) -> Vec<AuthRecord> {
    let all = AuthEventFilter::all(RecordsOf::Everybody);
    let mut kept = storage.auth_events(all, RecordsFrom::Newest, 1000).await.unwrap();
    kept.reverse();
    kept.into_iter().map(|kept| kept.record).collect()
}

fn event(username: &[u8], reason: AuthReason) -> AuthEvent<'_> {
    AuthEvent {
        at: samples::CREATED_AT,
        reason,
        realm: Some(RealmId(1)),
        account: None,
        credential: None,
        device: b"",
        source: ([192, 0, 2, 1], 5060).into(),
        transport: SignallingTransport::Udp,
        method: b"REGISTER",
        username,
        host: b"example.test",
        user_agent: b"phone/1",
        call_id: username,
        algorithm: None,
        remark: None,
        near_miss: None,
        claimed_realm: b"elsewhere",
        date: b"",
        cseq: 1,
    }
}

#[tokio::test]
async fn near_misses_are_named() {
    let world = World::new(100).await;
    let account = world.storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    let bob = Change::CreateCredential(samples::credential(&account, "Bob", 1));
    world.storage.commit(samples::change_set(bob)).await.unwrap();
    let unknown = |username| AuthEvent { realm: Some(account.realm), ..event(username, AuthReason::UnknownUser) };
    let md5 = |realm| AuthEvent {
        realm: Some(RealmId(realm)),
        algorithm: Some(DigestAlgorithm::Md5),
        ..event(b"alice", AuthReason::AlgorithmNotAllowed)
    };
    let wrong = event(b"alice", AuthReason::WrongPassword);
    let expired = AuthEvent { near_miss: Some(NearMiss::NonceExpired), ..event(b"alice", AuthReason::StaleNonce) };
    let mut expected = Vec::new();
    for (event, near_miss) in [
        (unknown(b"alice@example.test"), Some(NearMiss::DomainInUsername)),
        (unknown(b"carol@example.test"), None),
        (unknown(b" alice"), Some(NearMiss::WhiteSpace)),
        (unknown(b"sip:alice@example.test"), Some(NearMiss::UriAsUsername)),
        (unknown(b"tel:alice@example.test"), Some(NearMiss::DomainInUsername)),
        (unknown(b"bob"), Some(NearMiss::LetterCase)),
        (unknown(b""), Some(NearMiss::NoUsername)),
        (unknown(b"nobody"), None),
        (event(b"alice", AuthReason::RealmMismatch), Some(NearMiss::OtherRealm)),
        (md5(2), Some(NearMiss::Md5Only)),
        (md5(1), None),
        (wrong, None),
        (AuthEvent { date: b"Fri, 01 Jan 1999 00:00:00 GMT", ..wrong }, Some(NearMiss::ClockOff)),
        (expired, Some(NearMiss::NonceExpired)),
    ] {
        world.log.record(0, &event);
        expected.push((String::from_utf8_lossy(event.username).into_owned(), event.reason, near_miss));
    }
    let heard = Arc::clone(&world.heard);
    let kept = world.closed().await;
    let named: Vec<_> = kept.iter().map(|it| (it.username.to_string(), it.reason, it.near_miss)).collect();
    assert_eq!(named, expected);
    let claimed: Vec<_> = kept.iter().filter_map(|record| record.claimed_realm.as_deref()).collect();
    assert_eq!(claimed, ["elsewhere"]);
    let heard: Vec<_> = heard.0.lock().unwrap().iter().map(|kept| kept.record.clone()).collect();
    assert_eq!(heard, kept);
}

#[tokio::test]
async fn a_failing_storage_is_tried_again_and_what_finds_no_room_is_counted() {
    let world = World::new(3).await;
    world.storage.fail_next_commit();
    for name in ["a", "b", "c", "d", "e"] {
        world.log.record(0, &event(name.as_bytes(), AuthReason::WrongPassword));
    }
    world.log.collect();
    let statistics = Arc::clone(world.log.keeping_statistics().unwrap());
    assert_eq!(statistics.dropped(), 2);
    assert_eq!(world.closed().await.len(), 3);
    assert_eq!((statistics.failed_writes(), statistics.written(), statistics.pending()), (1, 3, 0));
}

#[tokio::test]
async fn successes_are_added_to_the_record_that_is_stored() {
    let world = World::new(100).await;
    let ok = AuthEvent {
        account: Some(AccountId(1)),
        credential: Some(CredentialId::from_bytes([1; 16])),
        ..event(b"alice", AuthReason::Ok)
    };
    world.log.record(0, &ok);
    world.log.collect();
    while world.heard.0.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let later = Timestamp::from_micros(ok.at.as_micros() + 5);
    for _ in 0..9 {
        world.log.record(0, &AuthEvent { at: later, ..ok });
    }
    let kept = world.closed().await;
    assert_eq!(kept.iter().map(|record| (record.attempts, record.last_at)).collect::<Vec<_>>(), [(10, later)]);
}

#[tokio::test]
async fn old_records_and_surplus_ones_are_deleted() {
    let world = World::new(1000).await;
    for number in 0..8_i64 {
        let name = format!("phone{number}");
        let at = samples::CREATED_AT.plus_seconds(number);
        world.log.record(0, &AuthEvent { at, ..event(name.as_bytes(), AuthReason::WrongPassword) });
    }
    let (storage, clock) = (Arc::clone(&world.storage), Arc::clone(&world.clock));
    assert_eq!(world.closed().await.len(), 8);
    let retention =
        Retention { storage: Arc::clone(&storage) as _, clock: Arc::clone(&clock) as _, operator_days: 30, most: 5 };
    assert_eq!(retention.trim().await.unwrap(), 3);
    clock.advance_seconds(30 * 86_400 + 5);
    assert_eq!(retention.trim().await.unwrap(), 2);
    let left = kept(&storage).await;
    let names: Vec<_> = left.iter().map(|record| &*record.username).collect();
    assert_eq!(names, ["phone5", "phone6", "phone7"]);
}
