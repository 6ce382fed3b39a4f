//! An origination URI as clients know it: exactly these ten fields.

use crate::moment::Moment;
use domain::{AuthId, OriginationUri};
use serde::Serialize;
use utoipa::ToSchema;

/// A next hop.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OriginationUri)]
pub(crate) struct OriginationUriObject<'v> {
    /// Names the origination URI in paths.
    #[schema(format = "uuid", example = "aabbccdd-1234-7678-90ab-cdef12345678")]
    id: String,
    /// The account that owns it.
    #[schema(example = "MA_XXXXXXXX")]
    account_id: &'v str,
    /// Where requests go.
    #[schema(max_length = 255, pattern = "^[Ss][Ii][Pp][Ss]?:", example = "sip:gateway.example.com:5060")]
    uri: &'v str,
    /// Lower ones are tried first.
    #[schema(maximum = 65535, example = 10)]
    priority: u16,
    /// Its share among those of the same priority.
    #[schema(maximum = 65535, example = 10)]
    weight: u16,
    /// Whether it gets any calls.
    enabled: bool,
    /// The transport, where the URI names none.
    #[schema(pattern = "^(udp|tcp|tls)$", example = "udp")]
    transport: &'static str,
    /// A note; empty where there is none.
    description: &'v str,
    /// When it was created.
    created_at: Moment,
    /// When anything about it last changed.
    updated_at: Moment,
}

impl<'v> OriginationUriObject<'v> {
    pub fn new(account: &'v AuthId, uri: &'v OriginationUri) -> Self {
        Self {
            id: uri.id.to_string(),
            account_id: account.as_str(),
            uri: uri.uri.as_str(),
            priority: uri.priority,
            weight: uri.weight,
            enabled: uri.enabled,
            transport: uri.transport.as_str(),
            description: &uri.description,
            created_at: uri.created_at.into(),
            updated_at: uri.updated_at.into(),
        }
    }
}
