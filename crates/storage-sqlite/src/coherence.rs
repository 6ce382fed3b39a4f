//! Commits, the change feed and coherence: what the writer does for callers.
//!
//! One process serves all phones of a SQLite installation, and its followers are applied before a commit is answered.
//! So a revision is applied everywhere as soon as it is applied here.

use crate::SqliteStorage;
use crate::failure::Failure;
use domain::Revision;
use rusqlite::Connection;
use std::sync::Arc;
use storage::{ChangeFeed, ChangeSet, Coherence, Commit, CommitError, Follower, Pending, StorageError};

impl Commit for SqliteStorage {
    fn commit(&self, set: ChangeSet) -> Pending<'_, Result<Revision, CommitError>> {
        Box::pin(async move { self.writer.run(move |transaction| transaction.commit(&set)).await? })
    }
}

impl ChangeFeed for SqliteStorage {
    fn follow(&self, follower: Arc<dyn Follower>) -> Pending<'_, Result<Revision, StorageError>> {
        Box::pin(self.writer.follow(follower))
    }
}

impl Coherence for SqliteStorage {
    fn applied_everywhere(&self, revision: Revision) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.writer.applied(revision))
    }
}

impl SqliteStorage {
    /// Reads, unless the writer has stopped: what can be read then may no longer be what followers know.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.writer.check_alive()?;
        self.readers.read(query).await
    }
}
