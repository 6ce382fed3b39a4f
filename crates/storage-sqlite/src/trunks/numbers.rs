//! Numbers.

use super::statements;
use crate::account_changes;
use crate::rows::{self, parsed};
use crate::transaction::Refused;
use domain::{AccountId, CalledNumberIn, E164, Number, NumberTarget, OriginationUriId, Revision, TrunkId, Username};
use rusqlite::{Connection, Result, Row, ToSql, params};
use storage::{Conflict, Fact};

/// The columns [`read`] reads.
pub(crate) const COLUMNS: &str =
    "e164, account_id, trunk, target_username, target_uri, called_number_in, created_at, updated_at, revision";

pub(crate) fn read(row: &Row<'_>) -> Result<Number> {
    let username = row.get::<_, Option<Box<str>>>(3)?.map(Username::from_stored).map(NumberTarget::Username);
    let uri = row.get::<_, Option<[u8; 16]>>(4)?.map(OriginationUriId::from_bytes).map(NumberTarget::OriginationUri);
    Ok(Number {
        e164: e164(row, 0)?,
        account: AccountId(row.get(1)?),
        trunk: row.get::<_, Option<[u8; 16]>>(2)?.map(TrunkId::from_bytes),
        target: username.or(uri).unwrap_or_default(),
        called_number_in: parsed(row, 5, |name| CalledNumberIn::from_name(name).ok_or("no place has that name"))?,
        created_at: rows::moment(row, 6)?,
        updated_at: rows::moment(row, 7)?,
        revision: rows::revision(row, 8)?,
    })
}

pub(crate) fn e164(row: &Row<'_>, column: usize) -> Result<E164> {
    parsed(row, column, E164::parse)
}

/// Allocates a number that nobody has.
pub(crate) fn allocate(
    connection: &Connection,
    new: &Number,
    revision: Revision,
) -> std::result::Result<Fact, Refused> {
    if !account_changes::exists(connection, new.account)? {
        return Err(Conflict::NotFound.into());
    }
    if connection.prepare_cached("SELECT 1 FROM numbers WHERE e164 = ?1")?.exists([new.e164.as_str()])? {
        return Err(Conflict::NumberTaken.into());
    }
    check_references(connection, new)?;
    write(connection, &statements::insert("numbers", COLUMNS), Number { revision, ..new.clone() })
}

/// Replaces what may change of a number, if it is still as it was read.
pub(crate) fn update(connection: &Connection, new: &Number, revision: Revision) -> std::result::Result<Fact, Refused> {
    let key = ("e164", &new.e164.as_str() as &dyn ToSql);
    let created_at = statements::created_at(connection, "numbers", key, (new.account, new.revision))?;
    check_references(connection, new)?;
    let sql = statements::update("numbers", COLUMNS, &["account_id", "created_at"]);
    write(connection, &sql, Number { created_at, revision, ..new.clone() })
}

/// Takes a number back.
pub(crate) fn release(connection: &Connection, e164: &E164) -> std::result::Result<Fact, Refused> {
    match connection.prepare_cached("DELETE FROM numbers WHERE e164 = ?1")?.execute([e164.as_str()])? {
        0 => Err(Conflict::NotFound.into()),
        _ => Ok(Fact::NumberReleased(e164.clone())),
    }
}

/// Forgets in all numbers what that column refers to, which is about to go.
pub(super) fn let_go(
    connection: &Connection,
    column: &str,
    id: &[u8; 16],
    revision: Revision,
    facts: &mut Vec<Fact>,
) -> std::result::Result<(), Refused> {
    let sql = format!("UPDATE numbers SET {column} = NULL, revision = ?2 WHERE {column} = ?1 RETURNING {COLUMNS}");
    let mut statement = connection.prepare_cached(&sql)?;
    for number in statement.query_map(params![id, revision.0.cast_signed()], read)? {
        facts.push(Fact::Number(number?));
    }
    Ok(())
}

fn check_references(connection: &Connection, number: &Number) -> std::result::Result<(), Refused> {
    let trunk = number.trunk.map(|id| ("trunks", *id.as_bytes()));
    let uri = match &number.target {
        NumberTarget::OriginationUri(id) => Some(("origination_uris", *id.as_bytes())),
        NumberTarget::Trunk | NumberTarget::Username(_) => None,
    };
    for (table, id) in trunk.into_iter().chain(uri) {
        if !statements::owns(connection, table, number.account, &id)? {
            return Err(Conflict::NothingToReferTo.into());
        }
    }
    Ok(())
}

fn write(connection: &Connection, sql: &str, number: Number) -> std::result::Result<Fact, Refused> {
    let (username, uri) = match &number.target {
        NumberTarget::Trunk => (None, None),
        NumberTarget::Username(username) => (Some(username.as_str()), None),
        NumberTarget::OriginationUri(id) => (None, Some(id.as_bytes())),
    };
    connection.prepare_cached(sql)?.execute(params![
        number.e164.as_str(),
        number.account.0,
        number.trunk.as_ref().map(TrunkId::as_bytes),
        username,
        uri,
        number.called_number_in.as_str(),
        number.created_at.as_micros(),
        number.updated_at.as_micros(),
        number.revision.0.cast_signed(),
    ])?;
    Ok(Fact::Number(number))
}
