//! Copies made while the database is used, and what is said of sound and damaged ones.

use crate::database::{Database, LATEST};
use domain::{AuditAction, Credential, Revision};
use rusqlite::Connection;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use storage::{Accounts, Change, ChangeSet, Commit, CredentialNumber, Credentials, Page, StorageError};
use storage_sqlite::{BackupError, OpenError, SqliteStorage, Summary, verify};
use testkit::samples;

/// Commits two credentials by one set, again and again, until told to stop; how often.
async fn commit_pairs(storage: Arc<SqliteStorage>, stop: Arc<AtomicBool>) -> u64 {
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    let mut pairs = 0;
    while !stop.load(Ordering::Relaxed) {
        let credential = |half: u64| {
            let plain = samples::credential(&account, &format!("pair{pairs}_{half}"), pairs * 2 + half);
            Change::CreateCredential(Credential { description: format!("{pairs}").into(), ..plain })
        };
        let audit = samples::audit(AuditAction::CredentialCreated, "pair");
        storage.commit(ChangeSet { changes: vec![credential(0), credential(1)], audit }).await.unwrap();
        pairs += 1;
    }
    pairs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_made_under_commits_is_of_one_revision() {
    let database = Database::new();
    let storage = Arc::new(database.open());
    let create = Change::CreateAccount(samples::new_account("MA_AAAAAAAA"));
    storage.commit(samples::change_set(create)).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let committing = tokio::spawn(commit_pairs(storage.clone(), stop.clone()));
    let mut revisions = Vec::new();
    for number in 0..10 {
        let path = database.directory().join(format!("copy{number}"));
        storage.backup(path.clone()).await.unwrap();
        revisions.push(judge_copy(&path));
    }
    stop.store(true, Ordering::Relaxed);
    let pairs = committing.await.unwrap();
    assert!(revisions.is_sorted(), "{revisions:?}");
    assert!(revisions.first() < revisions.last(), "no commit came between: {revisions:?}");
    assert!(revisions.last().unwrap().0 <= pairs + 1);
    let left: Vec<_> = fs::read_dir(database.directory()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("partial")), "{left:?}");
}

/// One file, whole, and of exactly the revision it says.
fn judge_copy(path: &Path) -> Revision {
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o7777, 0o600);
    let summary = verify(path).unwrap();
    let connection = Connection::open(path).unwrap();
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().cast_unsigned();
    let revision = summary.revision.0;
    assert_eq!(number("SELECT max(revision) FROM audit_log"), revision);
    assert_eq!(summary.audit_events, revision, "one event for each set");
    assert_eq!(summary.credentials, 2 * (revision - 1), "both halves of each pair");
    assert_eq!(number("SELECT count(DISTINCT revision) FROM credentials"), revision - 1);
    assert_eq!(number("SELECT coalesce(max(revision), 1) FROM credentials"), revision);
    assert_eq!((summary.accounts, summary.schema_version), (1, LATEST));
    let names = [format!("{}-wal", path.display()), format!("{}-journal", path.display())];
    assert!(names.iter().all(|name| !Path::new(name).exists()));
    summary.revision
}

