//! What can go wrong with keys, by what mends it.

use std::path::PathBuf;

/// Why keys could not be had, or a sealed secret not be opened. Never holds key material or a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// Octets that no version of this crate ever sealed.
    #[error("a sealed secret is damaged; restore the database from a backup")]
    Damaged,
    /// The key that sealed it is not in the keyring.
    #[error(
        "a secret was sealed with master key {id}, which is not here; add its `key {id} …` line to the master keys"
    )]
    UnknownKey {
        /// The key's identifier.
        id: u32,
    },
    /// The key is here, but the tag says that the secret or the place it was found at is another one.
    #[error("a sealed secret was altered or moved from another place; restore the database from a backup")]
    NotAuthentic,
    /// A line of the key text is not of the form `key <id> <base64>`.
    #[error("line {line} of the master keys is not `key <number> <base64 of 32 octets>`; restore it from your backup")]
    BadLine {
        /// Counted from 1.
        line: usize,
    },
    /// Two lines carry the same identifier.
    #[error("line {line} of the master keys repeats key {id}; remove the line that is not meant")]
    DuplicateKey {
        /// Counted from 1.
        line: usize,
        /// The identifier found twice.
        id: u32,
    },
    /// The text has no key line.
    #[error("there is no key in the master keys; restore them from your backup")]
    NoKey,
    /// There is no file at the path.
    #[error("the master key file {path} is missing; restore it from your backup to that path")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The path leads to something that is not a file.
    #[error("{path} is not a file; name the master key file in `master_key_file`")]
    NotAFile {
        /// What was looked at.
        path: PathBuf,
    },
    /// Users other than the owner may read or write the file.
    #[error("the master key file {path} has mode {mode:04o}, so others can use it; run `chmod 600 {path}`")]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file has no content.
    #[error("the master key file {path} is empty; restore it from your backup")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refuses to read the file.
    #[error("the master key file {path} cannot be read ({kind}); make it readable with `chown $(id -u) {path}`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        kind: std::io::ErrorKind,
    },
    /// The file, or what the variable or command gave, is larger than keys can be, or is not text.
    #[error("the master keys are no text of at most 64 KiB; give lines `key <number> <base64 of 32 octets>`")]
    NotText,
    /// A new key file would replace one that exists.
    #[error("the master key file {path} exists already; move it away before you create another")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A new key file cannot be written.
    #[error("the master key file {path} cannot be written ({kind}); {}", mend_of_write(*.kind))]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        kind: std::io::ErrorKind,
    },
    /// The key file no longer holds the keys that were read from it, so replacing it would lose keys.
    #[error("the master key file {path} was changed since it was read; restart the server, then try again")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The keys come from a variable or a command, where they cannot be written.
    #[error(
        "these master keys do not come from a file, so no new one can be put there; put a new `key <number> <base64 of 32 octets>` line first in their source, keep the others, restart the server and run `sipwarden keys rotate` again"
    )]
    ReadOnlySource,
    /// The key command could not be started, or did not end with status 0.
    #[error("the command in `master_key_command` failed ({reason}); run it by hand to see why")]
    CommandFailed {
        /// How it ended.
        reason: CommandFailure,
    },
}

/// How a key command failed. Its output is never kept, since it may hold keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandFailure {
    /// It could not be started or its output not be read.
    #[error("{0}")]
    NotRun(std::io::ErrorKind),
    /// It ended with another exit status than zero.
    #[error("exit status {0}")]
    Status(i32),
    /// A signal ended it.
    #[error("ended by a signal")]
    Signal,
}

fn mend_of_write(kind: std::io::ErrorKind) -> &'static str {
    match kind {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "the disk is full; free some space on it"
        }
        _ => "make its directory writable for this user",
    }
}
