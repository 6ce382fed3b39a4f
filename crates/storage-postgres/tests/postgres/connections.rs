//! Connections that are lost, messages that are lost, schemas that are not ours.

use crate::database::Database;
use sqlx::AssertSqlSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::{Change, ChangeFeed, Coherence, Commit, CommitError, Fact, SettingName, Settings, StorageError};
use storage_postgres::{OpenError, Options, PostgresStorage};
use testkit::{RecordingFollower, samples};

const END_ALL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()";

fn setting(value: &str) -> storage::ChangeSet {
    samples::change_set(Change::PutSetting { name: SettingName::BaseDomain, value: value.into() })
}

async fn run(database: &Database, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut database.look().await).await.unwrap();
}

async fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_at_once_make_one_schema() {
    let database = Database::new();
    let starts: Vec<_> = (0..6)
        .map(|_| {
            let url = database.url();
            tokio::spawn(async move { PostgresStorage::connect(&url, &Options::default()).await })
        })
        .collect();
    let mut opened = Vec::new();
    for start in starts {
        opened.push(start.await.unwrap().unwrap());
    }
    opened[0].commit(setting("a")).await.unwrap();
    assert_eq!(opened[5].setting(SettingName::BaseDomain).await.unwrap().as_deref(), Some("a"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_connection_may_be_lost() {
    let database = Database::new();
    let storage = database.open().await;
    let follower = Arc::new(RecordingFollower::default());
    storage.follow(follower.clone()).await.unwrap();
    for round in 0..5 {
        storage.commit(setting("before")).await.unwrap();
        run(&database, END_ALL).await;
        // What was begun on a connection that is gone may fail once; what is begun later does not.
        let mut last = None;
        for attempt in 0..20 {
            match storage.commit(setting(&format!("{round}/{attempt}"))).await {
                Ok(revision) => {
                    last = Some(revision);
                    break;
                }
                Err(CommitError::Storage(StorageError::Unavailable(_) | StorageError::Unknown(_))) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(other) => panic!("{other}"),
            }
        }
        let last = last.expect("it goes on");
        storage.applied_everywhere(last).await.unwrap();
        assert!(follower.last_revision().unwrap() >= last);
    }
    let mut look = database.look().await;
    let records: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_log").fetch_one(&mut look).await.unwrap();
    let revision: i64 = sqlx::query_scalar("SELECT revision FROM counter").fetch_one(&mut look).await.unwrap();
    assert_eq!(records, revision);
}

/// Whoever commits without a word is heard all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lost_notification_costs_a_moment() {
    let database = Database::new();
    let storage = database.open().await;
    let follower = Arc::new(RecordingFollower::default());
    storage.follow(follower.clone()).await.unwrap();
    run(
        &database,
        "BEGIN; UPDATE counter SET revision = revision + 1;
         INSERT INTO settings VALUES ('base_domain', 'unheard');
         INSERT INTO changed (revision, kind, name) SELECT revision, 'setting', 'base_domain' FROM counter;
         INSERT INTO changed (revision, kind, name) SELECT revision, 'of_a_later_version', 'x' FROM counter; COMMIT",
    )
    .await;
    let began = Instant::now();
    let is_told =
        || follower.facts().iter().any(|fact| matches!(fact, Fact::Setting { value, .. } if &**value == "unheard"));
    wait_for("the setting", is_told).await;
    assert!(began.elapsed() < Duration::from_secs(2));
}

/// A node for which too little is kept says so and stops, rather than missing something.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_was_left_behind_misses_nothing_silently() {
    let database = Database::new();
    let storage = database.open().await;
    let follower = Arc::new(RecordingFollower::default());
    storage.follow(follower.clone()).await.unwrap();
    run(
        &database,
        "BEGIN; UPDATE counter SET revision = revision + 5;
         UPDATE changed_trimmed SET revision = (SELECT revision FROM counter) - 1; COMMIT",
    )
    .await;
    let told = follower.calls().len();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(follower.calls().len(), told);
    let refused = storage.follow(follower.clone()).await;
    assert!(matches!(refused, Err(StorageError::Damaged(why)) if why.contains("restart sipwarden")));
    // One that begins now begins with what is there.
    database.open().await.follow(follower).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_not_ours_or_too_new_is_left_alone() {
    let connect = async |database: &Database| PostgresStorage::connect(&database.url(), &Options::default()).await;
    let foreign = Database::new();
    run(&foreign, "CREATE TABLE guests (name text)").await;
    assert!(matches!(connect(&foreign).await, Err(OpenError::NotOurs)));

    let newer = Database::new();
    drop(newer.open().await);
    run(&newer, "UPDATE schema_version SET version = 900").await;
    // A later version that this one can live beside.
    newer.open().await.commit(setting("beside")).await.unwrap();
    run(&newer, "UPDATE schema_version SET understood_since = 900").await;
    assert!(matches!(connect(&newer).await, Err(OpenError::TooNew { found: 900, .. })));

    let nowhere = PostgresStorage::connect("postgres://sipwarden:geheim@127.0.0.1:1/x", &Options::default()).await;
    let said = nowhere.unwrap_err().to_string();
    assert!(said.contains("check that PostgreSQL runs") && !said.contains("geheim"), "{said}");
    let no_url = PostgresStorage::connect("mysql://root@localhost/x", &Options::default()).await.unwrap_err();
    assert!(matches!(no_url, OpenError::NoUrl(_)), "{no_url}");
}

/// The log is read for as long as nobody writes in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_audit_log_can_only_grow() {
    let database = Database::new();
    let storage = database.open().await;
    storage.commit(setting("a")).await.unwrap();
    for sql in ["DELETE FROM audit_log", "TRUNCATE audit_log", "UPDATE audit_log SET actor = 'nobody'"] {
        let refused = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut database.look().await).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}
