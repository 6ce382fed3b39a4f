//! Statements that differ by table and columns only. Columns are bound in the order of each list, the identifier first
//! and the revision last.

use crate::failure::Failure;
use crate::rows;
use crate::transaction::Refused;
use domain::{AccountId, Revision, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use storage::{Conflict, Listed, Page};

/// Inserts a row of those columns.
pub(super) fn insert(table: &str, columns: &str) -> String {
    let values: Vec<String> = (1..=columns.split(", ").count()).map(|number| format!("?{number}")).collect();
    format!("INSERT INTO {table} ({columns}) VALUES ({})", values.join(", "))
}

/// Replaces all of those columns but the identifier and those that stay for life.
pub(super) fn update(table: &str, columns: &str, kept: &[&str]) -> String {
    let names = columns.split(", ").enumerate();
    let changes: Vec<String> = names
        .filter(|(place, name)| *place > 0 && !kept.contains(name))
        .map(|(place, name)| format!("{name} = ?{}", place + 1))
        .collect();
    let key = columns.split(", ").next().unwrap_or_default();
    format!("UPDATE {table} SET {} WHERE {key} = ?1", changes.join(", "))
}

/// When the row that is to be replaced was created, if it is the account's and still of that revision.
pub(super) fn created_at(
    connection: &Connection,
    table: &str,
    key: (&str, &dyn ToSql),
    (account, revision): (AccountId, Revision),
) -> Result<Timestamp, Refused> {
    let sql = format!("SELECT revision, created_at FROM {table} WHERE {} = ?1 AND account_id = ?2", key.0);
    let read = |row: &Row<'_>| Ok((rows::revision(row, 0)?, rows::moment(row, 1)?));
    let stored = connection.prepare_cached(&sql)?.query_row(params![key.1, account.0], read).optional()?;
    match stored {
        None => Err(Conflict::NotFound.into()),
        Some((stored, _)) if stored != revision => Err(Conflict::Superseded.into()),
        Some((_, created_at)) => Ok(created_at),
    }
}

/// Whether the account has a row of that identifier.
pub(super) fn owns(connection: &Connection, table: &str, account: AccountId, id: &[u8; 16]) -> Result<bool, Failure> {
    let sql = format!("SELECT 1 FROM {table} WHERE id = ?1 AND account_id = ?2");
    Ok(connection.prepare_cached(&sql)?.exists(params![id, account.0])?)
}

/// The account's row of that identifier.
pub(super) fn read_one<T>(
    connection: &Connection,
    (columns, table): (&str, &str),
    (account, id): (AccountId, &[u8; 16]),
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, Failure> {
    let sql = format!("SELECT {columns} FROM {table} WHERE id = ?1 AND account_id = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row(params![id, account.0], read).optional()?)
}

/// A page of rows in order of creation, of one account or of all.
pub(super) fn read_page<T>(
    connection: &Connection,
    (columns, table): (&str, &str),
    (account, page): (Option<AccountId>, Page),
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Listed<T>, Failure> {
    // One transaction, so that page and total are of one moment.
    let transaction = connection.unchecked_transaction()?;
    let wanted = if account.is_some() { "account_id = ?1" } else { "?1 IS NULL" };
    let number = account.map(|account| account.0);
    let count = format!("SELECT count(*) FROM {table} WHERE {wanted}");
    let total: i64 = transaction.prepare_cached(&count)?.query_row([number], |row| row.get(0))?;
    let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
    let sql = format!("SELECT {columns} FROM {table} WHERE {wanted} ORDER BY no LIMIT ?2 OFFSET ?3");
    let mut statement = transaction.prepare_cached(&sql)?;
    let found = statement.query_map(params![number, page.limit, offset], read)?;
    Ok(Listed { objects: found.collect::<rusqlite::Result<_>>()?, total: total.cast_unsigned() })
}
