//! Origination URIs and their secrets.

use super::{attachments, numbers, statements};
use crate::account_changes;
use crate::changed::Touched;
use crate::failure::Refused;
use crate::rows::{self, parsed};
use crate::sql::{self, Row, parameters};
use domain::{
    AccountId, OriginationUri, OriginationUriId, Revision, SipUri, TrunkTransport, UpstreamRegistration, UpstreamSecret,
};
use sqlx::PgConnection;
use storage::{Conflict, ResealedUpstreamSecret};

/// The columns [`read`] reads.
pub(crate) const COLUMNS: &str = "id, account_id, uri, priority, weight, enabled, transport, description, secret_username, \
     secret_password, registration_expires_s, created_at, updated_at, revision";

pub(crate) fn read(row: &Row<'_>) -> sql::Result<OriginationUri> {
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

fn secret(row: &Row<'_>) -> sql::Result<Option<UpstreamSecret>> {
    let username: Option<Box<str>> = row.get(8)?;
    let registration = row.get::<Option<u32>>(10)?.map(|expires_seconds| UpstreamRegistration { expires_seconds });
    let secret = username.zip(rows::sealed(row, 9)?);
    Ok(secret.map(|(username, password)| UpstreamSecret { username, password, registration }))
}

/// Creates an origination URI of an account that exists.
pub(crate) async fn create(
    connection: &mut PgConnection,
    new: &OriginationUri,
    revision: Revision,
) -> Result<Touched, Refused> {
    if !account_changes::exists(connection, new.account).await? {
        return Err(Conflict::NotFound.into());
    }
    let sql = statements::insert("origination_uris", COLUMNS);
    write(connection, sql, &OriginationUri { revision, ..new.clone() }).await
}

/// Replaces an origination URI, if it is still as it was read.
pub(crate) async fn update(
    connection: &mut PgConnection,
    new: &OriginationUri,
    revision: Revision,
) -> Result<Touched, Refused> {
    let key = ("id", parameters![new.id.as_bytes(), new.account.0]);
    let created_at = statements::created_at(connection, "origination_uris", key, new.revision).await?;
    let sql = statements::update("origination_uris", COLUMNS);
    write(connection, sql, &OriginationUri { created_at, revision, ..new.clone() }).await
}

/// Deletes an origination URI of that account; trunks and numbers let go of it.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    (account, id): (AccountId, OriginationUriId),
    revision: Revision,
    touched: &mut Vec<Touched>,
) -> Result<(), Refused> {
    if !statements::owns(connection, "origination_uris", account, id.as_bytes()).await? {
        return Err(Conflict::NotFound.into());
    }
    let attached = attachments::trunks_with(connection, "origination_uri", id.as_bytes()).await?;
    numbers::let_go(connection, "target_uri", id.as_bytes(), revision, touched).await?;
    sql::execute(connection, "DELETE FROM origination_uris WHERE id = $1", parameters![id.as_bytes()]).await?;
    touched.push(Touched::OriginationUri(account, id));
    attachments::note_detached(connection, attached, revision, touched).await
}

/// Replaces the seals of those that are still as they were read.
pub(crate) async fn reseal(
    connection: &mut PgConnection,
    resealed: &[ResealedUpstreamSecret],
    revision: Revision,
    touched: &mut Vec<Touched>,
) -> Result<(), Refused> {
    let sql = "UPDATE origination_uris SET secret_password = $3, revision = $4
         WHERE id = $1 AND revision = $2 AND secret_password IS NOT NULL RETURNING account_id";
    for new in resealed {
        let made_from = new.revision.0.cast_signed();
        let values = parameters![new.id.as_bytes(), made_from, new.password.as_bytes(), revision.0.cast_signed()];
        let changed = sql::find(connection, sql, values, |row| row.get(0).map(AccountId)).await?;
        touched.extend(changed.map(|account| Touched::OriginationUri(account, new.id)));
    }
    Ok(())
}

async fn write(connection: &mut PgConnection, sql: String, uri: &OriginationUri) -> Result<Touched, Refused> {
    let secret = uri.secret.as_ref();
    let values = parameters![
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
    ];
    sql::execute(connection, sql, values).await?;
    Ok(Touched::OriginationUri(uri.account, uri.id))
}
