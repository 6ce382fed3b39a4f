//! What messages say: the JSON that is stored, signed and sent.

use domain::{AuthId, AuthRecord, CallDetails, CallEnd, CallEvent, CallRecord, Timestamp, WebhookEventKind};
use jiff::fmt::temporal::DateTimePrinter;
use serde::Serialize;
use uuid::Uuid;

/// What a message is called that only tries the way.
pub const TEST_EVENT: &str = "webhook.test";

/// Six digits of a second, as in the HTTP API.
const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// The frame of every message.
#[derive(Serialize)]
struct Message<'m> {
    id: String,
    event: &'m str,
    at: String,
    account_id: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<Call<'m>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<Auth<'m>>,
}

/// An authentication event in the fields of the HTTP API, but for the name it has in lists.
#[derive(Serialize)]
struct Auth<'a> {
    sentence: &'a str,
    mend: Option<&'a str>,
    at: String,
    last_at: String,
    attempts: u32,
    sampled: bool,
    reason: &'static str,
    remark: Option<&'static str>,
    near_miss: Option<&'static str>,
    credential_id: Option<String>,
    device: Option<&'a str>,
    username: Option<&'a str>,
    claimed_realm: Option<&'a str>,
    source: Option<String>,
    transport: &'static str,
    method: &'a str,
    host: Option<&'a str>,
    user_agent: Option<&'a str>,
    call_id: Option<&'a str>,
    algorithm: Option<&'static str>,
}

/// An authentication event that is told, and what it is called there.
#[derive(Debug, Clone, Copy)]
pub struct AuthNews<'n> {
    /// What it is told as.
    pub kind: WebhookEventKind,
    /// What happened, with the attempts since it was told last.
    pub record: &'n AuthRecord,
    /// The same in words.
    pub sentence: &'n str,
    /// What mends it.
    pub mend: Option<&'n str>,
}

/// The call in the fields of the HTTP API: those of a call that is up, or of its record where it is over.
#[derive(Serialize)]
struct Call<'c> {
    id: String,
    trunk_id: Option<String>,
    credential_id: Option<String>,
    username: Option<&'c str>,
    direction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    from: &'c str,
    to: &'c str,
    source: String,
    destination: Option<&'c str>,
    caller_transport: &'static str,
    callee_transport: Option<&'static str>,
    caller_call_id: &'c str,
    callee_call_id: Option<&'c str>,
    begun_at: String,
    ringing_at: Option<String>,
    answered_at: Option<String>,
    #[serde(flatten)]
    end: Option<End>,
    duration_ms: u64,
}

#[derive(Serialize)]
struct End {
    ended_at: String,
    post_dial_delay_ms: Option<u64>,
    hung_up_by: &'static str,
    reason: &'static str,
    sip_status: u16,
    q850_cause: Option<u8>,
}

/// A name for a message about that moment, from ten random octets: a version 7 UUID, so that names sort by it.
#[must_use]
pub fn message_id(at: Timestamp, random: [u8; 10]) -> [u8; 16] {
    uuid::Builder::from_unix_timestamp_millis(at.as_unix_millis(), &random).into_uuid().into_bytes()
}

/// The JSON of something that happened to a call.
#[must_use]
pub fn call_message(id: [u8; 16], account: &AuthId, event: &CallEvent) -> Box<str> {
    printed(&Message {
        id: Uuid::from_bytes(id).to_string(),
        event: event.kind.as_str(),
        at: moment(event.at),
        account_id: account.as_str(),
        call: Some(call(event)),
        auth: None,
    })
}

/// The JSON of what became of attempts to authenticate.
#[must_use]
pub fn auth_message(id: [u8; 16], account: &AuthId, news: &AuthNews<'_>) -> Box<str> {
    printed(&Message {
        id: Uuid::from_bytes(id).to_string(),
        event: news.kind.as_str(),
        at: moment(news.record.last_at),
        account_id: account.as_str(),
        call: None,
        auth: Some(auth(news)),
    })
}

/// The JSON of a message that only tries the way.
#[must_use]
pub fn test_message(id: [u8; 16], account: &AuthId, at: Timestamp) -> Box<str> {
    let id = Uuid::from_bytes(id).to_string();
    printed(&Message { id, event: TEST_EVENT, at: moment(at), account_id: account.as_str(), call: None, auth: None })
}

/// Texts and numbers always print.
fn printed(message: &Message<'_>) -> Box<str> {
    serde_json::to_string(message).unwrap_or_default().into()
}

fn auth<'n>(news: &AuthNews<'n>) -> Auth<'n> {
    let record = news.record;
    Auth {
        sentence: news.sentence,
        mend: news.mend,
        at: moment(record.at),
        last_at: moment(record.last_at),
        attempts: record.attempts,
        sampled: record.attempts > 1,
        reason: record.reason.as_str(),
        remark: record.remark.map(|remark| remark.as_str()),
        near_miss: record.near_miss.map(|near_miss| near_miss.as_str()),
        credential_id: record.credential.map(|credential| credential.to_string()),
        device: record.device.as_deref(),
        username: there(&record.username),
        claimed_realm: record.claimed_realm.as_deref(),
        source: (record.source != AuthRecord::MANY_SOURCES).then(|| record.source.to_string()),
        transport: record.transport.as_str(),
        method: &record.method,
        host: there(&record.host),
        user_agent: there(&record.user_agent),
        call_id: there(&record.call_id),
        algorithm: record.algorithm.map(|algorithm| algorithm.as_str()),
    }
}

fn call(event: &CallEvent) -> Call<'_> {
    let CallEvent { call, end, .. } = event;
    Call {
        id: call.id.to_string(),
        trunk_id: call.trunk.map(|trunk| trunk.to_string()),
        credential_id: call.credential.map(|credential| credential.to_string()),
        username: call.username.as_ref().map(|username| username.as_str()),
        direction: call.direction.as_str(),
        state: end.is_none().then(|| call.state().as_str()),
        from: &call.from,
        to: &call.to,
        source: call.source.to_string(),
        destination: there(&call.destination),
        caller_transport: call.caller_transport.as_str(),
        callee_transport: call.callee_transport.map(|transport| transport.as_str()),
        caller_call_id: &call.caller_call_id,
        callee_call_id: there(&call.callee_call_id),
        begun_at: moment(call.begun_at),
        ringing_at: call.ringing_at.map(moment),
        answered_at: call.answered_at.map(moment),
        end: end.map(|end| ended(call, end)),
        duration_ms: end.map_or(0, |end| CallRecord { call: call.clone(), end }.duration_ms()),
    }
}

fn ended(call: &CallDetails, end: CallEnd) -> End {
    End {
        ended_at: moment(end.at),
        post_dial_delay_ms: call.post_dial_delay_ms(),
        hung_up_by: end.by.as_str(),
        reason: end.reason.as_str(),
        sip_status: end.sip_status,
        q850_cause: end.q850_cause,
    }
}

fn there(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The nearest moment a calendar has for moments beyond.
fn moment(moment: Timestamp) -> String {
    let micros = moment.as_micros();
    let nearest = if micros < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    PRINTER.timestamp_to_string(&jiff::Timestamp::from_microsecond(micros).unwrap_or(nearest))
}
