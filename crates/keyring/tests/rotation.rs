//! Keys that change in a running keyring, and key files that are replaced.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers of tests among them")]

use domain::RandomSource;
use keyring::source::{KeySource, KeyStore, create_file, remove_leftovers, replace_file};
use keyring::{Keyring, KeyringError};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// Draws nothing but this octet.
struct Always(u8);

impl RandomSource for Always {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}

const NAME: &str = "name";

fn load(path: &Path) -> Keyring {
    KeySource::File(path.to_owned()).load().unwrap()
}

fn key_file() -> (TempDir, PathBuf, Keyring) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    let keyring = create_file(&path, &Always(1)).unwrap();
    (directory, path, keyring)
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_new_primary_seals_and_the_others_still_open() {
    let keyring = Keyring::generate(&Always(1));
    let before = keyring.seal_named(NAME, b"before", &Always(9));
    assert!(keyring.sealed_under_primary(&before));
    keyring.switch_to(&keyring.with_new_primary(&Always(2)));
    assert_eq!(keyring.other_ids(), [0x0101_0101]);
    let after = keyring.seal_named(NAME, b"after", &Always(9));
    assert!(keyring.sealed_under_primary(&after) && !keyring.sealed_under_primary(&before));
    assert_eq!(&**keyring.open_named(NAME, &before).unwrap(), b"before");

    keyring.switch_to(&keyring.with_primary_only());
    assert_eq!(keyring.other_ids(), []);
    assert_eq!(&**keyring.open_named(NAME, &after).unwrap(), b"after");
    assert_eq!(keyring.open_named(NAME, &before).err(), Some(KeyringError::UnknownKey { id: 0x0101_0101 }));
    assert!(!keyring.sealed_under_primary(&domain::Sealed::from_bytes(Box::new([1]))));
}

#[test]
fn identifiers_stay_distinct_whatever_is_drawn() {
    let mut keyring = Keyring::generate(&Always(0xff));
    for others in 1..4 {
        keyring = keyring.with_new_primary(&Always(0xff));
        assert_eq!(keyring.other_ids().len(), others);
        // The text form refuses an identifier that is there twice.
        assert!(Keyring::parse(&keyring.to_file_text()).unwrap().has_same_keys(&keyring));
    }
}

