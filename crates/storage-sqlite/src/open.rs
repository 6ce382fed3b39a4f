//! Opening the database, and saying what to do when that is not possible.

use crate::lock::DirectoryLock;
use crate::migrate::{self, Found};
use crate::readers::Readers;
use crate::writer::Writer;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::num::NonZeroUsize;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use storage::{Unobserved, WriteObserver};

/// How every SQLite file begins.
const HEAD: &[u8] = b"SQLite format 3\0";

/// The storage ports over one SQLite file. Dropping it commits what waits and folds the log into the file.
#[derive(Debug)]
pub struct SqliteStorage {
    // In the order they must be dropped: the writer's connection closes last, since it removes the log.
    pub(crate) readers: Arc<Readers>,
    pub(crate) writer: Writer,
    _lock: DirectoryLock,
}

/// What may differ between installations.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections that read at the same time, opened when first needed.
    pub readers: NonZeroUsize,
    /// Most pages of 4096 octets the database may grow to; without it, as much as the disk holds.
    pub max_pages: Option<u32>,
    /// How long to wait while a tool of the operator's locks the database; everything that writes waits meanwhile.
    pub busy_timeout: Duration,
    /// Sees every write; nobody by default.
    pub observer: Arc<dyn WriteObserver>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: NonZeroUsize::MIN.saturating_add(3),
            max_pages: None,
            busy_timeout: Duration::from_secs(5),
            observer: Arc::new(Unobserved),
        }
    }
}

/// Why a database cannot be opened; each text ends in what mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process (or another part of this one) has it open.
    #[error("another sipwarden is using {path}; stop it, or use another --data-dir")]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A file that is no database, or one of another program.
    #[error("{path} is not a sipwarden database; move it away or use another --data-dir")]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// Written by a later version of this program.
    #[error("{path} was written by a newer sipwarden (schema {found}, this one knows {known}); install that version")]
    TooNew {
        /// The database.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The latest this program knows.
        known: u32,
    },
    /// The directory is not there.
    #[error("the directory of {path} does not exist; create it with `mkdir -p`")]
    NoDirectory {
        /// What was to be opened in it.
        path: PathBuf,
    },
    /// There is no such file to verify.
    #[error("{path} does not exist; check the name")]
    Missing {
        /// What was to be read.
        path: PathBuf,
    },
    /// The operating system does not allow reading.
    #[error("{path} cannot be read ({kind}); make it readable for this user")]
    NotReadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        kind: ErrorKind,
    },
    /// The operating system does not allow reading and writing.
    #[error("{path} cannot be opened for writing ({kind}); make it and its directory writable for this user")]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        kind: ErrorKind,
    },
    /// The file system cannot hold a write-ahead log, which network file systems cannot.
    #[error("{path} is on a file system without shared memory; put the data directory on a local disk")]
    NoSharedMemory {
        /// The database.
        path: PathBuf,
    },
    /// Its content contradicts itself.
    #[error("{path} is damaged; restore it from a backup")]
    Damaged {
        /// The database.
        path: PathBuf,
    },
    /// The disk is full or fails, or a tool holds a lock.
    #[error("{path} cannot be used ({reason}); free disk space and close other programs that have it open")]
    Unavailable {
        /// The database.
        path: PathBuf,
        /// SQLite's reason.
        reason: String,
    },
}

impl SqliteStorage {
    /// Opens the database at `path`, creating it (mode 0600) if there is none and bringing its schema up to date.
    /// Blocks; for start-up.
    ///
    /// # Errors
    /// [`OpenError`]; a file that is not ours is left as it was.
    pub fn open(path: &Path, options: &Options) -> Result<Self, OpenError> {
        Self::open_locked(DirectoryLock::take(path)?, path, options)
    }

    /// The same for a caller that has the directory's lock already, and so could look around before opening.
    ///
    /// # Errors
    /// [`OpenError`]; a file that is not ours is left as it was.
    pub fn open_locked(lock: DirectoryLock, path: &Path, options: &Options) -> Result<Self, OpenError> {
        create_file(path)?;
        let connection = open_checked(path, options).map_err(|failure| failure.at(path))?;
        let writer = Writer::start(connection, Arc::clone(&options.observer)).map_err(|failure| match failure {
            StartError::Sqlite(error) => OpenFailure::Sqlite(error).at(path),
            StartError::Thread(kind) => {
                OpenError::Unavailable { path: path.to_owned(), reason: format!("no thread: {kind}") }
            }
        })?;
        Ok(Self { readers: Arc::new(Readers::new(path, options)), writer, _lock: lock })
    }

