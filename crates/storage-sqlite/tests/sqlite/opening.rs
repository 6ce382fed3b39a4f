//! What opening makes, finds and refuses.

use crate::database::{Database, LATEST};
use rusqlite::Connection;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use storage::{Accounts, Change, Commit};
use storage_sqlite::{OpenError, Options, SqliteStorage};
use testkit::samples;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// One sentence, ending in what to do.
fn assert_mends(error: &OpenError, mend: &str) {
    let text = error.to_string();
    assert!(text.ends_with(mend), "{text}");
    assert!(!text.contains(". ") && !text.contains('\n'), "{text}");
}

#[tokio::test]
async fn all_files_are_the_owners_alone() {
    let database = Database::new();
    let storage = database.open();
    storage.commit(samples::change_set(Change::CreateAccount(samples::new_account("MA_AAAAAAAA")))).await.unwrap();
    storage.accounts().await.unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(database.directory()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(names, ["sipwarden.lock", "sipwarden.sqlite", "sipwarden.sqlite-shm", "sipwarden.sqlite-wal"]);
}

#[tokio::test]
async fn closing_leaves_one_file_beside_the_lock() {
    let database = Database::new();
    let storage = database.open();
    storage.commit(samples::change_set(Change::CreateAccount(samples::new_account("MA_AAAAAAAA")))).await.unwrap();
    storage.accounts().await.unwrap();
    drop(storage);
    let mut names: Vec<_> =
        fs::read_dir(database.directory()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["sipwarden.lock", "sipwarden.sqlite"]);
}

#[test]
fn a_second_opening_is_refused_until_the_first_ends() {
    let database = Database::new();
    let first = database.open();
    let error = database.try_open().unwrap_err();
    assert_eq!(error, OpenError::InUse { path: database.path() });
    assert_mends(&error, "stop it, or use another --data-dir");
    assert!(error.to_string().starts_with("another sipwarden is using"));
    drop(first);
    database.open();
}

#[test]
fn the_lock_keeps_other_processes_out() {
    let database = Database::new();
    let storage = database.open();
    let try_lock = |expected: i32| {
        let lock = database.directory().join("sipwarden.lock");
        let status = std::process::Command::new("flock")
            .args(["--nonblock", "--conflict-exit-code", "9"])
            .arg(lock)
            .arg("true")
            .status();
        assert_eq!(status.unwrap().code(), Some(expected));
    };
    try_lock(9);
    drop(storage);
    try_lock(0);
}

#[test]
fn foreign_and_broken_files_are_left_alone() {
    let garbage = Database::new();
    fs::write(garbage.path(), b"This is not a database, but a text of more than a hundred octets. ".repeat(4)).unwrap();
    let short = Database::new();
    fs::write(short.path(), b"x").unwrap();
    let foreign = Database::new();
    Connection::open(foreign.path()).unwrap().execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    let marked = Database::new();
    Connection::open(marked.path()).unwrap().execute_batch("PRAGMA application_id = 1234; CREATE TABLE t (x)").unwrap();
    for database in [garbage, short, foreign, marked] {
        let before = fs::read(database.path()).unwrap();
        let error = database.try_open().unwrap_err();
        assert_eq!(error, OpenError::NotOurs { path: database.path() });
        assert_mends(&error, "move it away or use another --data-dir");
        assert_eq!(fs::read(database.path()).unwrap(), before);
    }
}

#[test]
fn a_newer_schema_is_left_alone() {
    let database = Database::new();
    drop(database.open());
    Connection::open(database.path()).unwrap().pragma_update(None, "user_version", 1000).unwrap();
    let before = fs::read(database.path()).unwrap();
    let error = database.try_open().unwrap_err();
    assert_eq!(error, OpenError::TooNew { path: database.path(), found: 1000, known: LATEST });
    assert_mends(&error, "install that version");
    assert_eq!(fs::read(database.path()).unwrap(), before);
}

#[test]
fn a_damaged_database_is_said_to_be() {
    let database = Database::new();
    drop(database.open());
    let mut octets = fs::read(database.path()).unwrap();
    // The schema's own page, behind the header that says the file is ours.
    octets.get_mut(100..4096).unwrap().fill(0xee);
    fs::write(database.path(), octets).unwrap();
    let error = database.try_open().unwrap_err();
    assert_eq!(error, OpenError::Damaged { path: database.path() });
    assert_mends(&error, "restore it from a backup");
}

#[test]
fn a_missing_directory_is_said_to_be() {
    let database = Database::new();
    let path = database.directory().join("missing/sipwarden.sqlite");
    let error = SqliteStorage::open(&path, &Options::default()).unwrap_err();
    assert_mends(&error, "create it with `mkdir -p`");
    assert!(matches!(error, OpenError::NoDirectory { .. }));
}

#[test]
fn what_cannot_be_written_is_said_so() {
    let database = Database::new();
    fs::create_dir(database.path()).unwrap();
    let error = database.try_open().unwrap_err();
    assert_eq!(error, OpenError::NotWritable { path: database.path(), kind: ErrorKind::IsADirectory });
    assert_mends(&error, "make it and its directory writable for this user");
}

#[test]
fn a_read_only_directory_is_said_so() {
    let database = Database::new();
    fs::set_permissions(database.directory(), fs::Permissions::from_mode(0o500)).unwrap();
    // Permissions do not bind the superuser, but nobody can create files in /proc.
    let superuser = fs::write(database.directory().join("probe"), "").is_ok();
    let directory = if superuser { Path::new("/proc/self/fdinfo") } else { database.directory() };
    let error = SqliteStorage::open(&directory.join("sipwarden.sqlite"), &Options::default()).unwrap_err();
    fs::set_permissions(database.directory(), fs::Permissions::from_mode(0o700)).unwrap();
    let path = directory.join("sipwarden.lock");
    assert!(
        error == OpenError::NotWritable { path: path.clone(), kind: ErrorKind::PermissionDenied }
            || superuser && error == OpenError::NoDirectory { path },
        "{error:?}"
    );
}
