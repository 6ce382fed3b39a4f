//! Brings the schema to the version this program knows.

use crate::audit_log;
use rusqlite::{Connection, TransactionBehavior};

/// `SipW`, which marks a file as ours (`PRAGMA application_id`).
pub(crate) const APPLICATION_ID: i32 = 0x5369_7057;

/// Every migration in order; the version of a database is how many of them it has seen. Never edit one that was
/// released.
const MIGRATIONS: [&str; 9] = [
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_tenancy.sql"),
    include_str!("../migrations/0003_digest.sql"),
    include_str!("../migrations/0004_trunks.sql"),
    include_str!("../migrations/0005_calls.sql"),
    include_str!("../migrations/0006_webhooks.sql"),
    include_str!("../migrations/0007_reasons.sql"),
    include_str!("../migrations/0008_never_banned.sql"),
    include_str!("../migrations/0009_devices.sql"),
];

/// The version this program knows.
pub(crate) const VERSION: u32 = MIGRATIONS.len() as u32;

/// The first version whose audit records have hashes.
const AUDIT_IS_CHAINED_SINCE: u32 = 7;

/// What a file is, by its marks.
pub(crate) enum Found {
    /// Nothing in it yet.
    Empty,
    /// Ours, of that version.
    Version(u32),
    /// A database of another program.
    Foreign,
}

/// Looks at the marks and changes nothing.
pub(crate) fn inspect(connection: &Connection) -> rusqlite::Result<Found> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    Ok(match (application, objects) {
        (APPLICATION_ID, _) => Found::Version(version),
        (0, 0) => Found::Empty,
        _ => Found::Foreign,
    })
}

/// Runs what is missing in one transaction: an upgrade that fails leaves the database as it was.
pub(crate) fn migrate(connection: &mut Connection, from: u32) -> rusqlite::Result<()> {
    if from == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in MIGRATIONS.iter().skip(from as usize) {
        transaction.execute_batch(migration)?;
    }
    if from < AUDIT_IS_CHAINED_SINCE {
        audit_log::chain_all(&transaction)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    tracing::info!(from, to = VERSION, "migrated the database");
    Ok(())
}