#[tokio::test]
async fn a_copy_is_opened_like_the_original_and_goes_on_from_there() {
    let database = Database::new();
    let storage = database.open();
    let commit = |change| storage.commit(samples::change_set(change));
    commit(Change::CreateAccount(samples::new_account("MA_AAAAAAAA"))).await.unwrap();
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    for number in 1..4 {
        let name = format!("phone{number}");
        commit(Change::CreateCredential(samples::credential(&account, &name, number))).await.unwrap();
    }
    let last = samples::credential(&account, "phone3", 3);
    let revision = commit(Change::DeleteCredential { account: account.id, id: last.id }).await.unwrap();
    let copy = Database::new();
    storage.backup(copy.path()).await.unwrap();
    let page = Page { limit: 10, offset: 0 };
    let expected = storage.credentials(account.id, page).await.unwrap().credentials;

    let restored = copy.open();
    assert_eq!(restored.accounts().await.unwrap(), storage.accounts().await.unwrap());
    assert_eq!(restored.credentials(account.id, page).await.unwrap().credentials, expected);
    let next = samples::credential(&account, "phone4", 4);
    let next = restored.commit(samples::change_set(Change::CreateCredential(next))).await.unwrap();
    assert_eq!(next.0, revision.0 + 1);
    // The third's number is used up, though its row is gone.
    let all = restored.credentials_of_all_accounts(None, 10).await.unwrap();
    assert_eq!(all.last().unwrap().0, CredentialNumber(4));
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_half_made_stays() {
    let database = Database::new();
    let storage = database.open();
    let directory = database.directory();
    let listed = || fs::read_dir(directory).unwrap().count();
    storage.backup(directory.join("first")).await.unwrap();
    let before = (fs::read(directory.join("first")).unwrap(), listed());
    let again = storage.backup(directory.join("first")).await.unwrap_err();
    assert!(matches!(&again, BackupError::Exists { path } if *path == directory.join("first")), "{again:?}");
    assert!(again.to_string().ends_with("choose another name or move it away"));
    let itself = storage.backup(database.path()).await.unwrap_err();
    assert!(matches!(itself, BackupError::Exists { .. }));
    fs::write(directory.join("cut.partial"), "left by a backup that was killed").unwrap();
    let cut = storage.backup(directory.join("cut")).await.unwrap_err();
    assert!(matches!(&cut, BackupError::Exists { path } if *path == directory.join("cut.partial")), "{cut:?}");
    fs::remove_file(directory.join("cut.partial")).unwrap();
    let nowhere = storage.backup(directory.join("missing/copy")).await.unwrap_err();
    assert!(matches!(nowhere, BackupError::NotWritable { kind: ErrorKind::NotFound, .. }), "{nowhere:?}");
    assert_eq!((fs::read(directory.join("first")).unwrap(), listed()), before);

    storage.close().await;
    let closed = storage.backup(directory.join("closed")).await.unwrap_err();
    assert!(matches!(closed, BackupError::Storage(StorageError::Unavailable(_))), "{closed:?}");
    assert_eq!(listed(), before.1 - 2, "closing takes the log's two files away, and nothing came");
}

#[tokio::test]
async fn a_copy_that_cannot_be_read_whole_leaves_nothing() {
    let database = Database::new();
    let storage = database.open();
    storage.commit(samples::change_set(Change::CreateAccount(samples::new_account("MA_AAAAAAAA")))).await.unwrap();
    drop(storage);
    let sql = "SELECT rootpage FROM sqlite_master WHERE name = 'boots'";
    let page: usize = database.look().query_row(sql, [], |row| row.get::<_, u32>(0)).unwrap() as usize;
    let mut octets = fs::read(database.path()).unwrap();
    octets.get_mut((page - 1) * 4096..page * 4096).unwrap().fill(0xee);
    fs::write(database.path(), octets).unwrap();
    assert_eq!(verify(&database.path()), Err(OpenError::Damaged { path: database.path() }));
    // Opening reads no such page, so only a copy meets it.
    let storage = database.open();
    let copy = database.directory().join("copy");
    let failed = storage.backup(copy.clone()).await.unwrap_err();
    assert!(matches!(failed, BackupError::Storage(StorageError::Damaged(_))), "{failed:?}");
    assert!(!copy.exists() && !database.directory().join("copy.partial").exists());
}

#[tokio::test]
async fn verification_finds_contradictions_and_names_what_it_is_not() {
    let database = Database::new();
    let storage = database.open();
    storage.commit(samples::change_set(Change::CreateAccount(samples::new_account("MA_AAAAAAAA")))).await.unwrap();
    let sound = database.directory().join("sound");
    storage.backup(sound.clone()).await.unwrap();
    let expected = Summary {
        schema_version: LATEST,
        revision: Revision(1),
        accounts: 1,
        credentials: 0,
        registrations: 0,
        audit_events: 1,
    };
    assert_eq!(verify(&sound), Ok(expected));
    for (name, sql) in [
        ("count", "UPDATE accounts SET credential_count = 7"),
        ("reference", "PRAGMA foreign_keys = OFF; UPDATE hosts SET account_id = 99"),
        ("counter", "DELETE FROM counter"),
    ] {
        let path = database.directory().join(name);
        fs::copy(&sound, &path).unwrap();
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        assert_eq!(verify(&path), Err(OpenError::Damaged { path: path.clone() }), "{name}");
    }
    let newer = database.directory().join("newer");
    fs::copy(&sound, &newer).unwrap();
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 1000).unwrap();
    assert_eq!(verify(&newer), Err(OpenError::TooNew { path: newer.clone(), found: 1000, known: LATEST }));
    let missing = database.directory().join("missing");
    assert_eq!(verify(&missing), Err(OpenError::Missing { path: missing.clone() }));
    for (name, content) in [("empty", ""), ("text", "not a database")] {
        let path = database.directory().join(name);
        fs::write(&path, content).unwrap();
        assert_eq!(verify(&path), Err(OpenError::NotOurs { path: path.clone() }), "{name}");
    }
}
