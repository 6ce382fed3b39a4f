//! Entries of IP access lists.

use super::{attachments, statements};
use crate::account_changes;
use crate::changed::Touched;
use crate::failure::Refused;
use crate::rows::{self, parsed};
use crate::sql::{self, Row, parameters};
use domain::{AccountId, IpAcl, IpAclId, Revision};
use sqlx::PgConnection;
use storage::Conflict;

/// The columns [`read`] reads.
pub(crate) const COLUMNS: &str = "id, account_id, network, description, enabled, created_at, updated_at, revision";

pub(crate) fn read(row: &Row<'_>) -> sql::Result<IpAcl> {
    Ok(IpAcl {
        id: IpAclId::from_bytes(row.get(0)?),
        account: AccountId(row.get(1)?),
        network: parsed(row, 2, str::parse)?,
        description: row.get(3)?,
        enabled: row.get(4)?,
        created_at: rows::moment(row, 5)?,
        updated_at: rows::moment(row, 6)?,
        revision: rows::revision(row, 7)?,
    })
}

/// Creates an entry of an account that exists.
pub(crate) async fn create(connection: &mut PgConnection, new: &IpAcl, revision: Revision) -> Result<Touched, Refused> {
    if !account_changes::exists(connection, new.account).await? {
        return Err(Conflict::NotFound.into());
    }
    write(connection, statements::insert("ip_acls", COLUMNS), &IpAcl { revision, ..new.clone() }).await
}

/// Replaces an entry, if it is still as it was read.
pub(crate) async fn update(connection: &mut PgConnection, new: &IpAcl, revision: Revision) -> Result<Touched, Refused> {
    let key = ("id", parameters![new.id.as_bytes(), new.account.0]);
    let created_at = statements::created_at(connection, "ip_acls", key, new.revision).await?;
    let sql = statements::update("ip_acls", COLUMNS);
    write(connection, sql, &IpAcl { created_at, revision, ..new.clone() }).await
}

/// Deletes an entry of that account and detaches it.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    (account, id): (AccountId, IpAclId),
    revision: Revision,
    touched: &mut Vec<Touched>,
) -> Result<(), Refused> {
    let attached = attachments::trunks_with(connection, "ip_acl", id.as_bytes()).await?;
    let sql = "DELETE FROM ip_acls WHERE id = $1 AND account_id = $2";
    if sql::execute(connection, sql, parameters![id.as_bytes(), account.0]).await? == 0 {
        return Err(Conflict::NotFound.into());
    }
    touched.push(Touched::IpAcl(account, id));
    attachments::note_detached(connection, attached, revision, touched).await
}

async fn write(connection: &mut PgConnection, sql: String, entry: &IpAcl) -> Result<Touched, Refused> {
    let values = parameters![
        entry.id.as_bytes(),
        entry.account.0,
        entry.network.to_string(),
        entry.description,
        entry.enabled,
        entry.created_at.as_micros(),
        entry.updated_at.as_micros(),
        entry.revision.0.cast_signed(),
    ];
    sql::execute(connection, sql, values).await?;
    Ok(Touched::IpAcl(entry.account, entry.id))
}
