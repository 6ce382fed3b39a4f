//! The directory of an installation, and the names of what is in it.

use crate::failure::Failure;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A data directory. Others on the machine may not look into it.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    path: PathBuf,
}

impl DataDir {
    /// How the name of a directory begins in which a backup is being made.
    pub(crate) const BACKUP_PREFIX: &str = "backup-";

    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Creates it with mode 0700 unless it exists.
    pub(crate) fn create(&self) -> Result<(), Failure> {
        let outcome = DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        outcome
            .and_then(|()| if self.path.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) })
            .map_err(|error| Failure::DataDirectory { path: self.path.clone(), error })
    }

    /// Removes what backups have left that were being made when their process was killed. To be called only while no
    /// other process has the directory locked.
    pub(crate) fn remove_unfinished_backups(&self) {
        for entry in std::fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(Self::BACKUP_PREFIX.as_bytes())
                && entry.file_type().is_ok_and(|kind| kind.is_dir())
                && let Err(error) = std::fs::remove_dir_all(entry.path())
            {
                tracing::warn!(%error, "what an unfinished backup left could not be removed");
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("sipwarden.db")
    }

    pub(crate) fn master_key(&self) -> PathBuf {
        self.path.join("master.key")
    }

    pub(crate) fn control_socket(&self) -> PathBuf {
        self.path.join("control.sock")
    }

    /// Where the control socket is bound before it is moved to its place.
    pub(crate) fn control_socket_cradle(&self) -> PathBuf {
        self.path.join("control.new")
    }

    pub(crate) fn listening(&self) -> PathBuf {
        self.path.join("listening.json")
    }
}
