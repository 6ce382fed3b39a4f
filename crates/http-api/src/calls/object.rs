//! The call object.

use crate::moment::Moment;
use domain::{CallDetails, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// A call that is up. Identities and Call-IDs are what was sent or presented, cut to 255 octets.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Call)]
pub(crate) struct CallObject<'c> {
    /// Names the call in paths, and its record when it is over.
    #[schema(format = "uuid", example = "0197aabb-1234-7678-90ab-cdef12345678")]
    id: String,
    /// The trunk it goes over; null for a call within the account.
    #[schema(format = "uuid")]
    trunk_id: Option<String>,
    /// The credential that authenticated it; null for one that an address let in.
    #[schema(format = "uuid")]
    credential_id: Option<String>,
    /// That credential's username.
    #[schema(example = "office_phone_01")]
    username: Option<&'c str>,
    /// `outbound`, `inbound`, `internal` or `echo`.
    #[schema(pattern = "^(outbound|inbound|internal|echo)$", example = "outbound")]
    direction: &'static str,
    /// `calling`, `ringing` or `answered`.
    #[schema(pattern = "^(calling|ringing|answered)$", example = "answered")]
    state: &'static str,
    /// The identity presented to whoever is called.
    #[schema(example = "+4930123456")]
    from: &'c str,
    /// The number or name called.
    #[schema(example = "+4940654321")]
    to: &'c str,
    /// The address and port the call came from.
    #[schema(example = "192.0.2.7:5062")]
    source: String,
    /// Where it was sent: host and port, or an address-of-record; null while it is sent nowhere.
    #[schema(example = "gateway.example.com:5061")]
    destination: Option<&'c str>,
    /// The transport of the caller's side.
    #[schema(pattern = "^(udp|tcp|tls|ws|wss)$", example = "udp")]
    caller_transport: &'static str,
    /// The transport of the other side; null while there is none.
    #[schema(pattern = "^(udp|tcp|tls|ws|wss)$", example = "tls")]
    callee_transport: Option<&'static str>,
    /// The Call-ID on the caller's side.
    #[schema(example = "a84b4c76e66710@192.0.2.7")]
    caller_call_id: &'c str,
    /// The Call-ID on the other side; null while there is none.
    callee_call_id: Option<&'c str>,
    /// When it came in.
    begun_at: Moment,
    /// When the far side first rang; null while it does not.
    ringing_at: Option<Moment>,
    /// When it was answered; null while it is not.
    answered_at: Option<Moment>,
    /// Milliseconds since it was answered; 0 while it is not.
    #[schema(minimum = 0, example = 61_250)]
    duration_ms: u64,
}

impl<'c> CallObject<'c> {
    /// The call as of that moment.
    pub fn new(call: &'c CallDetails, now: Timestamp) -> Self {
        let talked =
            call.answered_at.map_or(0, |answered| now.as_unix_millis().saturating_sub(answered.as_unix_millis()));
        Self {
            id: call.id.to_string(),
            trunk_id: call.trunk.map(|trunk| trunk.to_string()),
            credential_id: call.credential.map(|credential| credential.to_string()),
            username: call.username.as_ref().map(|username| username.as_str()),
            direction: call.direction.as_str(),
            state: call.state().as_str(),
            from: &call.from,
            to: &call.to,
            source: call.source.to_string(),
            destination: there(&call.destination),
            caller_transport: call.caller_transport.as_str(),
            callee_transport: call.callee_transport.map(|transport| transport.as_str()),
            caller_call_id: &call.caller_call_id,
            callee_call_id: there(&call.callee_call_id),
            begun_at: call.begun_at.into(),
            ringing_at: call.ringing_at.map(Moment::from),
            answered_at: call.answered_at.map(Moment::from),
            duration_ms: talked,
        }
    }
}

fn there(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
