//! A database in a temporary directory, and a second look at it past the adapter.
use domain::{AccountId, AuditAction, AuditEvent, Revision, Timestamp};
use rusqlite::{Connection, OpenFlags, Row};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use storage_sqlite::{OpenError, Options, SqliteStorage};
use tempfile::TempDir;
use testkit::conformance::Subject;

/// The version of the schema that this program knows.
pub const LATEST: u32 = 9;

/// Where a test's database is.
pub struct Database {
    directory: TempDir,
}

impl Database {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("sipwarden.sqlite")
    }

    pub fn try_open(&self) -> Result<SqliteStorage, OpenError> {
        SqliteStorage::open(&self.path(), &Options::default())
    }

    pub fn open(&self) -> SqliteStorage {
        self.try_open().unwrap()
    }

    /// A connection as the operator's tools have one.
    pub fn look(&self) -> Connection {
        Connection::open_with_flags(self.path(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }

    /// The empty storage as the conformance suite takes it.
    pub fn into_subject(self) -> Subject {
        let storage = Arc::new(self.open());
        let path = self.path();
        Subject { storage, audit_log: Box::new(move || audit_log(&path)), keep: Box::new(self.directory) }
    }
}

fn audit_log(path: &Path) -> Vec<(Revision, AuditEvent)> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT revision, at, account_id, actor, source, request_id, action, subject, detail
               FROM audit_log ORDER BY seq";
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], audit_event).unwrap().collect::<Result<_, _>>().unwrap()
}

fn audit_event(row: &Row<'_>) -> rusqlite::Result<(Revision, AuditEvent)> {
    let action: String = row.get(6)?;
    let actions = [
        AuditAction::AccountCreated,
        AuditAction::AccountUpdated,
        AuditAction::AccountDeleted,
        AuditAction::HostAdded,
        AuditAction::HostRemoved,
        AuditAction::TokenCreated,
        AuditAction::TokenRevoked,
        AuditAction::OperatorTokenCreated,
        AuditAction::OperatorTokenRevoked,
        AuditAction::KeysRotated,
        AuditAction::CredentialCreated,
        AuditAction::CredentialUpdated,
        AuditAction::CredentialDeleted,
        AuditAction::RealmPolicyChanged,
        AuditAction::SettingChanged,
    ];
    let event = AuditEvent {
        at: Timestamp::from_micros(row.get(1)?),
        account: row.get::<_, Option<i64>>(2)?.map(AccountId),
        actor: row.get(3)?,
        source: row.get(4)?,
        request_id: row.get(5)?,
        action: actions.into_iter().find(|known| known.as_str() == action).unwrap(),
        subject: row.get(7)?,
        detail: row.get(8)?,
    };
    Ok((Revision(row.get::<_, i64>(0)?.cast_unsigned()), event))
}
