//! Origination URIs and their secrets.

use super::{attachments, numbers, statements};
use crate::account_changes;
use crate::rows::{self, parsed};
use crate::transaction::Refused;
use domain::{
    AccountId, OriginationUri, OriginationUriId, Revision, SipUri, TrunkTransport, UpstreamRegistration, UpstreamSecret,
};
use rusqlite::{Connection, OptionalExtension, Result, Row, ToSql, params};
use storage::{Conflict, Fact, ResealedUpstreamSecret};

/// The columns [`read`] reads.
pub(crate) const COLUMNS: &str = "id, account_id, uri, priority, weight, enabled, transport, description, secret_username, \
     secret_password, registration_expires_s, created_at, updated_at, revision";

pub(crate) fn read(row: &Row<'_>) -> Result<OriginationUri> {
    Ok(OriginationUri {
        id: OriginationUriId::from_bytes(row.get(0)?),
        account: AccountId(row.get(1)?),
        uri: parsed(row, 2, SipUri::parse)?,
        priority: row.get(3)?,
        weight: row.get(4)?,
        enabled: row.get(5)?,
        transport: parsed(row, 6, |name| TrunkTransport::from_name(name).ok_or("no transport has that name"))?,
        description: row.get(7)?,
        secret: secret(row)?,
        created_at: rows::moment(row, 11)?,
        updated_at: rows::moment(row, 12)?,
        revision: rows::revision(row, 13)?,
    })
}

fn secret(row: &Row<'_>) -> Result<Option<UpstreamSecret>> {
    let username: Option<Box<str>> = row.get(8)?;
    let registration = row.get::<_, Option<u32>>(10)?.map(|expires_seconds| UpstreamRegistration { expires_seconds });
    let secret = username.zip(rows::sealed(row, 9)?);
    Ok(secret.map(|(username, password)| UpstreamSecret { username, password, registration }))
}

/// Creates an origination URI of an account that exists.
pub(crate) fn create(
    connection: &Connection,
    new: &OriginationUri,
    revision: Revision,
) -> std::result::Result<Fact, Refused> {
    if !account_changes::exists(connection, new.account)? {
        return Err(Conflict::NotFound.into());
    }
    write(connection, &statements::insert("origination_uris", COLUMNS), OriginationUri { revision, ..new.clone() })
}

/// Replaces an origination URI, if it is still as it was read.
pub(crate) fn update(
    connection: &Connection,
    new: &OriginationUri,
    revision: Revision,
) -> std::result::Result<Fact, Refused> {
    let key = ("id", &new.id.as_bytes() as &dyn ToSql);
    let created_at = statements::created_at(connection, "origination_uris", key, (new.account, new.revision))?;
    let sql = statements::update("origination_uris", COLUMNS, &["account_id", "created_at"]);
    write(connection, &sql, OriginationUri { created_at, revision, ..new.clone() })
}

/// Deletes an origination URI of that account; trunks and numbers let go of it.
pub(crate) fn delete(
    connection: &Connection,
    (account, id): (AccountId, OriginationUriId),
    revision: Revision,
    facts: &mut Vec<Fact>,
) -> std::result::Result<(), Refused> {
    if !statements::owns(connection, "origination_uris", account, id.as_bytes())? {
        return Err(Conflict::NotFound.into());
    }
    let attached = attachments::trunks_with(connection, "origination_uri", id.as_bytes())?;
    numbers::let_go(connection, "target_uri", id.as_bytes(), revision, facts)?;
    connection.prepare_cached("DELETE FROM origination_uris WHERE id = ?1")?.execute([id.as_bytes()])?;
    attachments::tell_detached(connection, &attached, revision, facts)?;
    facts.push(Fact::OriginationUriDeleted { id, account });
    Ok(())
}

/// Replaces the seals of those that are still as they were read.
pub(crate) fn reseal(
    connection: &Connection,
    resealed: &[ResealedUpstreamSecret],
    revision: Revision,
    facts: &mut Vec<Fact>,
) -> std::result::Result<(), Refused> {
    let sql = format!(
        "UPDATE origination_uris SET secret_password = ?3, revision = ?4
         WHERE id = ?1 AND revision = ?2 AND secret_password IS NOT NULL RETURNING {COLUMNS}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    for new in resealed {
        let parameters =
            params![new.id.as_bytes(), new.revision.0.cast_signed(), new.password.as_bytes(), revision.0.cast_signed()];
        facts.extend(statement.query_row(parameters, read).optional()?.map(Fact::OriginationUri));
    }
    Ok(())
}

fn write(connection: &Connection, sql: &str, uri: OriginationUri) -> std::result::Result<Fact, Refused> {
    let secret = uri.secret.as_ref();
    connection.prepare_cached(sql)?.execute(params![
        uri.id.as_bytes(),
        uri.account.0,
        uri.uri.as_str(),
        uri.priority,
        uri.weight,
        uri.enabled,
        uri.transport.as_str(),
        uri.description,
        secret.map(|secret| &secret.username),
        secret.map(|secret| secret.password.as_bytes()),
        secret.and_then(|secret| secret.registration).map(|registration| registration.expires_seconds),
        uri.created_at.as_micros(),
        uri.updated_at.as_micros(),
        uri.revision.0.cast_signed(),
    ])?;
    Ok(Fact::OriginationUri(uri))
}