#[test]
fn keyrings_are_the_same_by_keys_identifiers_and_order() {
    let one = Keyring::generate(&Always(1));
    let both = one.with_new_primary(&Always(2));
    assert!(both.has_same_keys(&one.with_new_primary(&Always(2))));
    assert!(!both.has_same_keys(&one) && !one.has_same_keys(&both) && !both.has_same_keys(&both.with_primary_only()));
    let turned = Keyring::generate(&Always(2)).with_new_primary(&Always(1));
    assert!(!both.has_same_keys(&turned));
    let twin = Keyring::parse("key 16843009 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    assert!(!one.has_same_keys(&twin));
}

#[test]
fn keys_change_while_others_seal_and_open() {
    let (keyring, stop) = (Keyring::generate(&Always(1)), AtomicBool::new(false));
    let kept = keyring.seal_named(NAME, b"kept", &Always(9));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let sealed = keyring.seal_named(NAME, b"secret", &Always(9));
                    assert_eq!(&**keyring.open_named(NAME, &sealed).unwrap(), b"secret");
                    assert_eq!(&**keyring.open_named(NAME, &kept).unwrap(), b"kept");
                }
            });
        }
        for octet in 2..100 {
            keyring.switch_to(&keyring.with_new_primary(&Always(octet)));
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn repeatable_seals_differ_by_secret_name_and_key() {
    let keyring = Keyring::generate(&Always(1));
    let seal = |name, plain| keyring.seal_repeatably(name, plain);
    let sealed = seal(NAME, b"secret");
    assert_eq!(seal(NAME, b"secret"), sealed);
    let other_key = keyring.with_new_primary(&Always(2)).seal_repeatably(NAME, b"secret");
    let nonce = |sealed: &domain::Sealed| sealed.as_bytes()[5..17].to_vec();
    for other in [seal(NAME, b"Secret"), seal("other", b"secret"), other_key] {
        assert_ne!(nonce(&other), nonce(&sealed));
    }
    assert_eq!(&**keyring.open_named(NAME, &sealed).unwrap(), b"secret");
    assert_eq!(keyring.open_named("other", &sealed).err(), Some(KeyringError::NotAuthentic));
}

#[test]
fn a_replaced_file_has_the_new_keys_and_is_the_owners_alone() {
    let (directory, path, keyring) = key_file();
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    let both = keyring.with_new_primary(&Always(2));
    replace_file(&path, &keyring, &both).unwrap();
    assert!(load(&path).has_same_keys(&both));
    replace_file(&path, &both, &both.with_primary_only()).unwrap();
    assert!(load(&path).has_same_keys(&both.with_primary_only()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(names(directory.path()), ["master.key"]);
}

#[test]
fn comments_stay_with_the_file_or_go_with_their_key() {
    let (_directory, path, keyring) = key_file();
    let line = |keyring: &Keyring| keyring.to_file_text().lines().last().unwrap().to_owned();
    let both = keyring.with_new_primary(&Always(2));
    let (old, new) = (line(&keyring), line(&both.with_primary_only()));
    let text = format!("# of site A\n\n{new}\n# made in 2025\n{old}\n# the end\n");
    fs::write(&path, &text).unwrap();
    let three = both.with_new_primary(&Always(3));
    replace_file(&path, &both, &three).unwrap();
    let newest = line(&three.with_primary_only());
    let expected = format!("# of site A\n\n{newest}\n{new}\n# made in 2025\n{old}\n# the end\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    replace_file(&path, &three, &three.with_primary_only()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("# of site A\n\n{newest}\n# the end\n"));
}

#[test]
fn a_file_that_someone_changed_is_left_alone() {
    let (directory, path, keyring) = key_file();
    let theirs = keyring.with_new_primary(&Always(7));
    fs::write(&path, &*theirs.to_file_text()).unwrap();
    let refused = replace_file(&path, &keyring, &keyring.with_new_primary(&Always(2)));
    assert_eq!(refused, Err(KeyringError::Changed { path: path.clone() }));
    assert!(load(&path).has_same_keys(&theirs));
    fs::remove_file(&path).unwrap();
    let refused = replace_file(&path, &keyring, &keyring.with_new_primary(&Always(2)));
    assert_eq!(refused, Err(KeyringError::Missing { path: path.clone() }));
    assert!(names(directory.path()).is_empty());
}

#[test]
fn a_link_to_a_key_file_stays_a_link() {
    let (directory, path, keyring) = key_file();
    let link = directory.path().join("link");
    symlink("master.key", &link).unwrap();
    let both = keyring.with_new_primary(&Always(2));
    replace_file(&link, &keyring, &both).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(load(&path).has_same_keys(&both));
}

#[test]
fn only_files_can_be_written() {
    let keyring = Keyring::generate(&Always(1));
    let value = KeySource::Value(Zeroizing::new(keyring.to_file_text().to_string()));
    for source in [value, KeySource::Command("true".into())] {
        let refused = source.replace(&keyring, &keyring.with_new_primary(&Always(2)));
        assert_eq!(refused, Err(KeyringError::ReadOnlySource));
    }
    let (_directory, path, keyring) = key_file();
    let both = keyring.with_new_primary(&Always(2));
    KeySource::File(path.clone()).replace(&keyring, &both).unwrap();
    assert!(load(&path).has_same_keys(&both));
}

#[test]
fn leftovers_of_a_killed_process_are_removed_and_nothing_else() {
    let (directory, path, keyring) = key_file();
    let leftovers = ["master.key.0123456789abcdef", "master.key.ffffffffffffffff"];
    let others = [
        "master.key.0123456789abcde",
        "master.key.0123456789abcdef0",
        "master.key.0123456789ABCDEF",
        "master.key.bak",
        "other.key.0123456789abcdef",
        "master.key-0123456789abcdef",
    ];
    for name in leftovers.iter().chain(&others) {
        fs::write(directory.path().join(name), "x").unwrap();
    }
    fs::create_dir(directory.path().join("master.key.aaaaaaaaaaaaaaaa")).unwrap();
    assert_eq!(remove_leftovers(&path).unwrap(), leftovers.len());
    assert_eq!(remove_leftovers(&path).unwrap(), 0);
    let mut left: Vec<&str> = others.into_iter().chain(["master.key", "master.key.aaaaaaaaaaaaaaaa"]).collect();
    left.sort_unstable();
    assert_eq!(names(directory.path()), left);
    assert!(load(&path).has_same_keys(&keyring));
}