    /// Commits what waits, folds the log into the file and stops; every later call fails. Dropping does the same.
    pub async fn close(&self) {
        self.writer.close().await;
    }
}

impl OpenError {
    pub(crate) fn from_io(path: &Path, error: &std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::NoDirectory { path: path.to_owned() },
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                Self::Unavailable { path: path.to_owned(), reason: error.to_string() }
            }
            kind => Self::NotWritable { path: path.to_owned(), kind },
        }
    }
}

/// Why the writer could not start.
pub(crate) enum StartError {
    /// The revision could not be read.
    Sqlite(rusqlite::Error),
    /// The system gives no thread.
    Thread(ErrorKind),
}

impl From<rusqlite::Error> for StartError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// An [`OpenError`] that does not know its path yet.
pub(crate) enum OpenFailure {
    NotOurs,
    Contradictory,
    TooNew(u32),
    NoSharedMemory,
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for OpenFailure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl OpenFailure {
    pub fn at(self, path: &Path) -> OpenError {
        let path = path.to_owned();
        match self {
            Self::NotOurs => OpenError::NotOurs { path },
            Self::Contradictory => OpenError::Damaged { path },
            Self::TooNew(found) => OpenError::TooNew { path, found, known: migrate::VERSION },
            Self::NoSharedMemory => OpenError::NoSharedMemory { path },
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) => OpenError::NotOurs { path },
                Some(ErrorCode::DatabaseCorrupt) | None => OpenError::Damaged { path },
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                    OpenError::NotWritable { path, kind: ErrorKind::PermissionDenied }
                }
                Some(_) => OpenError::Unavailable { path, reason: error.to_string() },
            },
        }
    }
}

/// Creates the file before SQLite would, which leaves the mode to the umask. Its log files take over the mode. A file
/// that begins unlike a database is refused here, since SQLite takes very short ones for empty and overwrites them.
fn create_file(path: &Path) -> Result<(), OpenError> {
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let head = opened.and_then(|file| read_head(&file)).map_err(|error| OpenError::from_io(path, &error))?;
    if head.is_empty() || head == HEAD { Ok(()) } else { Err(OpenError::NotOurs { path: path.to_owned() }) }
}

/// Refuses what is not there, not readable, or begins unlike a database.
pub(crate) fn check_readable(path: &Path) -> Result<(), OpenError> {
    let owned = || path.to_owned();
    match File::open(path).and_then(|file| read_head(&file)) {
        Ok(head) if head == HEAD => Ok(()),
        Ok(_) => Err(OpenError::NotOurs { path: owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(OpenError::Missing { path: owned() }),
        Err(error) => Err(OpenError::NotReadable { path: owned(), kind: error.kind() }),
    }
}

fn read_head(file: &File) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(HEAD.len() as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn open_checked(path: &Path, options: &Options) -> Result<Connection, OpenFailure> {
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(options.busy_timeout)?;
    // Before anything that writes: what is not ours stays as it is.
    let version = match migrate::inspect(&connection)? {
        Found::Foreign => return Err(OpenFailure::NotOurs),
        Found::Version(found) if found > migrate::VERSION => return Err(OpenFailure::TooNew(found)),
        Found::Version(found) => found,
        Found::Empty => 0,
    };
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenFailure::NoSharedMemory);
    }
    configure_writer(&connection, options)?;
    migrate::migrate(&mut connection, version)?;
    Ok(connection)
}

fn configure_writer(connection: &Connection, options: &Options) -> rusqlite::Result<()> {
    configure(connection)?;
    // An answered commit survives a power failure.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // 64 MiB hold the indexes of about half a million credentials.
    connection.pragma_update(None, "cache_size", -64 * 1024)?;
    // Fold the log into the file every 16 MiB, and let it stay no larger than 64 MiB after a peak.
    connection.pragma_update(None, "wal_autocheckpoint", 4096)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    if let Some(pages) = options.max_pages {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(())
}

/// What reading and writing connections share.
pub(crate) fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    // Plans do not depend on what is bound. Otherwise a statement whose plan might is prepared anew at each use: going back
    // to be kept it gives up its values, and that counts as binding others.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // A schema that somebody tampered with must not run functions in our name.
    connection.pragma_update(None, "trusted_schema", false)?;
    // Not mapped into memory: a failing disk would then end the process instead of a statement.
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}
