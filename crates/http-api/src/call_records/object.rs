//! The call detail record.

use crate::moment::Moment;
use domain::CallRecord;
use serde::Serialize;
use utoipa::ToSchema;

/// What a call has left behind: one for each call that was let in, answered or not. Identities and Call-IDs are what
/// was sent or presented, cut to 255 octets.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallRecord)]
pub(crate) struct CallRecordObject<'c> {
    /// The call's id.
    #[schema(format = "uuid", example = "0197aabb-1234-7678-90ab-cdef12345678")]
    pub id: String,
    /// The trunk it went over; null for a call within the account.
    #[schema(format = "uuid")]
    pub trunk_id: Option<String>,
    /// The credential that authenticated it, which may be gone by now; null for a call that an address let in.
    #[schema(format = "uuid")]
    pub credential_id: Option<String>,
    /// That credential's username.
    #[schema(example = "office_phone_01")]
    pub username: Option<&'c str>,
    /// `outbound`, `inbound`, `internal` or `echo`.
    #[schema(pattern = "^(outbound|inbound|internal|echo)$", example = "outbound")]
    pub direction: &'static str,
    /// The identity presented to whoever was called.
    #[schema(example = "+4930123456")]
    pub from: &'c str,
    /// The number or name called.
    #[schema(example = "+4940654321")]
    pub to: &'c str,
    /// The address and port the call came from.
    #[schema(example = "192.0.2.7:5062")]
    pub source: String,
    /// Where it was sent last: host and port, or an address-of-record; null if it was sent nowhere.
    #[schema(example = "gateway.example.com:5061")]
    pub destination: Option<&'c str>,
    /// The transport of the caller's side.
    #[schema(pattern = "^(udp|tcp|tls|ws|wss)$", example = "udp")]
    pub caller_transport: &'static str,
    /// The transport of the other side; null if there was none.
    #[schema(pattern = "^(udp|tcp|tls|ws|wss)$", example = "tls")]
    pub callee_transport: Option<&'static str>,
    /// The Call-ID on the caller's side.
    #[schema(example = "a84b4c76e66710@192.0.2.7")]
    pub caller_call_id: &'c str,
    /// The Call-ID on the other side; null if there was none.
    pub callee_call_id: Option<&'c str>,
    /// When it came in.
    pub begun_at: Moment,
    /// When the far side first rang; null if it never did.
    pub ringing_at: Option<Moment>,
    /// When it was answered; null if it never was.
    pub answered_at: Option<Moment>,
    /// When the far side had answered the BYE, or the call failed.
    pub ended_at: Moment,
    /// Milliseconds from answer to end; 0 for a call that was not answered.
    #[schema(minimum = 0, example = 61_250)]
    pub duration_ms: u64,
    /// Milliseconds from its beginning until it first rang or, without ringing, was answered; null if neither happened.
    #[schema(minimum = 0, example = 180)]
    pub post_dial_delay_ms: Option<u64>,
    /// `caller`, `callee` or `us`.
    #[schema(pattern = "^(caller|callee|us)$", example = "caller")]
    pub hung_up_by: &'static str,
    /// Why it ended: one of the names that the guide lists.
    #[schema(pattern = "^[a-z_]+$", example = "completed")]
    pub reason: &'static str,
    /// The final status that the caller got; 200 for an answered call.
    #[schema(minimum = 0, maximum = 999, example = 200)]
    pub sip_status: u16,
    /// The Q.850 cause that a peer named or that follows from the status; null where there is none.
    #[schema(minimum = 0, maximum = 255, example = 16)]
    pub q850_cause: Option<u8>,
}

impl<'c> From<&'c CallRecord> for CallRecordObject<'c> {
    fn from(record: &'c CallRecord) -> Self {
        let CallRecord { call, end } = record;
        let there = |text: &'c str| (!text.is_empty()).then_some(text);
        Self {
            id: call.id.to_string(),
            trunk_id: call.trunk.map(|trunk| trunk.to_string()),
            credential_id: call.credential.map(|credential| credential.to_string()),
            username: call.username.as_ref().map(|username| username.as_str()),
            direction: call.direction.as_str(),
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
            ended_at: end.at.into(),
            duration_ms: record.duration_ms(),
            post_dial_delay_ms: call.post_dial_delay_ms(),
            hung_up_by: end.by.as_str(),
            reason: end.reason.as_str(),
            sip_status: end.sip_status,
            q850_cause: end.q850_cause,
        }
    }
}
