//! Trunks.

use super::trunk_rows::COLUMNS;
use super::{attachments, numbers, statements};
use crate::account_changes;
use crate::rows;
use crate::transaction::Refused;
use domain::{AccountId, Digits, HostName, InboundDestination, PassedHeader, Revision, Trunk, TrunkId, WebhookUrl};
use rusqlite::{Connection, ToSql, params};
use storage::{Conflict, Fact};

/// Creates a trunk whose host nobody has.
pub(crate) fn create(connection: &Connection, new: &Trunk, revision: Revision) -> Result<Fact, Refused> {
    if !account_changes::exists(connection, new.account)? {
        return Err(Conflict::NotFound.into());
    }
    let known = connection.prepare_cached("SELECT 1 FROM trunks WHERE id = ?1")?.exists([new.id.as_bytes()])?;
    let host_taken = connection.prepare_cached("SELECT 1 FROM hosts WHERE host = ?1")?.exists([new.host.as_str()])?;
    if known || host_taken || has_host(connection, &new.host)? {
        return Err(Conflict::HostTaken.into());
    }
    attachments::check(connection, new)?;
    write(connection, &statements::insert("trunks", COLUMNS), Trunk { revision, ..new.clone() })
}

/// Replaces what may change of a trunk, if it is still as it was read.
pub(crate) fn update(connection: &Connection, new: &Trunk, revision: Revision) -> Result<Fact, Refused> {
    let key = ("id", &new.id.as_bytes() as &dyn ToSql);
    let created_at = statements::created_at(connection, "trunks", key, (new.account, new.revision))?;
    attachments::check(connection, new)?;
    let host = connection
        .prepare_cached("SELECT host FROM trunks WHERE id = ?1")?
        .query_row([new.id.as_bytes()], |row| rows::host(row, 0))?;
    let sql = statements::update("trunks", COLUMNS, &["account_id", "host", "created_at"]);
    write(connection, &sql, Trunk { created_at, host, revision, ..new.clone() })
}

/// Deletes a trunk of that account and unassigns its numbers.
pub(crate) fn delete(
    connection: &Connection,
    (account, id): (AccountId, TrunkId),
    revision: Revision,
    facts: &mut Vec<Fact>,
) -> Result<(), Refused> {
    if !statements::owns(connection, "trunks", account, id.as_bytes())? {
        return Err(Conflict::NotFound.into());
    }
    numbers::let_go(connection, "trunk", id.as_bytes(), revision, facts)?;
    connection.prepare_cached("DELETE FROM trunks WHERE id = ?1")?.execute([id.as_bytes()])?;
    facts.push(Fact::TrunkDeleted { id, account });
    Ok(())
}

/// Whether a trunk has that host.
pub(crate) fn has_host(connection: &Connection, host: &HostName) -> Result<bool, Refused> {
    Ok(connection.prepare_cached("SELECT 1 FROM trunks WHERE host = ?1")?.exists([host.as_str()])?)
}

fn write(connection: &Connection, sql: &str, trunk: Trunk) -> Result<Fact, Refused> {
    let (inbound_username, inbound_uri) = match &trunk.inbound_destination {
        None => (None, None),
        Some(InboundDestination::Username(username)) => (Some(username.as_str()), None),
        Some(InboundDestination::Uri(uri)) => (None, Some(uri.as_str())),
    };
    let rules = &trunk.rules;
    connection.prepare_cached(sql)?.execute(params![
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
    ])?;
    attachments::write(connection, &trunk)?;
    Ok(Fact::Trunk(Box::new(trunk)))
}

fn joined<T>(values: &[T], text: impl Fn(&T) -> &str) -> String {
    values.iter().map(text).collect::<Vec<_>>().join(" ")
}
