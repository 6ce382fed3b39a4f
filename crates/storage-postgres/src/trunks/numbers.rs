//! Numbers.

use super::statements;
use crate::account_changes;
use crate::changed::Touched;
use crate::failure::Refused;
use crate::rows::{self, parsed};
use crate::sql::{self, Row, parameters};
use domain::{AccountId, CalledNumberIn, E164, Number, NumberTarget, OriginationUriId, Revision, TrunkId, Username};
use sqlx::PgConnection;
use storage::Conflict;

/// The columns [`read`] reads.
pub(crate) const COLUMNS: &str =
    "e164, account_id, trunk, target_username, target_uri, called_number_in, created_at, updated_at, revision";

pub(crate) fn read(row: &Row<'_>) -> sql::Result<Number> {
    let username = row.get::<Option<Box<str>>>(3)?.map(Username::from_stored).map(NumberTarget::Username);
    let uri = row.get::<Option<[u8; 16]>>(4)?.map(OriginationUriId::from_bytes).map(NumberTarget::OriginationUri);
    Ok(Number {
        e164: e164(row, 0)?,
        account: AccountId(row.get(1)?),
        trunk: row.get::<Option<[u8; 16]>>(2)?.map(TrunkId::from_bytes),
        target: username.or(uri).unwrap_or_default(),
        called_number_in: parsed(row, 5, |name| CalledNumberIn::from_name(name).ok_or("no place has that name"))?,
        created_at: rows::moment(row, 6)?,
        updated_at: rows::moment(row, 7)?,
        revision: rows::revision(row, 8)?,
    })
}

pub(crate) fn e164(row: &Row<'_>, column: usize) -> sql::Result<E164> {
    parsed(row, column, E164::parse)
}

/// Allocates a number that nobody has.
pub(crate) async fn allocate(
    connection: &mut PgConnection,
    new: &Number,
    revision: Revision,
) -> Result<Touched, Refused> {
    if !account_changes::exists(connection, new.account).await? {
        return Err(Conflict::NotFound.into());
    }
    let taken = "SELECT 1 FROM numbers WHERE e164 = $1";
    if sql::exists(connection, taken, parameters![new.e164.as_str()]).await? {
        return Err(Conflict::NumberTaken.into());
    }
    check_references(connection, new).await?;
    write(connection, statements::insert("numbers", COLUMNS), &Number { revision, ..new.clone() }).await
}

/// Replaces what may change of a number, if it is still as it was read.
pub(crate) async fn update(
    connection: &mut PgConnection,
    new: &Number,
    revision: Revision,
) -> Result<Touched, Refused> {
    let key = ("e164", parameters![new.e164.as_str(), new.account.0]);
    let created_at = statements::created_at(connection, "numbers", key, new.revision).await?;
    check_references(connection, new).await?;
    let sql = statements::update("numbers", COLUMNS);
    write(connection, sql, &Number { created_at, revision, ..new.clone() }).await
}

/// Takes a number back.
pub(crate) async fn release(connection: &mut PgConnection, e164: &E164) -> Result<Touched, Refused> {
    match sql::execute(connection, "DELETE FROM numbers WHERE e164 = $1", parameters![e164.as_str()]).await? {
        0 => Err(Conflict::NotFound.into()),
        _ => Ok(Touched::Number(e164.clone())),
    }
}

/// Forgets in all numbers what that column refers to, which is about to go.
pub(super) async fn let_go(
    connection: &mut PgConnection,
    column: &str,
    id: &[u8; 16],
    revision: Revision,
    touched: &mut Vec<Touched>,
) -> Result<(), Refused> {
    let sql = format!("UPDATE numbers SET {column} = NULL, revision = $2 WHERE {column} = $1 RETURNING e164");
    let values = parameters![id, revision.0.cast_signed()];
    let changed = sql::all(connection, sql, values, |row| e164(row, 0)).await?;
    touched.extend(changed.into_iter().map(Touched::Number));
    Ok(())
}

async fn check_references(connection: &mut PgConnection, number: &Number) -> Result<(), Refused> {
    let trunk = number.trunk.map(|id| ("trunks", *id.as_bytes()));
    let uri = match &number.target {
        NumberTarget::OriginationUri(id) => Some(("origination_uris", *id.as_bytes())),
        NumberTarget::Trunk | NumberTarget::Username(_) => None,
    };
    for (table, id) in trunk.into_iter().chain(uri) {
        if !statements::owns(connection, table, number.account, &id).await? {
            return Err(Conflict::NothingToReferTo.into());
        }
    }
    Ok(())
}

async fn write(connection: &mut PgConnection, sql: String, number: &Number) -> Result<Touched, Refused> {
    let (username, uri) = match &number.target {
        NumberTarget::Trunk => (None, None),
        NumberTarget::Username(username) => (Some(username.as_str()), None),
        NumberTarget::OriginationUri(id) => (None, Some(id.as_bytes())),
    };
    let values = parameters![
        number.e164.as_str(),
        number.account.0,
        number.trunk.as_ref().map(TrunkId::as_bytes),
        username,
        uri,
        number.called_number_in.as_str(),
        number.created_at.as_micros(),
        number.updated_at.as_micros(),
        number.revision.0.cast_signed(),
    ];
    sql::execute(connection, sql, values).await?;
    Ok(Touched::Number(number.e164.clone()))
}
