//! How the writer ends, and that nobody hangs when it has.

use crate::database::Database;
use domain::Revision;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use storage::{
    Accounts, Boots, Change, ChangeFeed, Coherence, Commit, CommitError, Fact, Follower, Registrations, SettingName,
    Settings, StorageError,
};
use storage_sqlite::SqliteStorage;
use testkit::samples::{self, CREATED_AT};

/// Applies the first part and panics at the first commit.
struct Faulty;

impl Follower for Faulty {
    fn apply(&self, revision: Revision, _facts: &[Fact]) {
        assert_eq!(revision, Revision(0), "this follower is made to panic");
    }
}

fn setting(value: &str) -> Change {
    Change::PutSetting { name: SettingName::BaseDomain, value: value.into() }
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.unwrap()
}

/// Every port answers, and that it cannot serve.
async fn assert_unavailable(storage: &SqliteStorage) {
    let committed = in_time(storage.commit(samples::change_set(setting("later")))).await;
    assert!(matches!(committed, Err(CommitError::Storage(StorageError::Unavailable(_)))));
    let outcomes = [
        in_time(storage.setting(SettingName::BaseDomain)).await.map(|_| ()),
        in_time(storage.accounts()).await.map(|_| ()),
        in_time(storage.save(Vec::new())).await,
        storage.load(CREATED_AT, &mut |_| {}),
        in_time(storage.begin_boot("node", CREATED_AT)).await.map(|_| ()),
        in_time(storage.boots_since(CREATED_AT)).await.map(|_| ()),
        in_time(storage.follow(Arc::new(Faulty))).await.map(|_| ()),
        in_time(storage.applied_everywhere(Revision(0))).await,
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Err(StorageError::Unavailable(_))), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panicking_follower_stops_everything_and_nothing_hangs() {
    let database = Database::new();
    let storage = Arc::new(database.open());
    storage.follow(Arc::new(Faulty)).await.unwrap();
    let waiting = tokio::spawn({
        let storage = storage.clone();
        async move { storage.applied_everywhere(Revision(5)).await }
    });
    let failed = in_time(storage.commit(samples::change_set(setting("first")))).await;
    assert!(matches!(failed, Err(CommitError::Storage(StorageError::Unknown(_)))), "{failed:?}");
    assert!(in_time(waiting).await.unwrap().is_err());
    assert_unavailable(&storage).await;
    drop(storage);
    // What was durable before the panic is there: its outcome was unknown, not undone.
    let storage = database.open();
    assert_eq!(storage.setting(SettingName::BaseDomain).await.unwrap().as_deref(), Some("first"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_commits_what_waits_and_then_refuses() {
    let database = Database::new();
    let storage = Arc::new(database.open());
    let commits: Vec<_> = (0..100)
        .map(|number| {
            let storage = storage.clone();
            tokio::spawn(async move { storage.commit(samples::change_set(setting(&number.to_string()))).await })
        })
        .collect();
    in_time(storage.close()).await;
    assert_unavailable(&storage).await;
    in_time(storage.close()).await;
    let mut answered = 0;
    for commit in commits {
        answered += u64::from(commit.await.unwrap().is_ok());
    }
    drop(storage);
    let revision: i64 = database.look().query_row("SELECT revision FROM counter", [], |row| row.get(0)).unwrap();
    assert_eq!(revision.cast_unsigned(), answered);
}

#[tokio::test]
async fn a_caller_that_stops_waiting_does_no_harm() {
    let database = Database::new();
    let storage = database.open();
    for number in 0..50 {
        let commit = storage.commit(samples::change_set(setting(&number.to_string())));
        // Polled once, which sends it, and given up.
        let _ = tokio::time::timeout(Duration::ZERO, commit).await;
    }
    let last = storage.commit(samples::change_set(setting("last"))).await.unwrap();
    assert_eq!(last, Revision(51));
}
