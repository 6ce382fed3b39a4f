//! Trunks.

use super::trunk_rows::COLUMNS;
use super::{attachments, numbers, statements};
use crate::account_changes;
use crate::changed::Touched;
use crate::failure::Refused;
use crate::rows;
use crate::sql::{self, parameters};
use domain::{AccountId, Digits, HostName, InboundDestination, PassedHeader, Revision, Trunk, TrunkId, WebhookUrl};
use sqlx::PgConnection;
use storage::Conflict;

/// Creates a trunk whose host nobody has.
pub(crate) async fn create(connection: &mut PgConnection, new: &Trunk, revision: Revision) -> Result<Touched, Refused> {
    if !account_changes::exists(connection, new.account).await? {
        return Err(Conflict::NotFound.into());
    }
    let known = "SELECT 1 FROM trunks WHERE id = $1 UNION ALL SELECT 1 FROM hosts WHERE host = $2";
    if sql::exists(connection, known, parameters![new.id.as_bytes(), new.host.as_str()]).await?
        || has_host(connection, &new.host).await?
    {
        return Err(Conflict::HostTaken.into());
    }
    attachments::check(connection, new).await?;
    write(connection, statements::insert("trunks", COLUMNS), &Trunk { revision, ..new.clone() }).await
}

/// Replaces what may change of a trunk, if it is still as it was read.
pub(crate) async fn update(connection: &mut PgConnection, new: &Trunk, revision: Revision) -> Result<Touched, Refused> {
    let key = ("id", parameters![new.id.as_bytes(), new.account.0]);
    let created_at = statements::created_at(connection, "trunks", key, new.revision).await?;
    attachments::check(connection, new).await?;
    let host = "SELECT host FROM trunks WHERE id = $1";
    let host = sql::one(connection, host, parameters![new.id.as_bytes()], |row| rows::host(row, 0)).await?;
    let sql = statements::update("trunks", COLUMNS);
    write(connection, sql, &Trunk { created_at, host, revision, ..new.clone() }).await
}

/// Deletes a trunk of that account and unassigns its numbers.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    (account, id): (AccountId, TrunkId),
    revision: Revision,
    touched: &mut Vec<Touched>,
) -> Result<(), Refused> {
    if !statements::owns(connection, "trunks", account, id.as_bytes()).await? {
        return Err(Conflict::NotFound.into());
    }
    numbers::let_go(connection, "trunk", id.as_bytes(), revision, touched).await?;
    sql::execute(connection, "DELETE FROM trunks WHERE id = $1", parameters![id.as_bytes()]).await?;
    touched.push(Touched::Trunk(account, id));
    Ok(())
}

/// Whether a trunk has that host.
pub(crate) async fn has_host(connection: &mut PgConnection, host: &HostName) -> sql::Result<bool> {
    sql::exists(connection, "SELECT 1 FROM trunks WHERE host = $1", parameters![host.as_str()]).await
}

async fn write(connection: &mut PgConnection, sql: String, trunk: &Trunk) -> Result<Touched, Refused> {
    let (inbound_username, inbound_uri) = match &trunk.inbound_destination {
        None => (None, None),
        Some(InboundDestination::Username(username)) => (Some(username.as_str()), None),
        Some(InboundDestination::Uri(uri)) => (None, Some(uri.as_str())),
    };
    let rules = &trunk.rules;
    let values = parameters![
        trunk.id.as_bytes(),
        trunk.account.0,
        trunk.name,
        trunk.host.as_str(),
        trunk.status.as_str(),
        trunk.direction.as_str(),
        trunk.secure,
        trunk.transport.as_str(),
        trunk.limits.concurrent_calls,
        trunk.limits.calls_per_second,
        inbound_username,
        inbound_uri,
        trunk.description,
        trunk.media.recording,
        trunk.media.transcription,
        trunk.media.pii_redaction,
        trunk.media.pii_entity_types,
        trunk.media.recording_webhook,
        trunk.webhook_url.as_ref().map(WebhookUrl::as_str),
        trunk.webhook_method.as_str(),
        rules.caller_identity.as_str(),
        rules.home_country_code.as_ref().map(Digits::as_str),
        joined(&rules.allowed_prefixes, Digits::as_str),
        joined(&rules.refused_prefixes, Digits::as_str),
        rules.international,
        rules.tech_prefix.as_ref().map(Digits::as_str),
        rules.minutes_per_day,
        joined(&rules.emergency_numbers, Digits::as_str),
        rules.refer.as_str(),
        rules.require_srtp,
        joined(&rules.passed_headers, PassedHeader::as_str),
        trunk.created_at.as_micros(),
        trunk.updated_at.as_micros(),
        trunk.revision.0.cast_signed(),
    ];
    sql::execute(connection, sql, values).await?;
    attachments::write(connection, trunk).await?;
    Ok(Touched::Trunk(trunk.account, trunk.id))
}

fn joined<T>(values: &[T], text: impl Fn(&T) -> &str) -> String {
    values.iter().map(text).collect::<Vec<_>>().join(" ")
}
