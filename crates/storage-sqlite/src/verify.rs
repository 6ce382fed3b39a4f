//! Looks at a database that nobody uses, such as a restored one, and changes nothing.

use crate::OpenError;
use crate::migrate::{self, Found};
use crate::open::{self, OpenFailure};
use crate::rows;
use domain::Revision;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use storage::SettingName;

/// What is in a database that was found sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The schema's version; opening it brings it up to date.
    pub schema_version: u32,
    /// The revision of its last commit.
    pub revision: Revision,
    /// How many accounts it has, sub-accounts among them.
    pub accounts: u64,
    /// How many credentials.
    pub credentials: u64,
    /// How many registrations, expired ones among them.
    pub registrations: u64,
    /// How many lines of the audit log.
    pub audit_events: u64,
}

/// Reads every page and index of the database at `path`, follows every reference in it, and counts what is there.
/// Blocks, for as long as reading all of it takes.
///
/// # Errors
/// [`OpenError`]: [`Damaged`](OpenError::Damaged) where anything in it contradicts anything else.
pub fn verify(path: &Path) -> Result<Summary, OpenError> {
    open::check_readable(path)?;
    read(path).map_err(|failure| failure.at(path))
}

fn read(path: &Path) -> Result<Summary, OpenFailure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    open::configure(&connection)?;
    // One transaction, should somebody use it after all.
    let transaction = connection.transaction()?;
    let schema_version = match migrate::inspect(&transaction)? {
        Found::Version(found) if found > migrate::VERSION => return Err(OpenFailure::TooNew(found)),
        Found::Version(found) => found,
        Found::Empty | Found::Foreign => return Err(OpenFailure::NotOurs),
    };
    check(&transaction)?;
    let count = |table: &str| {
        transaction.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0).map(i64::cast_unsigned))
    };
    Ok(Summary {
        schema_version,
        revision: transaction.query_row("SELECT revision FROM counter", [], |row| rows::revision(row, 0))?,
        accounts: count("accounts")?,
        credentials: count("credentials")?,
        registrations: count("registrations")?,
        audit_events: count("audit_log")?,
    })
}

/// The installation's settings in the database at `path`, also while a server uses it.
///
/// # Errors
/// [`OpenError`] where it is no database of ours, or cannot be read.
pub fn stored_settings(path: &Path) -> Result<Vec<(SettingName, Box<str>)>, OpenError> {
    open::check_readable(path)?;
    read_settings(path).map_err(|failure| failure.at(path))
}

fn read_settings(path: &Path) -> Result<Vec<(SettingName, Box<str>)>, OpenFailure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    open::configure(&connection)?;
    match migrate::inspect(&connection)? {
        Found::Version(found) if found > migrate::VERSION => return Err(OpenFailure::TooNew(found)),
        Found::Version(_) => {}
        Found::Empty | Found::Foreign => return Err(OpenFailure::NotOurs),
    }
    let mut statement = connection.prepare("SELECT name, value FROM settings")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    let mut settings = Vec::new();
    for row in rows {
        let (name, value) = row?;
        settings.extend(SettingName::ALL.into_iter().find(|known| known.as_str() == name).map(|name| (name, value)));
    }
    Ok(settings)
}

fn check(connection: &Connection) -> Result<(), OpenFailure> {
    let integrity: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if integrity != "ok" {
        return Err(OpenFailure::Contradictory);
    }
    for contradiction in [
        "PRAGMA foreign_key_check",
        "SELECT 1 FROM accounts a
         WHERE credential_count <> (SELECT count(*) FROM credentials c WHERE c.account_id = a.id)",
        "SELECT 1 FROM counter WHERE revision < (SELECT coalesce(max(revision), 0) FROM credentials)",
    ] {
        if connection.prepare(contradiction)?.exists([])? {
            return Err(OpenFailure::Contradictory);
        }
    }
    Ok(())
}
