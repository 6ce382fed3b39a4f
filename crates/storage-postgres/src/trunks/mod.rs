//! Trunks, and what belongs to them: access lists, next hops, numbers.

pub(crate) mod attachments;
pub(crate) mod ip_acls;
pub(crate) mod numbers;
pub(crate) mod origination_uris;
mod reads;
mod statements;
pub(crate) mod trunk;
pub(crate) mod trunk_rows;

use crate::changed::Touched;
use crate::failure::Refused;
use crate::sql::{self, parameters};
use domain::AccountId;
use sqlx::PgConnection;

/// Deletes all of an account, so that nothing refers to its credentials any more.
pub(crate) async fn delete_of_account(
    connection: &mut PgConnection,
    account: AccountId,
    touched: &mut Vec<Touched>,
) -> Result<(), Refused> {
    let sql = "DELETE FROM numbers WHERE account_id = $1 RETURNING e164";
    let gone = sql::all(connection, sql, parameters![account.0], |row| numbers::e164(row, 0)).await?;
    touched.extend(gone.into_iter().map(Touched::Number));
    let sql = "DELETE FROM trunks WHERE account_id = $1 RETURNING id";
    let gone = sql::all(connection, sql, parameters![account.0], |row| trunk_rows::trunk_id(row, 0)).await?;
    touched.extend(gone.into_iter().map(|id| Touched::Trunk(account, id)));
    let sql = "DELETE FROM origination_uris WHERE account_id = $1 RETURNING id";
    let gone = sql::all(connection, sql, parameters![account.0], |row| trunk_rows::uri_id(row, 0)).await?;
    touched.extend(gone.into_iter().map(|id| Touched::OriginationUri(account, id)));
    let sql = "DELETE FROM ip_acls WHERE account_id = $1 RETURNING id";
    let gone = sql::all(connection, sql, parameters![account.0], |row| trunk_rows::ip_acl_id(row, 0)).await?;
    touched.extend(gone.into_iter().map(|id| Touched::IpAcl(account, id)));
    Ok(())
}
