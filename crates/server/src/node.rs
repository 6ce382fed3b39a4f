//! One installation, opened: storage, keys and management. What both a server and a command on its own need.

use crate::data_dir::DataDir;
use crate::database::{Database, DatabasePlace};
use crate::failure::Failure;
use crate::patience;
use crate::system::{SystemClock, SystemRandom};
use domain::{Clock, RandomSource};
use keyring::Keyring;
use keyring::source::{KeySource, create_file, remove_leftovers};
use provisioning::{InstallationOperator, OperatorIndex, Provisioning};
use std::path::Path;
use std::sync::Arc;
use storage::{SettingName, Storage, WriteObserver};
use storage_postgres::{NodeOptions, PostgresStorage};
use storage_sqlite::{DirectoryLock, SqliteStorage};

/// What an installation is opened with.
pub(crate) struct Opening<'o> {
    pub(crate) data_dir: &'o DataDir,
    pub(crate) place: &'o DatabasePlace,
    pub(crate) key_source: &'o Arc<KeySource>,
    pub(crate) config: provisioning::Config,
    /// Sees every write; nobody if there is none.
    pub(crate) observer: Option<Arc<dyn WriteObserver>>,
    /// What makes this process a node that answers phones, where several may.
    pub(crate) node: Option<NodeOptions>,
}

/// An installation whose data directory this process alone has open.
pub(crate) struct Node {
    pub(crate) storage: Arc<dyn Storage>,
    /// The same, for what differs between databases.
    pub(crate) database: Database,
    pub(crate) keyring: Arc<Keyring>,
    /// Where the keys are kept.
    pub(crate) key_source: Arc<KeySource>,
    pub(crate) provisioning: Arc<Provisioning>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn RandomSource>,
}

impl Node {
    /// Opens the installation, creating what a first start creates: directory, master key, database.
    pub(crate) async fn open(opening: Opening<'_>) -> Result<Self, Failure> {
        opening.data_dir.create()?;
        let lock = patience::lock(opening.data_dir).await?;
        Self::open_locked(lock, opening).await
    }

    /// The same with the directory locked already. Whether this is a first start, and so a key file may be created, is
    /// for one process at a time to find out.
    pub(crate) async fn open_locked(lock: DirectoryLock, opening: Opening<'_>) -> Result<Self, Failure> {
        let Opening { data_dir, place, key_source, config, observer, node } = opening;
        let random: Arc<dyn RandomSource> = Arc::new(SystemRandom);
        let (keyring, database) = match place {
            DatabasePlace::DataDirectory => {
                let keyring = load_keys(&data_dir.database(), key_source, &*random)?;
                let mut options = storage_sqlite::Options::default();
                options.observer = observer.unwrap_or(options.observer);
                let storage = SqliteStorage::open_locked(lock, &data_dir.database(), &options)?;
                (keyring, Database::Sqlite(Arc::new(storage)))
            }
            DatabasePlace::Postgres(url) => {
                let mut options = storage_postgres::Options { node, ..storage_postgres::Options::default() };
                options.observer = observer.unwrap_or(options.observer);
                let storage = PostgresStorage::connect(url, &options).await?;
                let keyring = load_shared_keys(&storage, key_source, &*random).await?;
                (keyring, Database::Postgres(Arc::new(storage)))
            }
        };
        let keyring = Arc::new(keyring);
        remove_key_leftovers(key_source);
        data_dir.remove_unfinished_backups();
        let storage = database.storage();
        let operators = Arc::new(OperatorIndex::new());
        storage.follow(Arc::clone(&operators) as _).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let provisioning = Arc::new(Provisioning::new(provisioning::Parts {
            storage: Arc::clone(&storage),
            keyring: Arc::clone(&keyring),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
            operators,
            config,
        }));
        // Whoever could open the database and key files is the operator.
        provisioning.check_master_key(&InstallationOperator::admitted_by_file_permissions()).await?;
        Ok(Self { storage, database, keyring, key_source: Arc::clone(key_source), provisioning, clock, random })
    }
}

/// Only while the storage is open, and so no other process can be writing keys.
fn remove_key_leftovers(source: &KeySource) {
    let KeySource::File(path) = source else { return };
    match remove_leftovers(path) {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "removed temporary key files of a process that was killed"),
        Err(error) => tracing::warn!(%error, "temporary key files of a killed process could not be looked for"),
    }
}

/// A key file is created only together with the database: a new key beside an old database would open nothing in it,
/// and everything written from then on would be lost to the old key.
fn load_keys(database: &Path, source: &KeySource, random: &dyn RandomSource) -> Result<Keyring, Failure> {
    match source {
        KeySource::File(path) if !path.exists() && database.exists() => {
            Err(Failure::KeyLost { database: database.to_owned(), key: path.clone() })
        }
        KeySource::File(path) if !path.exists() => Ok(create_file(path, random)?),
        source => Ok(source.load()?),
    }
}

/// The same where the database is elsewhere: a new key is for a database that has seen none.
async fn load_shared_keys(
    storage: &PostgresStorage,
    source: &KeySource,
    random: &dyn RandomSource,
) -> Result<Keyring, Failure> {
    match source {
        KeySource::File(path) if !path.exists() => {
            if storage::Settings::setting(storage, SettingName::KeyCheck).await?.is_some() {
                return Err(Failure::KeyElsewhere { key: path.clone() });
            }
            Ok(create_file(path, random)?)
        }
        source => Ok(source.load()?),
    }
}
