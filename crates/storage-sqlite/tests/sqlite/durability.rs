//! What is answered stays, and what fails leaves no trace.

use crate::database::Database;
use domain::{Credential, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use storage::{
    Accounts, AuditChain, AuditFault, AuditLog, Boots, Change, ChangeFeed, Coherence, Commit, CommitError, Credentials,
    Page, RegistrationChange, Registrations, SettingName, Settings, StorageError,
};
use storage_sqlite::{Options, SqliteStorage};
use testkit::{RecordingFollower, samples};

async fn commit(storage: &SqliteStorage, change: Change) -> Result<domain::Revision, CommitError> {
    storage.commit(samples::change_set(change)).await
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let database = Database::new();
    let storage = database.open();
    commit(&storage, Change::CreateAccount(samples::new_account("MA_AAAAAAAA"))).await.unwrap();
    commit(&storage, Change::PutSetting { name: SettingName::BaseDomain, value: "sip.localhost".into() })
        .await
        .unwrap();
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    let credential = samples::credential(&account, "phone", 1);
    let revision = commit(&storage, Change::CreateCredential(credential.clone())).await.unwrap();
    let binding = samples::binding(credential.id, 1, 1, samples::CREATED_AT.plus_seconds(60));
    storage.save(vec![RegistrationChange::Put(binding.clone())]).await.unwrap();
    let boot = storage.begin_boot("node", samples::CREATED_AT).await.unwrap();
    let before = Arc::new(RecordingFollower::default());
    storage.follow(before.clone()).await.unwrap();
    drop(storage);

    let storage = database.open();
    let after = Arc::new(RecordingFollower::default());
    assert_eq!(storage.follow(after.clone()).await.unwrap(), revision);
    assert_eq!(format!("{:?}", after.facts()), format!("{:?}", before.facts()));
    storage.applied_everywhere(revision).await.unwrap();
    assert_eq!(storage.account(account.auth_id.clone()).await.unwrap(), Some(account.clone()));
    let page = storage.credentials(account.id, Page { limit: 10, offset: 0 }).await.unwrap();
    assert_eq!((page.credentials, page.total), (vec![Credential { revision, ..credential }], 1));
    let mut bindings = Vec::new();
    storage.load(samples::CREATED_AT, &mut |binding| bindings.push(binding)).unwrap();
    assert_eq!(bindings, [binding]);
    assert_eq!(storage.boots_since(Timestamp::from_micros(0)).await.unwrap(), [boot]);
    assert!(storage.begin_boot("node", samples::CREATED_AT).await.unwrap() > boot);
    let next = commit(&storage, Change::PutSetting { name: SettingName::KeyCheck, value: "x".into() }).await.unwrap();
    assert_eq!(next.0, revision.0 + 1);
}

#[tokio::test]
async fn an_answered_commit_is_in_the_file_while_the_writer_runs() {
    let database = Database::new();
    let storage = database.open();
    commit(&storage, Change::CreateAccount(samples::new_account("MA_AAAAAAAA"))).await.unwrap();
    // A copy of the files, as a crash would leave them, opens with the commit in it.
    let copy = Database::new();
    for name in ["sipwarden.sqlite", "sipwarden.sqlite-wal"] {
        std::fs::copy(database.directory().join(name), copy.directory().join(name)).unwrap();
    }
    assert_eq!(copy.open().accounts().await.unwrap(), storage.accounts().await.unwrap());
}

#[tokio::test]
async fn a_full_disk_fails_one_commit_and_the_next_may_succeed() {
    let database = Database::new();
    let options = Options { max_pages: Some(90), ..Options::default() };
    let storage = SqliteStorage::open(&database.path(), &options).unwrap();
    commit(&storage, Change::CreateAccount(samples::new_account("MA_AAAAAAAA"))).await.unwrap();
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    let follower = Arc::new(RecordingFollower::default());
    storage.follow(follower.clone()).await.unwrap();

    let large = |number: u64| Credential {
        description: "x".repeat(6000).into(),
        ..samples::credential(&account, &format!("phone{number}"), number)
    };
    let mut stored = Vec::new();
    let failure = loop {
        let number = stored.len() as u64;
        assert!(number < 90, "90 pages cannot hold so much");
        match commit(&storage, Change::CreateCredential(large(number))).await {
            Ok(revision) => stored.push(Credential { revision, ..large(number) }),
            Err(failure) => break failure,
        }
    };
    assert!(matches!(failure, CommitError::Storage(StorageError::Full)), "{failure:?}");

    let page = storage.credentials(account.id, Page { limit: 1000, offset: 0 }).await.unwrap();
    assert_eq!((page.total, &page.credentials), (stored.len() as u64, &stored));
    assert_eq!(follower.last_revision(), stored.last().map(|credential| credential.revision));

    let first = stored.first().unwrap();
    let freed = commit(&storage, Change::DeleteCredential { account: account.id, id: first.id }).await.unwrap();
    let again = commit(&storage, Change::CreateCredential(large(0))).await.unwrap();
    assert_eq!((freed.0, again.0), (stored.len() as u64 + 2, stored.len() as u64 + 3));
    assert_eq!(follower.last_revision(), Some(again));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_does_not_fit_fails_alone() {
    let database = Database::new();
    let options = Options { max_pages: Some(100), ..Options::default() };
    let storage = Arc::new(SqliteStorage::open(&database.path(), &options).unwrap());
    commit(&storage, Change::CreateAccount(samples::new_account("MA_AAAAAAAA"))).await.unwrap();
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    let tasks: Vec<_> = (0..32_u64)
        .map(|number| {
            let storage = storage.clone();
            let mut credential = samples::credential(&account, &format!("phone{number}"), number);
            if number == 16 {
                credential.description = "x".repeat(1_000_000).into();
            }
            tokio::spawn(async move { commit(&storage, Change::CreateCredential(credential)).await })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().is_err(), number == 16, "commit {number}");
    }
    assert_eq!(storage.credentials(account.id, Page { limit: 1, offset: 0 }).await.unwrap().total, 31);
}

#[tokio::test]
async fn the_audit_log_cannot_be_rewritten() {
    let database = Database::new();
    let storage = database.open();
    commit(&storage, Change::PutSetting { name: SettingName::KeyCheck, value: "x".into() }).await.unwrap();
    let tool = rusqlite::Connection::open(database.path()).unwrap();
    for sql in ["UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log"] {
        assert!(tool.execute(sql, []).unwrap_err().to_string().contains("append-only"));
    }
}

/// Whoever may write to the file can take the triggers away; the chain names what was changed behind our back.
#[tokio::test]
async fn tampering_with_any_record_is_found_and_named() {
    let database = Database::new();
    let storage = database.open();
    for number in 0..5 {
        let value = number.to_string().into();
        commit(&storage, Change::PutSetting { name: SettingName::KeyCheck, value }).await.unwrap();
    }
    let tool = rusqlite::Connection::open(database.path()).unwrap();
    tool.execute_batch(
        "DROP TRIGGER audit_log_is_not_rewritten; DROP TRIGGER audit_log_is_not_shortened;
         CREATE TABLE as_written AS SELECT * FROM audit_log",
    )
    .unwrap();
    let restore = "DELETE FROM audit_log; INSERT INTO audit_log SELECT * FROM as_written";
    assert_eq!(checked(&storage).await, Ok(5));
    for number in 1..=5 {
        for change in [
            "revision = revision + 10",
            "at = at + 1",
            "account_id = 7",
            "actor = 'nobody'",
            "source = '192.0.2.1'",
            "request_id = ''",
            "action = 'setting.cleared'",
            "subject = subject || ' '",
            "detail = '{\"a\":1}'",
            "hash = zeroblob(32)",
            "hash = NULL",
        ] {
            tool.execute(&format!("UPDATE audit_log SET {change} WHERE seq = {number}"), []).unwrap();
            assert_eq!(checked(&storage).await, Err(AuditFault::Changed(number)), "{change}");
            tool.execute_batch(restore).unwrap();
        }
        tool.execute(&format!("DELETE FROM audit_log WHERE seq = {number}"), []).unwrap();
        let gone = AuditFault::Missing { first: number, last: number };
        let expected = if number == 5 { AuditFault::CutOff(4) } else { gone };
        assert_eq!(checked(&storage).await, Err(expected));
        tool.execute_batch(restore).unwrap();
    }
    assert_eq!(checked(&storage).await, Ok(5));
}

/// How many records are sound, or what is wrong first.
async fn checked(storage: &SqliteStorage) -> Result<u64, AuditFault> {
    let (records, committed) = storage.audit_chain(0, 100).await.unwrap();
    let mut chain = AuditChain::default();
    records.iter().try_for_each(|record| chain.check(record))?;
    chain.check_end(committed).map(|()| chain.records)
}

#[tokio::test]
async fn rows_that_cannot_be_are_damage() {
    let database = Database::new();
    let storage = database.open();
    commit(&storage, Change::CreateAccount(samples::new_account("MA_AAAAAAAA"))).await.unwrap();
    let tool = rusqlite::Connection::open(database.path()).unwrap();
    tool.execute("UPDATE accounts SET sip_domain = 'not a host'", []).unwrap();
    let error = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap_err();
    let StorageError::Damaged(text) = &error else { panic!("{error:?}") };
    assert!(text.contains("sip_domain") && !text.contains("not a host"), "{text}");
    let follower = Arc::new(RecordingFollower::default());
    assert!(matches!(storage.follow(follower.clone()).await, Err(StorageError::Damaged(_))));
    commit(&storage, Change::PutSetting { name: SettingName::KeyCheck, value: "x".into() }).await.unwrap();
    assert!(follower.facts().is_empty(), "a follower that could not be told everything is told nothing more");
}

#[tokio::test]
async fn settings_of_a_later_version_do_no_harm() {
    let database = Database::new();
    let storage = database.open();
    let tool = rusqlite::Connection::open(database.path()).unwrap();
    tool.execute("INSERT INTO settings (name, value) VALUES ('from_the_future', '1')", []).unwrap();
    storage.follow(Arc::new(RecordingFollower::default())).await.unwrap();
    assert_eq!(storage.setting(SettingName::BaseDomain).await.unwrap(), None);
}

#[tokio::test]
async fn a_transaction_that_cannot_begin_fails_whole_and_the_next_goes_on() {
    let database = Database::new();
    let options = Options { busy_timeout: Duration::from_millis(50), ..Options::default() };
    let storage = SqliteStorage::open(&database.path(), &options).unwrap();
    let follower = Arc::new(RecordingFollower::default());
    storage.follow(follower.clone()).await.unwrap();
    let told = follower.calls().len();
    let tool = rusqlite::Connection::open(database.path()).unwrap();
    tool.execute_batch("BEGIN IMMEDIATE").unwrap();
    let put = |value: &str| Change::PutSetting { name: SettingName::BaseDomain, value: value.into() };
    let (first, second) = tokio::join!(commit(&storage, put("first")), commit(&storage, put("second")));
    for outcome in [first, second] {
        assert!(matches!(outcome, Err(CommitError::Storage(StorageError::Unavailable(_)))), "{outcome:?}");
    }
    // Reading goes on, and nothing was stored or told.
    assert_eq!(storage.setting(SettingName::BaseDomain).await.unwrap(), None);
    assert_eq!(follower.calls().len(), told);
    tool.execute_batch("COMMIT").unwrap();
    assert_eq!(commit(&storage, put("third")).await.unwrap().0, 1);
    assert_eq!(follower.calls().len(), told + 1);
}
