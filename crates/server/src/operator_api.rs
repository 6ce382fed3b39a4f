//! What the operator API asks of this process.

use crate::data_dir::DataDir;
use crate::database::Database;
use crate::node::Node;
use http_api::{Backup, BackupFuture, Exposure, KeyRotation, OperatorApi, RotationFuture};
use keyring::source::KeySource;
use provisioning::{InstallationOperator, OnProgress, Provisioning};
use std::fs::File;
use std::io;
use std::sync::Arc;

/// The operator API of an opened installation.
pub(crate) fn of(node: &Node, data_dir: &DataDir, exposure: Exposure) -> OperatorApi {
    let backup = DatabaseBackup { database: node.database.clone(), data_dir: data_dir.clone() };
    let keys = StoredKeys { provisioning: Arc::clone(&node.provisioning), store: Arc::clone(&node.key_source) };
    OperatorApi { exposure, backup: Arc::new(backup), keys: Arc::new(keys) }
}

struct DatabaseBackup {
    database: Database,
    data_dir: DataDir,
}

impl Backup for DatabaseBackup {
    fn copy(&self) -> BackupFuture<'_> {
        let (database, data_dir) = (self.database.clone(), self.data_dir.clone());
        Box::pin(async move {
            // A task of its own, so that nothing is left behind when nobody waits for it any more.
            tokio::spawn(copy(database, data_dir)).await.map_err(io::Error::other)?
        })
    }
}

/// Copies into a directory of mode 0700 that is gone when this returns; the space is free when the file is closed.
async fn copy(database: Database, data_dir: DataDir) -> io::Result<File> {
    let folder = tempfile::Builder::new().prefix(DataDir::BACKUP_PREFIX).tempdir_in(data_dir.path())?;
    let path = folder.path().join("copy.db");
    database.backup(path.clone()).await?;
    File::open(path)
}

struct StoredKeys {
    provisioning: Arc<Provisioning>,
    store: Arc<KeySource>,
}

impl KeyRotation for StoredKeys {
    fn rotate(&self, operator: InstallationOperator, on_progress: OnProgress) -> RotationFuture<'_> {
        let store = Arc::clone(&self.store);
        Box::pin(async move { self.provisioning.rotate_keys(&operator, store, on_progress).await })
    }
}
