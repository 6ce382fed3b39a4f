//! Entries of IP access lists.

use super::{attachments, statements};
use crate::account_changes;
use crate::rows::{self, parsed};
use crate::transaction::Refused;
use domain::{AccountId, IpAcl, IpAclId, Revision};
use rusqlite::{Connection, Result, Row, params};
use storage::{Conflict, Fact};

/// The columns [`read`] reads.
pub(crate) const COLUMNS: &str = "id, account_id, network, description, enabled, created_at, updated_at, revision";

pub(crate) fn read(row: &Row<'_>) -> Result<IpAcl> {
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
pub(crate) fn create(connection: &Connection, new: &IpAcl, revision: Revision) -> std::result::Result<Fact, Refused> {
    if !account_changes::exists(connection, new.account)? {
        return Err(Conflict::NotFound.into());
    }
    write(connection, &statements::insert("ip_acls", COLUMNS), IpAcl { revision, ..new.clone() })
}

/// Replaces an entry, if it is still as it was read.
pub(crate) fn update(connection: &Connection, new: &IpAcl, revision: Revision) -> std::result::Result<Fact, Refused> {
    let key = ("id", &new.id.as_bytes() as &dyn rusqlite::ToSql);
    let created_at = statements::created_at(connection, "ip_acls", key, (new.account, new.revision))?;
    let sql = statements::update("ip_acls", COLUMNS, &["account_id", "created_at"]);
    write(connection, &sql, IpAcl { created_at, revision, ..new.clone() })
}

/// Deletes an entry of that account and detaches it.
pub(crate) fn delete(
    connection: &Connection,
    (account, id): (AccountId, IpAclId),
    revision: Revision,
    facts: &mut Vec<Fact>,
) -> std::result::Result<(), Refused> {
    let attached = attachments::trunks_with(connection, "ip_acl", id.as_bytes())?;
    let mut statement = connection.prepare_cached("DELETE FROM ip_acls WHERE id = ?1 AND account_id = ?2")?;
    if statement.execute(params![id.as_bytes(), account.0])? == 0 {
        return Err(Conflict::NotFound.into());
    }
    attachments::tell_detached(connection, &attached, revision, facts)?;
    facts.push(Fact::IpAclDeleted { id, account });
    Ok(())
}

fn write(connection: &Connection, sql: &str, entry: IpAcl) -> std::result::Result<Fact, Refused> {
    connection.prepare_cached(sql)?.execute(params![
        entry.id.as_bytes(),
        entry.account.0,
        entry.network.to_string(),
        entry.description,
        entry.enabled,
        entry.created_at.as_micros(),
        entry.updated_at.as_micros(),
        entry.revision.0.cast_signed(),
    ])?;
    Ok(Fact::IpAcl(entry))
}
