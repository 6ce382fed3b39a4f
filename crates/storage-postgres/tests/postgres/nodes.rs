//! Several nodes on one database: who waits for whom, and until when.

use crate::database::Database;
use domain::{Account, Credential, Revision};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use storage::{
    Accounts, Change, ChangeFeed, Coherence, Commit, Credentials, Fact, Follower, Lease, RegistrationsAfter,
};
use storage_postgres::{NodeOptions, Options, PostgresStorage};
use testkit::{RecordingFollower, samples};

const LEASE: Duration = Duration::from_millis(800);

async fn node(database: &Database, name: &str) -> PostgresStorage {
    let node = Some(NodeOptions { name: name.into(), lease: LEASE });
    PostgresStorage::connect(&database.url(), &Options { node, ..Options::default() }).await.unwrap()
}

async fn account(storage: &PostgresStorage) -> Account {
    let new = samples::new_account("MA_AAAAAAAA");
    storage.commit(samples::change_set(Change::CreateAccount(new))).await.unwrap();
    storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap()
}

async fn commit(storage: &PostgresStorage, change: Change) -> Revision {
    storage.commit(samples::change_set(change)).await.unwrap()
}

fn creation(account: &Account, number: u64) -> Change {
    Change::CreateCredential(samples::credential(account, &format!("phone{number}"), number))
}

/// A follower that does not come back from a call while it is held.
#[derive(Default)]
struct Held {
    is_held: AtomicBool,
    told: Mutex<Vec<(Revision, Vec<Fact>)>>,
}

impl Held {
    fn last(&self) -> Option<Revision> {
        self.told.lock().unwrap().last().map(|(revision, _)| *revision)
    }
}

impl Follower for Held {
    fn apply(&self, revision: Revision, facts: &[Fact]) {
        while self.is_held.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.told.lock().unwrap().push((revision, facts.to_vec()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_applied_everywhere_is_applied_on_the_other_node() {
    let database = Database::new();
    let (first, second) = (node(&database, "first").await, node(&database, "second").await);
    let account = account(&first).await;
    let follower = Arc::new(RecordingFollower::default());
    second.follow(follower.clone()).await.unwrap();
    for number in 0..20 {
        let revision = commit(&first, creation(&account, number)).await;
        first.applied_everywhere(revision).await.unwrap();
        assert!(follower.last_revision().unwrap() >= revision);
    }
    assert!(first.lease().unwrap().is_in_force() && second.lease().unwrap().is_in_force());
}

/// The promise: when a change is answered, a node that has not applied it has no lease; and it gets one only after it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_does_not_apply_loses_its_lease_before_anybody_is_answered() {
    let database = Database::new();
    let (first, second) = (node(&database, "first").await, node(&database, "second").await);
    let account = account(&first).await;
    let held = Arc::new(Held::default());
    second.follow(held.clone()).await.unwrap();
    for number in 0..3 {
        held.is_held.store(true, Ordering::Release);
        let began = Instant::now();
        let revision = commit(&first, creation(&account, number)).await;
        first.applied_everywhere(revision).await.unwrap();
        let took = began.elapsed();
        assert!(!second.lease().unwrap().is_in_force());
        assert!(held.last().unwrap() < revision);
        assert!(took < LEASE + Duration::from_millis(1500), "{took:?}");

        // Nobody waits for it any more.
        let again =
            commit(&first, Change::PutSetting { name: storage::SettingName::BaseDomain, value: "x".into() }).await;
        let began = Instant::now();
        first.applied_everywhere(again).await.unwrap();
        assert!(began.elapsed() < LEASE);

        held.is_held.store(false, Ordering::Release);
        let back = Instant::now();
        while !second.lease().unwrap().is_in_force() {
            assert!(back.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert!(held.last().unwrap() >= again);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_died_is_waited_for_once_and_one_that_left_not_at_all() {
    let database = Database::new();
    let first = node(&database, "first").await;
    let account = account(&first).await;
    let second = node(&database, "second").await;
    drop(second);
    let began = Instant::now();
    let revision = commit(&first, creation(&account, 1)).await;
    first.applied_everywhere(revision).await.unwrap();
    assert!(began.elapsed() < LEASE + Duration::from_millis(1500));

    let third = node(&database, "third").await;
    third.close().await;
    assert!(!third.lease().unwrap().is_in_force());
    let began = Instant::now();
    let revision = commit(&first, creation(&account, 2)).await;
    first.applied_everywhere(revision).await.unwrap();
    assert!(began.elapsed() < LEASE);
}

/// A tool on the operator's console is no node: nobody waits for it, and it waits for the nodes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_process_that_answers_no_phones_is_not_waited_for() {
    let database = Database::new();
    let server = node(&database, "server").await;
    let follower = Arc::new(RecordingFollower::default());
    server.follow(follower.clone()).await.unwrap();
    let tool = database.open().await;
    assert!(tool.lease().is_none());
    let account = account(&tool).await;
    let revision = commit(&tool, creation(&account, 1)).await;
    tool.applied_everywhere(revision).await.unwrap();
    assert!(follower.last_revision().unwrap() >= revision);
    server.close().await;
    let revision = commit(&tool, creation(&account, 2)).await;
    tool.applied_everywhere(revision).await.unwrap();
}

/// A credential that was disabled and enabled while nobody looked has lost its registrations all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_stopped_in_between_is_told_before_what_is() {
    let database = Database::new();
    let (first, second) = (database.open().await, database.open().await);
    let account = account(&first).await;
    commit(&first, creation(&account, 1)).await;
    let held = Arc::new(Held::default());
    second.follow(held.clone()).await.unwrap();
    held.is_held.store(true, Ordering::Release);
    // The reader is caught in this one, and finds all others at once.
    commit(&first, Change::PutSetting { name: storage::SettingName::BaseDomain, value: "x".into() }).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let stored = first.credential(account.id, samples::credential(&account, "phone1", 1).id).await.unwrap().unwrap();
    let update = |credential, registrations| Change::UpdateCredential { credential, registrations };
    let disabled = Credential { enabled: false, ..stored.clone() };
    let revision = commit(&first, update(disabled, RegistrationsAfter::Remove)).await;
    let enabled = Credential { revision, ..stored };
    let last = commit(&first, update(enabled, RegistrationsAfter::Keep)).await;
    let told = held.told.lock().unwrap().len();
    held.is_held.store(false, Ordering::Release);
    second.applied_everywhere(last).await.unwrap();
    let calls = held.told.lock().unwrap();
    let states: Vec<bool> = calls[told..]
        .iter()
        .flat_map(|(_, facts)| facts)
        .filter_map(|fact| if let Fact::Credential(credential) = fact { Some(credential.enabled) } else { None })
        .collect();
    assert_eq!(states, [false, true]);
}
