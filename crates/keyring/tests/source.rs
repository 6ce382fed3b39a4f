//! Key files, variables and commands.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers of tests among them")]

use domain::RandomSource;
use keyring::source::{KeySource, create_file};
use keyring::{CommandFailure, Keyring, KeyringError};
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use zeroize::Zeroizing;

#[derive(Default)]
struct Counting(AtomicU8);

impl RandomSource for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill_with(|| self.0.fetch_add(1, Ordering::SeqCst));
    }
}

const TEXT: &str = "key 7 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

fn load(path: &Path) -> Result<Keyring, KeyringError> {
    KeySource::File(path.to_owned()).load()
}

fn run(command: &str) -> Result<Keyring, KeyringError> {
    KeySource::Command(command.to_owned()).load()
}

fn write(path: &Path, content: &[u8], mode: u32) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// One sentence, ending in what to do.
fn assert_mends(error: &KeyringError, mend: &str) {
    let text = error.to_string();
    assert!(text.ends_with(mend), "{text}");
    assert!(!text.contains(". ") && !text.contains('\n'), "{text}");
}

#[test]
fn a_created_file_loads_and_is_the_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    let created = create_file(&path, &Counting::default()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(*load(&path).unwrap().to_file_text(), *created.to_file_text());
    let names: Vec<PathBuf> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(names, [path]);
}

#[test]
fn an_existing_file_is_never_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    fs::write(&path, "precious").unwrap();
    let error = create_file(&path, &Counting::default()).err().unwrap();
    assert_eq!(error, KeyringError::Exists { path: path.clone() });
    assert_mends(&error, "move it away before you create another");
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_cannot_be_created_is_said_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing/master.key");
    let error = create_file(&path, &Counting::default()).err().unwrap();
    assert_eq!(error, KeyringError::Unwritable { path, kind: ErrorKind::NotFound });
    assert_mends(&error, "make its directory writable for this user");
}

#[test]
fn files_that_others_can_use_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    for mode in [0o640, 0o604, 0o660, 0o601, 0o620] {
        write(&path, TEXT.as_bytes(), mode);
        let error = load(&path).err().unwrap();
        assert_eq!(error, KeyringError::TooOpen { path: path.clone(), mode });
        assert_mends(&error, &format!("run `chmod 600 {}`", path.display()));
    }
    for mode in [0o600, 0o400] {
        write(&directory.path().join(format!("{mode:o}")), TEXT.as_bytes(), mode);
        load(&directory.path().join(format!("{mode:o}"))).unwrap();
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    let missing = load(&path).err().unwrap();
    assert_eq!(missing, KeyringError::Missing { path: path.clone() });
    assert_mends(&missing, "restore it from your backup to that path");

    let not_a_file = load(directory.path()).err().unwrap();
    assert_eq!(not_a_file, KeyringError::NotAFile { path: directory.path().to_owned() });

    write(&path, b"", 0o600);
    assert_eq!(load(&path).err(), Some(KeyringError::Empty { path: path.clone() }));
    write(&path, b"# only a comment\n", 0o600);
    assert_eq!(load(&path).err(), Some(KeyringError::NoKey));
    write(&path, b"\nkey one two\n", 0o600);
    assert_eq!(load(&path).err(), Some(KeyringError::BadLine { line: 2 }));
    write(&path, b"key \xff", 0o600);
    assert_eq!(load(&path).err(), Some(KeyringError::NotText));
    write(&path, &vec![b'#'; 64 * 1024 + 1], 0o600);
    assert_eq!(load(&path).err(), Some(KeyringError::NotText));

    let under_a_file = path.join("master.key");
    let unreadable = load(&under_a_file).err().unwrap();
    assert_eq!(unreadable, KeyringError::Unreadable { path: under_a_file, kind: ErrorKind::NotADirectory });
}

#[test]
fn values_and_commands_give_the_same_keys() {
    let value = KeySource::Value(Zeroizing::new(TEXT.to_owned()));
    let from_value = value.load().unwrap().to_file_text();
    assert!(from_value.ends_with(TEXT));
    assert!(!format!("{value:?}").contains("AAEC"));
    assert_eq!(*run(&format!("echo '{}'", TEXT.trim())).unwrap().to_file_text(), *from_value);
}

#[test]
fn failing_commands_are_told_apart() {
    let failed = |reason| Some(KeyringError::CommandFailed { reason });
    assert_eq!(run("exit 3").err(), failed(CommandFailure::Status(3)));
    assert_eq!(run(&format!("echo '{}'; exit 1", TEXT.trim())).err(), failed(CommandFailure::Status(1)));
    assert_eq!(run("kill -KILL $$").err(), failed(CommandFailure::Signal));
    assert_eq!(run("true").err(), Some(KeyringError::NoKey));
    assert_eq!(run("cat /dev/zero").err(), Some(KeyringError::NotText));
    assert_mends(&run("exit 3").err().unwrap(), "run it by hand to see why");
}
