//! Reads the fields of a trunk, in either generation of names.

use crate::json_object::JsonObject;
use domain::{
    CallLimits, CredentialId, InboundDestination, IpAclId, Network, OriginationUriId, SipUri, TrunkDirection,
    TrunkStatus, TrunkTransport, Username, UsernameRule, WebhookMethod, WebhookUrl,
};
use provisioning::{CallLimitsPatch, Description, TrunkPatch};
use std::fmt::Display;

/// The fields that creation and update take.
pub(super) const FIELDS: &[&str] = &[
    "name",
    "trunk_direction",
    "trunk_status",
    "secure",
    "transport",
    "inbound_destination",
    "description",
    "concurrent_calls_limit",
    "cps_limit",
    "credential_uuid",
    "ipacl_uuid",
    "primary_uri_uuid",
    "fallback_uri_uuid",
    "recording",
    "enable_transcription",
    "pii_redaction",
    "pii_entity_types",
    "webhook_url",
    "webhook_method",
    "recording_webhook_enabled",
    "trunk_type",
    "max_concurrent_calls",
    "enabled",
];
pub(super) const FIXED: &[(&str, &str)] = &[
    ("trunk_id", "is fixed for the trunk's life"),
    ("account_id", "is fixed for the trunk's life"),
    ("trunk_domain", "is fixed for the trunk's life"),
];
pub(super) const HINT: &str =
    "what a trunk is attached to beyond one of each kind is set at its attachments, what its calls may do at its rules";

/// Everything but the name.
pub(super) fn read(object: &mut JsonObject, webhook_networks: &[Network]) -> TrunkPatch {
    TrunkPatch {
        name: None,
        status: status(object),
        direction: direction(object),
        secure: object.flag("secure"),
        transport: choice(object, "transport", TrunkTransport::from_name, "must be udp, tcp or tls"),
        limits: limits(object),
        inbound_destination: emptied(object, "inbound_destination", inbound_destination),
        description: parsed(object, "description", Description::parse),
        recording: object.flag("recording"),
        transcription: object.flag("enable_transcription"),
        pii_redaction: object.flag("pii_redaction"),
        pii_entity_types: emptied(object, "pii_entity_types", entity_types),
        recording_webhook: object.flag("recording_webhook_enabled"),
        webhook_url: emptied(object, "webhook_url", |text| WebhookUrl::parse_allowing(text, webhook_networks)),
        webhook_method: parsed(object, "webhook_method", |text| {
            WebhookMethod::from_name(&text.to_ascii_uppercase()).ok_or("must be POST or GET")
        }),
        credential: emptied(object, "credential_uuid", |text| CredentialId::parse(text).ok_or(NOT_AN_ID)),
        ip_acl: emptied(object, "ipacl_uuid", |text| IpAclId::parse(text).ok_or(NOT_AN_ID)),
        primary_uri: emptied(object, "primary_uri_uuid", |text| OriginationUriId::parse(text).ok_or(NOT_AN_ID)),
        fallback_uri: emptied(object, "fallback_uri_uuid", |text| OriginationUriId::parse(text).ok_or(NOT_AN_ID)),
    }
}

pub(crate) const NOT_AN_ID: &str = "must be a UUID, or empty for none";

fn status(object: &mut JsonObject) -> Option<TrunkStatus> {
    let rule = "must be active, inactive, enabled or disabled";
    let status = choice(object, "trunk_status", TrunkStatus::from_name, rule);
    let enabled = object.flag("enabled").map(|on| if on { TrunkStatus::Active } else { TrunkStatus::Inactive });
    if status.is_some() && enabled.is_some() {
        object.note("enabled", "cannot be given together with trunk_status");
    }
    status.or(enabled)
}

fn direction(object: &mut JsonObject) -> Option<TrunkDirection> {
    let rule = "must be inbound, outbound or both";
    let direction = choice(object, "trunk_direction", TrunkDirection::from_name, rule);
    let older = choice(object, "trunk_type", TrunkDirection::from_name, "must be INBOUND, OUTBOUND or BOTH");
    if direction.is_some() && older.is_some() {
        object.note("trunk_type", "cannot be given together with trunk_direction");
    }
    direction.or(older)
}

fn limits(object: &mut JsonObject) -> CallLimitsPatch {
    let mut bounded = |field, most| object.number(field).and_then(|number| object.at_most(field, number, most));
    let concurrent_calls = bounded("concurrent_calls_limit", CallLimits::MOST_CONCURRENT_CALLS);
    let older = bounded("max_concurrent_calls", CallLimits::MOST_CONCURRENT_CALLS);
    let calls_per_second = bounded("cps_limit", CallLimits::MOST_CALLS_PER_SECOND);
    if concurrent_calls.is_some() && older.is_some() {
        object.note("max_concurrent_calls", "cannot be given together with concurrent_calls_limit");
    }
    CallLimitsPatch { concurrent_calls: concurrent_calls.or(older), calls_per_second }
}

fn inbound_destination(text: &str) -> Result<InboundDestination, String> {
    let start = text.get(..5).unwrap_or(text).to_ascii_lowercase();
    if start.starts_with("sip:") || start == "sips:" {
        return SipUri::parse(text).map(InboundDestination::Uri).map_err(|error| error.to_string());
    }
    let username = Username::parse(text, UsernameRule::Extended).map(InboundDestination::Username);
    username.map_err(|_| "must be a username of the account, or the text of one of its origination URIs".to_owned())
}

fn entity_types(text: &str) -> Result<Box<str>, &'static str> {
    if text.chars().count() <= 1024 && !text.chars().any(char::is_control) {
        Ok(text.into())
    } else {
        Err("must have at most 1024 characters and no control characters")
    }
}

/// A word in any case.
pub(crate) fn choice<T>(
    object: &mut JsonObject,
    field: &'static str,
    from_name: impl Fn(&str) -> Option<T>,
    rule: &'static str,
) -> Option<T> {
    parsed(object, field, |text| from_name(&text.to_ascii_lowercase()).ok_or(rule))
}

pub(crate) fn parsed<T, E: Display>(
    object: &mut JsonObject,
    field: &'static str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    object.text(field).and_then(|text| object.valid(field, parse(&text)))
}

/// A text that takes away what was there where it is empty.
pub(crate) fn emptied<T, E: Display>(
    object: &mut JsonObject,
    field: &'static str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<Option<T>> {
    let text = object.text(field)?;
    if text.is_empty() { Some(None) } else { object.valid(field, parse(&text)).map(Some) }
}

/// A list of texts of at most so many entries, each of which is parsed.
pub(crate) fn each<T, E: Display>(
    object: &mut JsonObject,
    (field, most): (&'static str, usize),
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<Vec<T>> {
    let texts = object.texts(field)?;
    if texts.len() > most {
        object.note(field, format!("must hold at most {most} entries"));
        return None;
    }
    let place =
        |(place, text): (usize, &zeroize::Zeroizing<String>)| parse(text).map_err(|error| format!("[{place}] {error}"));
    let parsed: Result<Vec<T>, String> = texts.iter().enumerate().map(place).collect();
    object.valid(field, parsed)
}
