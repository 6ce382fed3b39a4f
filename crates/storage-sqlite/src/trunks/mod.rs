//! Trunks, and what belongs to them: access lists, next hops, numbers.

pub(crate) mod attachments;
pub(crate) mod ip_acls;
pub(crate) mod numbers;
pub(crate) mod origination_uris;
mod reads;
mod statements;
pub(crate) mod trunk;
pub(crate) mod trunk_rows;

use crate::transaction::Refused;
use domain::AccountId;
use rusqlite::{Connection, Row};
use storage::Fact;

/// Deletes all of an account, so that nothing refers to its credentials any more.
pub(crate) fn delete_of_account(
    connection: &Connection,
    account: AccountId,
    facts: &mut Vec<Fact>,
) -> Result<(), Refused> {
    let mut delete = |table: &str, key: &str, read: &dyn Fn(&Row<'_>) -> rusqlite::Result<Fact>| {
        let sql = format!("DELETE FROM {table} WHERE account_id = ?1 RETURNING {key}");
        let mut statement = connection.prepare_cached(&sql)?;
        for fact in statement.query_map([account.0], read)? {
            facts.push(fact?);
        }
        Ok::<(), Refused>(())
    };
    delete("numbers", "e164", &|row| numbers::e164(row, 0).map(Fact::NumberReleased))?;
    delete("trunks", "id", &|row| Ok(Fact::TrunkDeleted { id: trunk_rows::trunk_id(row, 0)?, account }))?;
    delete("origination_uris", "id", &|row| {
        Ok(Fact::OriginationUriDeleted { id: trunk_rows::uri_id(row, 0)?, account })
    })?;
    delete("ip_acls", "id", &|row| Ok(Fact::IpAclDeleted { id: trunk_rows::ip_acl_id(row, 0)?, account }))
}
