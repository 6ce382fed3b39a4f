//! Statements that differ by table and columns only. Columns are bound in the order of each list, the identifier first
//! and the revision last.

use crate::failure::Refused;
use crate::rows;
use crate::sql::{self, Row, parameters};
use domain::{AccountId, Revision, Timestamp};
use sqlx::PgConnection;
use sqlx::postgres::PgArguments;
use storage::{Conflict, Page};

/// Inserts a row of those columns.
pub(super) fn insert(table: &str, columns: &str) -> String {
    let values: Vec<String> = (1..=columns.split(", ").count()).map(|number| format!("${number}")).collect();
    format!("INSERT INTO {table} ({columns}) VALUES ({})", values.join(", "))
}

/// Replaces all of those columns but the identifier. What stays for life is bound as it was read.
pub(super) fn update(table: &str, columns: &str) -> String {
    let mut names = columns.split(", ");
    let key = names.next().unwrap_or_default();
    let changes: Vec<String> = names.zip(2..).map(|(name, place)| format!("{name} = ${place}")).collect();
    format!("UPDATE {table} SET {} WHERE {key} = $1", changes.join(", "))
}

/// When the row that is to be replaced was created, if it is the account's and still of that revision. The key is a
/// column, and its value followed by the account.
pub(super) async fn created_at(
    connection: &mut PgConnection,
    table: &str,
    (key, values): (&str, PgArguments),
    revision: Revision,
) -> Result<Timestamp, Refused> {
    let sql = format!("SELECT revision, created_at FROM {table} WHERE {key} = $1 AND account_id = $2");
    let read = |row: &Row<'_>| Ok((rows::revision(row, 0)?, rows::moment(row, 1)?));
    match sql::find(connection, sql, values, read).await? {
        None => Err(Conflict::NotFound.into()),
        Some((stored, _)) if stored != revision => Err(Conflict::Superseded.into()),
        Some((_, created_at)) => Ok(created_at),
    }
}

/// Whether the account has a row of that identifier.
pub(super) async fn owns(
    connection: &mut PgConnection,
    table: &str,
    account: AccountId,
    id: &[u8; 16],
) -> sql::Result<bool> {
    let sql = format!("SELECT 1 FROM {table} WHERE id = $1 AND account_id = $2");
    sql::exists(connection, sql, parameters![id, account.0]).await
}

/// A page of rows in order of creation, of one account or of all, and how many there are.
pub(super) async fn read_page<T>(
    connection: &mut PgConnection,
    (columns, table): (&str, &str),
    (account, page): (Option<AccountId>, Page),
    read: impl FnMut(&Row<'_>) -> sql::Result<T>,
) -> sql::Result<(Vec<T>, u64)> {
    let wanted = if account.is_some() { "account_id = $1" } else { "$1::bigint IS NULL" };
    let number = account.map(|account| account.0);
    let count = format!("SELECT count(*) FROM {table} WHERE {wanted}");
    let total = sql::one(connection, count, parameters![number], |row| row.get(0)).await?;
    let sql = format!("SELECT {columns} FROM {table} WHERE {wanted} ORDER BY no LIMIT $2 OFFSET $3");
    let window = parameters![number, page.limit, rows::offset(page)];
    Ok((sql::all(connection, sql, window, read).await?, total))
}
