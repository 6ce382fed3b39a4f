//! A copy of the database while it is used.

use crate::SqliteStorage;
use crate::failure::Failure;
use crate::readers::Readers;
use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use storage::StorageError;

/// Why there is no backup; nothing of it is left behind, and each text ends in what mends it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BackupError {
    /// Something of that name is there, and is not overwritten.
    #[error("{path} exists already; choose another name or move it away")]
    Exists {
        /// The name that was asked for, or that of an earlier backup that was cut short.
        path: PathBuf,
    },
    /// The operating system does not let the file be made.
    #[error("{path} cannot be written ({kind}); choose a directory that this user may write to and that has room")]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        kind: ErrorKind,
    },
    /// SQLite takes names in UTF-8 only.
    #[error("{path} is not UTF-8; choose another name")]
    NotUtf8 {
        /// The name.
        path: PathBuf,
    },
    /// The database could not be read, or the copy not be written whole.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl SqliteStorage {
    /// Copies the database, as of one revision, into one new file of mode 0600 that is on disk when this answers.
    /// Commits go on meanwhile, but the log is not folded into the file before it ends. Neither master key nor
    /// configuration is in the copy.
    ///
    /// Dropping the future does not take it back.
    ///
    /// # Errors
    /// [`BackupError`].
    pub async fn backup(&self, path: PathBuf) -> Result<(), BackupError> {
        self.writer.check_alive()?;
        let readers = self.readers.clone();
        let copying = tokio::task::spawn_blocking(move || copy(&readers, &path));
        copying.await.map_err(|_| StorageError::Unavailable("the backup was abandoned".into()))?
    }
}

fn copy(readers: &Readers, path: &Path) -> Result<(), BackupError> {
    // Absolute, because SQLite reads a name that begins with `file:` as a URI.
    let path = std::path::absolute(path).map_err(|error| not_made(path, &error))?;
    let text = path.to_str().ok_or_else(|| BackupError::NotUtf8 { path: path.clone() })?;
    // The name is taken at once, and the whole copy takes its place: nobody finds half a backup under it.
    let taken = NewFile::create(path.clone())?;
    let partial = NewFile::create(PathBuf::from(format!("{text}.partial")))?;
    // A connection of its own: a long copy must not keep requests from theirs. Unlike the page-wise backup of SQLite,
    // this one is a single read transaction, which commits do not make start again, and leaves no log beside the file.
    let connection = readers.open()?;
    connection.execute("VACUUM INTO ?1", [format!("{text}.partial")]).map_err(Failure::from)?;
    let made = |error: Error| not_made(&path, &error);
    File::open(&partial.path).and_then(|file| file.sync_all()).map_err(made)?;
    fs::rename(&partial.path, &taken.path).map_err(made)?;
    partial.keep();
    if let Some(directory) = path.parent() {
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(made)?;
    }
    taken.keep();
    Ok(())
}

/// A file that is removed when dropped, unless it is kept.
struct NewFile {
    path: PathBuf,
    kept: bool,
}

impl NewFile {
    /// Creates it empty, which is what `VACUUM INTO` accepts.
    fn create(path: PathBuf) -> Result<Self, BackupError> {
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        created.map_err(|error| not_made(&path, &error))?;
        Ok(Self { path, kept: false })
    }

    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "what a failed backup left could not be removed");
        }
    }
}

impl From<Failure> for BackupError {
    fn from(failure: Failure) -> Self {
        Self::Storage(failure.0)
    }
}

fn not_made(path: &Path, error: &Error) -> BackupError {
    let path = path.to_owned();
    match error.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists { path },
        kind => BackupError::NotWritable { path, kind },
    }
}
