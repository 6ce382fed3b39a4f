//! Rows of trunks as values.

use super::attachments;
use crate::rows::{self, parsed};
use domain::{
    AccountId, CallLimits, CallRules, CallerIdentity, Digits, InboundDestination, IpAclId, MediaFlags,
    OriginationUriId, PassedHeader, ReferPolicy, SipUri, Trunk, TrunkDirection, TrunkId, TrunkStatus, TrunkTransport,
    Username, WebhookMethod, WebhookUrl,
};
use rusqlite::{Connection, Result, Row};
use std::fmt::Display;

/// The columns [`trunk`] reads.
pub(crate) const COLUMNS: &str = "id, account_id, name, host, status, direction, secure, transport, \
     concurrent_calls_limit, cps_limit, inbound_username, inbound_uri, description, recording, transcription, \
     pii_redaction, pii_entity_types, recording_webhook, webhook_url, webhook_method, caller_identity, \
     home_country_code, allowed_prefixes, refused_prefixes, international, tech_prefix, minutes_per_day, \
     emergency_numbers, refer, require_srtp, passed_headers, created_at, updated_at, revision";

/// A trunk with what it refers to.
pub(crate) fn trunk(connection: &Connection, row: &Row<'_>) -> Result<Trunk> {
    let id = trunk_id(row, 0)?;
    let (attachments, emergency_uri) = attachments::read(connection, id)?;
    Ok(Trunk {
        id,
        account: AccountId(row.get(1)?),
        name: row.get(2)?,
        host: rows::host(row, 3)?,
        status: parsed(row, 4, |name| TrunkStatus::from_name(name).ok_or(UNKNOWN))?,
        direction: parsed(row, 5, |name| TrunkDirection::from_name(name).ok_or(UNKNOWN))?,
        secure: row.get(6)?,
        transport: parsed(row, 7, |name| TrunkTransport::from_name(name).ok_or(UNKNOWN))?,
        limits: CallLimits { concurrent_calls: row.get(8)?, calls_per_second: row.get(9)? },
        inbound_destination: inbound_destination(row)?,
        description: row.get(12)?,
        media: MediaFlags {
            recording: row.get(13)?,
            transcription: row.get(14)?,
            pii_redaction: row.get(15)?,
            pii_entity_types: row.get(16)?,
            recording_webhook: row.get(17)?,
        },
        webhook_url: optional(row, 18, WebhookUrl::parse_any)?,
        webhook_method: parsed(row, 19, |name| WebhookMethod::from_name(name).ok_or(UNKNOWN))?,
        attachments,
        rules: CallRules { emergency_uri, ..rules(row)? },
        created_at: rows::moment(row, 31)?,
        updated_at: rows::moment(row, 32)?,
        revision: rows::revision(row, 33)?,
    })
}

const UNKNOWN: &str = "no value has that name";

fn rules(row: &Row<'_>) -> Result<CallRules> {
    Ok(CallRules {
        caller_identity: parsed(row, 20, |name| CallerIdentity::from_name(name).ok_or(UNKNOWN))?,
        home_country_code: optional(row, 21, Digits::parse)?,
        allowed_prefixes: list(row, 22, Digits::parse)?,
        refused_prefixes: list(row, 23, Digits::parse)?,
        international: row.get(24)?,
        tech_prefix: optional(row, 25, Digits::parse)?,
        minutes_per_day: row.get(26)?,
        emergency_numbers: list(row, 27, Digits::parse)?,
        emergency_uri: None,
        refer: parsed(row, 28, |name| ReferPolicy::from_name(name).ok_or(UNKNOWN))?,
        require_srtp: row.get(29)?,
        passed_headers: list(row, 30, PassedHeader::parse)?,
    })
}

fn inbound_destination(row: &Row<'_>) -> Result<Option<InboundDestination>> {
    let username = row.get::<_, Option<Box<str>>>(10)?.map(Username::from_stored);
    let uri = optional(row, 11, SipUri::parse)?;
    Ok(username.map(InboundDestination::Username).or(uri.map(InboundDestination::Uri)))
}

fn optional<T, E: Display>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Result<Option<T>> {
    let absent = row.get_ref(column)?.as_str_or_null()?.is_none();
    if absent { Ok(None) } else { parsed(row, column, parse).map(Some) }
}

fn list<T, E: Display>(
    row: &Row<'_>,
    column: usize,
    parse: impl Fn(&str) -> std::result::Result<T, E>,
) -> Result<Vec<T>> {
    parsed(row, column, |text| text.split_whitespace().map(parse).collect())
}

pub(crate) fn trunk_id(row: &Row<'_>, column: usize) -> Result<TrunkId> {
    row.get(column).map(TrunkId::from_bytes)
}

pub(crate) fn uri_id(row: &Row<'_>, column: usize) -> Result<OriginationUriId> {
    row.get(column).map(OriginationUriId::from_bytes)
}

pub(crate) fn ip_acl_id(row: &Row<'_>, column: usize) -> Result<IpAclId> {
    row.get(column).map(IpAclId::from_bytes)
}
