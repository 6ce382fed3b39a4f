//! Reading connections.

use crate::failure::Failure;
use crate::open::{self, Options};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use storage::StorageError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// At most so many connections at a time; they are opened when needed and kept.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    busy_timeout: Duration,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub fn new(path: &Path, options: &Options) -> Self {
        Self {
            path: path.to_owned(),
            busy_timeout: options.busy_timeout,
            permits: Arc::new(Semaphore::new(options.readers.get())),
            idle: Mutex::default(),
        }
    }

    /// Runs the query on a blocking thread.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StorageError> {
        let unavailable = |text: &str| StorageError::Unavailable(text.to_owned());
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| unavailable("the readers are closed"))?;
        let readers = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let mut lease = Lease::take(readers, permit)?;
            query(lease.connection()?)
        });
        let outcome = reading.await.map_err(|_| unavailable("a read was abandoned"))?;
        outcome.map_err(StorageError::from)
    }

    /// A connection of one's own, for long reads at start-up.
    pub fn open(&self) -> Result<Connection, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.busy_timeout)?;
        open::configure(&connection)?;
        connection.pragma_update(None, "cache_size", -16 * 1024)?;
        Ok(connection)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // Pushing and popping leave no half-done state for a panic to expose.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that goes back when dropped, also by a panic.
struct Lease {
    connection: Option<Connection>,
    readers: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    fn take(readers: Arc<Readers>, permit: OwnedSemaphorePermit) -> Result<Self, Failure> {
        let kept = readers.idle().pop();
        let connection = kept.map_or_else(|| readers.open(), Ok)?;
        Ok(Self { connection: Some(connection), readers, _permit: permit })
    }

    fn connection(&mut self) -> Result<&mut Connection, Failure> {
        match &mut self.connection {
            Some(connection) => Ok(connection),
            empty => Ok(empty.insert(self.readers.open()?)),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.readers.idle().extend(self.connection.take());
    }
}
