//! Rows of trunks as values.

use super::attachments;
use crate::rows::{self, parsed};
use crate::sql::{self, Result, Row};
use domain::{
    AccountId, CallLimits, CallRules, CallerIdentity, Digits, InboundDestination, IpAclId, MediaFlags,
    OriginationUriId, PassedHeader, ReferPolicy, SipUri, Trunk, TrunkAttachments, TrunkDirection, TrunkId, TrunkStatus,
    TrunkTransport, Username, WebhookMethod, WebhookUrl,
};
use sqlx::PgConnection;
use sqlx::postgres::PgArguments;
use std::fmt::Display;

/// The columns [`trunk`] reads.
pub(crate) const COLUMNS: &str = "id, account_id, name, host, status, direction, secure, transport, \
     concurrent_calls_limit, cps_limit, inbound_username, inbound_uri, description, recording, transcription, \
     pii_redaction, pii_entity_types, recording_webhook, webhook_url, webhook_method, caller_identity, \
     home_country_code, allowed_prefixes, refused_prefixes, international, tech_prefix, minutes_per_day, \
     emergency_numbers, refer, require_srtp, passed_headers, created_at, updated_at, revision";

/// The trunks that a condition selects, with what they refer to.
pub(crate) async fn select(connection: &mut PgConnection, wanted: &str, values: PgArguments) -> Result<Vec<Trunk>> {
    let sql = format!("SELECT {COLUMNS} FROM trunks WHERE {wanted}");
    let mut found = sql::all(connection, sql, values, trunk).await?;
    attachments::complete(connection, &mut found).await?;
    Ok(found)
}

/// A trunk without what it refers to.
pub(super) fn trunk(row: &Row<'_>) -> Result<Trunk> {
    Ok(Trunk {
        id: trunk_id(row, 0)?,
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
        webhook_url: rows::some_parsed(row, 18, WebhookUrl::parse_any)?,
        webhook_method: parsed(row, 19, |name| WebhookMethod::from_name(name).ok_or(UNKNOWN))?,
        attachments: TrunkAttachments::default(),
        rules: rules(row)?,
        created_at: rows::moment(row, 31)?,
        updated_at: rows::moment(row, 32)?,
        revision: rows::revision(row, 33)?,
    })
}

const UNKNOWN: &str = "no value has that name";

fn rules(row: &Row<'_>) -> Result<CallRules> {
    Ok(CallRules {
        caller_identity: parsed(row, 20, |name| CallerIdentity::from_name(name).ok_or(UNKNOWN))?,
        home_country_code: rows::some_parsed(row, 21, Digits::parse)?,
        allowed_prefixes: list(row, 22, Digits::parse)?,
        refused_prefixes: list(row, 23, Digits::parse)?,
        international: row.get(24)?,
        tech_prefix: rows::some_parsed(row, 25, Digits::parse)?,
        minutes_per_day: row.get(26)?,
        emergency_numbers: list(row, 27, Digits::parse)?,
        emergency_uri: None,
        refer: parsed(row, 28, |name| ReferPolicy::from_name(name).ok_or(UNKNOWN))?,
        require_srtp: row.get(29)?,
        passed_headers: list(row, 30, PassedHeader::parse)?,
    })
}

fn inbound_destination(row: &Row<'_>) -> Result<Option<InboundDestination>> {
    let username = row.get::<Option<Box<str>>>(10)?.map(Username::from_stored);
    let uri = rows::some_parsed(row, 11, SipUri::parse)?;
    Ok(username.map(InboundDestination::Username).or(uri.map(InboundDestination::Uri)))
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
