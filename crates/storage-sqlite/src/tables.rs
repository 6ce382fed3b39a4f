//! Every row as it is, for moving an installation to another database.

use crate::OpenError;
use crate::migrate::{self, Found};
use crate::open::{self, OpenFailure};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::ops::ControlFlow;
use std::path::Path;
use storage::{Cell, Counters, Rows};

/// Every table, what is referred to before what refers to it.
pub const TABLES: [&str; 28] = [
    "settings",
    "realms",
    "accounts",
    "hosts",
    "credentials",
    "devices",
    "audit_log",
    "registrations",
    "boots",
    "api_tokens",
    "operator_tokens",
    "remembered_answers",
    "algorithm_uses",
    "credential_uses",
    "device_uses",
    "ip_acls",
    "origination_uris",
    "trunks",
    "trunk_attachments",
    "numbers",
    "call_records",
    "webhooks",
    "webhook_outbox",
    "auth_events",
    "bans",
    "provisioning_links",
    "provisioning_paths",
    "live_calls",
];

/// Hands over every row of the database at `path`, which must be of the schema that this program knows and which nobody may
/// use meanwhile, at most `chunk` at a time; then what it counts. Blocks. Ends early where `each` says so.
///
/// # Errors
/// [`OpenError`] where it cannot be read.
pub fn read_tables(
    path: &Path,
    chunk: usize,
    each: &mut dyn FnMut(Rows) -> ControlFlow<()>,
) -> Result<Counters, OpenError> {
    open::check_readable(path)?;
    read(path, chunk, each).map_err(|failure| failure.at(path))
}

fn read(path: &Path, chunk: usize, each: &mut dyn FnMut(Rows) -> ControlFlow<()>) -> Result<Counters, OpenFailure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    open::configure(&connection)?;
    let transaction = connection.transaction()?;
    match migrate::inspect(&transaction)? {
        Found::Version(migrate::VERSION) => {}
        Found::Version(found) => return Err(OpenFailure::TooNew(found)),
        Found::Empty | Found::Foreign => return Err(OpenFailure::NotOurs),
    }
    for table in TABLES {
        if read_table(&transaction, table, chunk, each)?.is_break() {
            return Ok(Counters::default());
        }
    }
    let revision = transaction.query_row("SELECT revision FROM counter", [], |row| row.get::<_, i64>(0))?;
    let mut numbers = transaction.prepare("SELECT name, seq FROM sqlite_sequence")?;
    let numbers = numbers.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    Ok(Counters { revision: revision.cast_unsigned(), numbers })
}

fn read_table(
    connection: &Connection,
    table: &'static str,
    chunk: usize,
    each: &mut dyn FnMut(Rows) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, OpenFailure> {
    // In the order in which rows were made, where there is one: what refers to its like comes behind it.
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1"))?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let cells = (0..columns.len()).map(|column| row.get_ref(column).and_then(cell));
        rows.push(cells.collect::<rusqlite::Result<_>>()?);
        if rows.len() == chunk {
            let full = Rows { table, columns: columns.clone(), rows: std::mem::take(&mut rows) };
            if each(full).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(each(Rows { table, columns, rows }))
}

fn cell(value: ValueRef<'_>) -> rusqlite::Result<Cell> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Text(_) => Cell::Text(value.as_str()?.to_owned()),
        ValueRef::Blob(octets) => Cell::Octets(octets.to_vec()),
        // The schema has none.
        ValueRef::Real(_) => return Err(rusqlite::Error::InvalidQuery),
    })
}
