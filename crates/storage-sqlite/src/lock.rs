//! Keeps a second process away from the database.

use crate::OpenError;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Holds the lock until dropped; the operating system lets go of it even if the process is killed.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Locks `sipwarden.lock` in the directory of the database. SQLite's own locks would not do: they let two
    /// servers take turns, each unaware of what the other committed.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::InUse`] when another holds it.
    pub fn take(database: &Path) -> Result<Self, OpenError> {
        let path = database.with_file_name("sipwarden.lock");
        let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = opened.map_err(|error| OpenError::from_io(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: database.to_owned() }),
            Err(TryLockError::Error(error)) => Err(OpenError::from_io(&path, &error)),
        }
    }
}
