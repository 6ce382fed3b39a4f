//! Where an installation's rows are: in a SQLite file of its own, or in a PostgreSQL database that nodes share.

use crate::failure::Failure;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use storage::{Lease, SoleNode, Storage};
use storage_postgres::{NodeLease, PostgresStorage};
use storage_sqlite::SqliteStorage;

/// Which database an installation uses.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum DatabasePlace {
    /// The file in the data directory.
    DataDirectory,
    /// What a URL names, which may have a password in it.
    Postgres(Box<str>),
}

impl DatabasePlace {
    /// What `--database-url` says.
    pub(crate) fn of(url: Option<&str>) -> Result<Self, Failure> {
        match url {
            None => Ok(Self::DataDirectory),
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Self::Postgres(url.into()))
            }
            Some(_) => Err(Failure::NoDatabaseUrl),
        }
    }
}

impl fmt::Debug for DatabasePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DataDirectory => "DataDirectory",
            Self::Postgres(_) => "Postgres(<redacted>)",
        })
    }
}

/// An opened database.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite(Arc<SqliteStorage>),
    Postgres(Arc<PostgresStorage>),
}

impl Database {
    pub(crate) fn storage(&self) -> Arc<dyn Storage> {
        match self {
            Self::Sqlite(storage) => Arc::clone(storage) as _,
            Self::Postgres(storage) => Arc::clone(storage) as _,
        }
    }

    /// Whether this process may answer by what it knows.
    pub(crate) fn lease(&self) -> Arc<dyn Lease> {
        match self.node_lease() {
            Some(lease) => lease as _,
            None => Arc::new(SoleNode),
        }
    }

    /// The lease, where there may be other nodes.
    pub(crate) fn node_lease(&self) -> Option<Arc<NodeLease>> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(storage) => storage.lease().cloned(),
        }
    }

    /// Stores what waits, and lets go of it.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(storage) => storage.close().await,
            Self::Postgres(storage) => storage.close().await,
        }
    }

    /// Copies it into a new file.
    pub(crate) async fn backup(&self, path: PathBuf) -> io::Result<()> {
        match self {
            Self::Sqlite(storage) => storage.backup(path).await.map_err(io::Error::other),
            Self::Postgres(_) => {
                Err(io::Error::other("PostgreSQL makes its own backups: use pg_dump or pg_basebackup"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_postgresql_or_nothing() {
        assert_eq!(DatabasePlace::of(None).unwrap(), DatabasePlace::DataDirectory);
        let place = DatabasePlace::of(Some("postgresql://sipwarden:hush@db/sipwarden")).unwrap();
        assert_eq!(format!("{place:?}"), "Postgres(<redacted>)");
        assert!(DatabasePlace::of(Some("mysql://root@localhost/x")).is_err());
    }
}
