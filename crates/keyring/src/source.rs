//! Where the master keys come from.
//!
//! A key file must be the owner's alone. It is created once; a rotation replaces it whole and durably, and only while
//! it still holds what was read from it, because a lost master key makes every stored credential unusable.

use crate::{CommandFailure, Keyring, KeyringError};
use domain::RandomSource;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use zeroize::Zeroizing;

/// Most octets of a key text: hundreds of keys.
const MAX_TEXT_LENGTH: u64 = 64 * 1024;
/// Hexadecimal digits at the end of a temporary file's name.
const SUFFIX_LENGTH: usize = 16;

/// Where to get the master keys. All give the same text form.
pub enum KeySource {
    /// A file of mode 0600 or stricter.
    File(PathBuf),
    /// The text itself, taken from an environment variable.
    Value(Zeroizing<String>),
    /// A command for `/bin/sh -c` that prints the text, for key stores of every kind. Its standard error stays ours,
    /// so that its complaints are seen; a command that never ends is never given up.
    Command(String),
}

impl KeySource {
    /// Gets and reads the keys. Blocks; for start-up.
    ///
    /// # Errors
    /// [`KeyringError`], which says what mends it.
    pub fn load(&self) -> Result<Keyring, KeyringError> {
        match self {
            Self::File(path) => Keyring::parse(&read_file(path)?),
            Self::Value(text) => Keyring::parse(text),
            Self::Command(command) => Keyring::parse(&run(command)?),
        }
    }
}

/// Where master keys are kept, as far as a rotation changes it.
pub trait KeyStore: Send + Sync {
    /// Keeps the keys of `next` instead of those of `present`: durably and at once, or not at all. Blocks.
    ///
    /// # Errors
    /// [`KeyringError::ReadOnlySource`] where keys cannot be written; [`KeyringError::Changed`] if the keys kept are not
    /// those of `present`; any other [`KeyringError`] of reading and writing. After one of writing the new keys may be
    /// kept nevertheless, so both sets of keys must be fit to start with.
    fn replace(&self, present: &Keyring, next: &Keyring) -> Result<(), KeyringError>;
}

impl KeyStore for KeySource {
    fn replace(&self, present: &Keyring, next: &Keyring) -> Result<(), KeyringError> {
        match self {
            Self::File(path) => replace_file(path, present, next),
            Self::Value(_) | Self::Command(_) => Err(KeyringError::ReadOnlySource),
        }
    }
}

/// Shows the kind of source, and of a value nothing.
impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Value(_) => f.write_str("Value(<redacted>)"),
            Self::Command(_) => f.write_str("Command(..)"),
        }
    }
}

/// Generates a keyring of one key and writes it to a new file of mode 0600: complete and durable, or not at all.
///
/// # Errors
/// [`KeyringError::Exists`] if there is a file already, which is left alone; [`KeyringError::Unwritable`].
pub fn create_file(path: &Path, random: &dyn RandomSource) -> Result<Keyring, KeyringError> {
    let keyring = Keyring::generate(random);
    let mut suffix = [0; SUFFIX_LENGTH / 2];
    random.fill(&mut suffix);
    let temporary = temporary_beside(path, u64::from_be_bytes(suffix));
    let written = write_new(&temporary, keyring.to_file_text().as_bytes(), None)
        // A link, other than a rename, refuses to replace a file.
        .and_then(|()| fs::hard_link(&temporary, path));
    // A temporary file that cannot be removed is harmless: mode 0600, and no later attempt takes the same name.
    let _ = fs::remove_file(&temporary);
    written.and_then(|()| sync_directory(path)).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => KeyringError::Exists { path: path.to_owned() },
        kind => KeyringError::Unwritable { path: path.to_owned(), kind },
    })?;
    Ok(keyring)
}

/// Replaces the key file at `path`, which must hold the keys of `present`, by one that holds those of `next` and keeps
/// its owner and comments. A crash leaves the one or the other. A link is followed, so that it stays a link.
///
/// # Errors
/// [`KeyringError::Changed`], and whatever [`KeySource::load`] and writing can meet.
pub fn replace_file(path: &Path, present: &Keyring, next: &Keyring) -> Result<(), KeyringError> {
    let before = read_file(path)?;
    if !Keyring::parse(&before)?.has_same_keys(present) {
        return Err(KeyringError::Changed { path: path.to_owned() });
    }
    let text = next.to_file_text_after(&before);
    replace(path, text.as_bytes())
        .map_err(|error| KeyringError::Unwritable { path: path.to_owned(), kind: error.kind() })
}

fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let path = fs::canonicalize(path)?;
    // One process at a time has the installation open and it removes leftovers at its start, so a fixed name is free.
    let temporary = temporary_beside(&path, u64::from(std::process::id()));
    let written =
        write_new(&temporary, content, Some(&fs::metadata(&path)?)).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        // What cannot be removed now is removed at the next start.
        let _ = fs::remove_file(&temporary);
    }
    written.and_then(|()| sync_directory(&path))
}

/// Removes temporary files that a killed process left beside the key file, and tells how many. To be called only while
/// no other process can be writing that key file.
///
/// # Errors
/// Those of the operating system.
pub fn remove_leftovers(path: &Path) -> std::io::Result<usize> {
    let path = fs::canonicalize(path)?;
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let mut removed = 0;
    for entry in fs::read_dir(directory_of(&path))? {
        let entry = entry?;
        if is_temporary_of(name, entry.file_name().as_encoded_bytes()) && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// `<name>.<16 hexadecimal digits>`, in the same directory because a file is renamed only within one file system.
fn temporary_beside(path: &Path, number: u64) -> PathBuf {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{number:0SUFFIX_LENGTH$x}"));
    PathBuf::from(temporary)
}

fn is_temporary_of(name: &[u8], other: &[u8]) -> bool {
    let suffix = other.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"."));
    let is_digit = |octet: &u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
    suffix.is_some_and(|suffix| suffix.len() == SUFFIX_LENGTH && suffix.iter().all(is_digit))
}

/// Writes a file that is not there yet, for the owner of `like` if given (the superuser may run a command in an
/// installation that is not his).
fn write_new(path: &Path, content: &[u8], like: Option<&fs::Metadata>) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let ours = file.metadata()?;
    if let Some(like) = like.filter(|like| (like.uid(), like.gid()) != (ours.uid(), ours.gid())) {
        fchown(&file, Some(like.uid()), Some(like.gid()))?;
    }
    file.write_all(content)?;
    file.sync_all()
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_directory(path: &Path) -> std::io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, KeyringError> {
    let failed = |error: &std::io::Error| match error.kind() {
        ErrorKind::NotFound => KeyringError::Missing { path: path.to_owned() },
        kind => KeyringError::Unreadable { path: path.to_owned(), kind },
    };
    // Looked at before it is opened, since opening a pipe would wait for a writer.
    if !fs::metadata(path).map_err(|error| failed(&error))?.is_file() {
        return Err(KeyringError::NotAFile { path: path.to_owned() });
    }
    let file = File::open(path).map_err(|error| failed(&error))?;
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyringError::TooOpen { path: path.to_owned(), mode });
    }
    if metadata.len() == 0 {
        return Err(KeyringError::Empty { path: path.to_owned() });
    }
    read_text(file).map_err(|error| failed(&error))?.ok_or(KeyringError::NotText)
}

fn run(command: &str) -> Result<Zeroizing<String>, KeyringError> {
    let failed = |reason| KeyringError::CommandFailed { reason };
    let not_run = |error: std::io::Error| failed(CommandFailure::NotRun(error.kind()));
    let mut shell = Command::new("/bin/sh");
    let mut child = shell
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(not_run)?;
    // Taking the pipe closes it after reading, so a command that prints too much ends instead of waiting for us.
    let text = child.stdout.take().map(read_text).transpose();
    let status = child.wait().map_err(not_run)?;
    let text = text.map_err(not_run)?.flatten();
    match (text, failure(status)) {
        (None, _) => Err(KeyringError::NotText),
        (Some(_), Some(reason)) => Err(failed(reason)),
        (Some(text), None) => Ok(text),
    }
}

fn failure(status: ExitStatus) -> Option<CommandFailure> {
    match (status.success(), status.signal(), status.code()) {
        (true, ..) => None,
        (false, None, Some(code)) => Some(CommandFailure::Status(code)),
        (false, ..) => Some(CommandFailure::Signal),
    }
}

/// Reads a text of bounded length into memory that is wiped; `None` if it is longer or not UTF-8.
fn read_text(source: impl Read) -> std::io::Result<Option<Zeroizing<String>>> {
    let mut octets = Zeroizing::new(Vec::with_capacity(MAX_TEXT_LENGTH as usize + 1));
    source.take(MAX_TEXT_LENGTH + 1).read_to_end(&mut octets)?;
    if octets.len() as u64 > MAX_TEXT_LENGTH {
        return Ok(None);
    }
    Ok(std::str::from_utf8(&octets).ok().map(|text| Zeroizing::new(text.to_owned())))
}
