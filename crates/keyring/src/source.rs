//! Where the master keys come from.
//!
//! A key file must be the owner's alone. It is created once and never replaced, because a lost master key makes every
//! stored credential unusable.

use crate::{CommandFailure, Keyring, KeyringError};
use domain::RandomSource;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use zeroize::Zeroizing;

/// Most octets of a key text: hundreds of keys.
const MAX_TEXT_LENGTH: u64 = 64 * 1024;

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
    let mut suffix = [0; 8];
    random.fill(&mut suffix);
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{:016x}", u64::from_be_bytes(suffix)));
    let temporary = PathBuf::from(temporary);
    let written = write_new(&temporary, keyring.to_file_text().as_bytes())
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

fn write_new(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn sync_directory(path: &Path) -> std::io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
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
