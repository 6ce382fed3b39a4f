//! A trunk as clients know it: exactly these fields, and five more in lists where they are set.

use crate::moment::Moment;
use domain::{AuthId, InboundDestination, Trunk, WebhookUrl};
use serde::Serialize;
use utoipa::ToSchema;

/// A trunk.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Trunk)]
pub(crate) struct TrunkObject<'v> {
    /// Names the trunk in paths.
    #[schema(format = "uuid", example = "aabbccdd-1234-4678-90ab-cdef12345678")]
    trunk_id: String,
    /// The account that owns it.
    #[schema(example = "MA_XXXXXXXX")]
    account_id: &'v str,
    /// What people call it.
    #[schema(min_length = 1, max_length = 128, example = "Voice agents")]
    name: &'v str,
    /// Its own host, for phones and gateways; the whole id in front of the base domain leads to it too.
    #[schema(example = "aabbccdd.sip.localhost")]
    trunk_domain: &'v str,
    /// Whether it takes calls, in the word it was given.
    #[schema(pattern = "^(active|inactive|enabled|disabled)$", example = "active")]
    trunk_status: &'static str,
    /// Whether signalling must be over TLS.
    secure: bool,
    /// Which calls it carries.
    #[schema(pattern = "^(inbound|outbound|both)$", example = "both")]
    trunk_direction: &'static str,
    /// How many calls it takes at a time.
    #[schema(example = 10)]
    concurrent_calls_limit: u32,
    /// How many calls may begin within any second.
    #[schema(example = 2)]
    cps_limit: u32,
    /// A note; empty where there is none.
    description: &'v str,
    /// The transport towards next hops that name none.
    #[schema(pattern = "^(udp|tcp|tls)$", example = "udp")]
    transport: &'static str,
    /// Stored and returned; no media is recorded.
    recording: bool,
    /// Stored and returned; nothing is transcribed.
    enable_transcription: bool,
    /// Stored and returned.
    pii_redaction: bool,
    /// How call events are sent.
    #[schema(pattern = "^(POST|GET)$", example = "POST")]
    webhook_method: &'static str,
    /// Stored and returned.
    recording_webhook_enabled: bool,
    /// When it was created.
    created_at: Moment,
    /// When anything about it last changed.
    updated_at: Moment,
}

/// A trunk in a list: five more fields, each only where it is set.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedTrunk)]
pub(crate) struct ListedTrunkObject<'v> {
    #[serde(flatten)]
    trunk: TrunkObject<'v>,
    /// The first of its credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uuid")]
    credential_uuid: Option<String>,
    /// The next hop that is tried first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uuid")]
    primary_uri_uuid: Option<String>,
    /// Where calls from next hops go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    inbound_destination: Option<&'v str>,
    /// What `pii_redaction` is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pii_entity_types: Option<&'v str>,
    /// Where events of its calls are sent, besides the account's webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    webhook_url: Option<&'v str>,
}

impl<'v> TrunkObject<'v> {
    pub fn new(account: &'v AuthId, trunk: &'v Trunk) -> Self {
        Self {
            trunk_id: trunk.id.to_string(),
            account_id: account.as_str(),
            name: &trunk.name,
            trunk_domain: trunk.host.as_str(),
            trunk_status: trunk.status.as_str(),
            secure: trunk.secure,
            trunk_direction: trunk.direction.as_str(),
            concurrent_calls_limit: trunk.limits.concurrent_calls,
            cps_limit: trunk.limits.calls_per_second,
            description: &trunk.description,
            transport: trunk.transport.as_str(),
            recording: trunk.media.recording,
            enable_transcription: trunk.media.transcription,
            pii_redaction: trunk.media.pii_redaction,
            webhook_method: trunk.webhook_method.as_str(),
            recording_webhook_enabled: trunk.media.recording_webhook,
            created_at: trunk.created_at.into(),
            updated_at: trunk.updated_at.into(),
        }
    }
}

impl<'v> ListedTrunkObject<'v> {
    pub fn new(account: &'v AuthId, trunk: &'v Trunk) -> Self {
        Self {
            trunk: TrunkObject::new(account, trunk),
            credential_uuid: trunk.attachments.credentials.first().map(ToString::to_string),
            primary_uri_uuid: trunk.attachments.primary_uri.as_ref().map(ToString::to_string),
            inbound_destination: trunk.inbound_destination.as_ref().map(InboundDestination::as_str),
            pii_entity_types: trunk.media.pii_entity_types.as_deref(),
            webhook_url: trunk.webhook_url.as_ref().map(WebhookUrl::as_str),
        }
    }
}
