//! Call detail records.

use crate::calls::outlet::Destination;
use crate::calls::refusal::CallRefusal;
use crate::calls::route::Asking;
use crate::calls::way::Way;
use crate::calls::{Caller, Calls};
use crate::incoming::signalling_transport;
use domain::{
    CallDetails, CallDirection, CallEnd, CallEndReason, CallId, CallRecord, HungUpBy, Timestamp, Username, UsernameRule,
};
use sip_b2bua::{CallFacts, EndReason, Ending, Millis, Party};

/// The record of a call that is over.
pub(super) fn record(call: CallDetails, facts: &CallFacts) -> CallRecord {
    let by = match facts.hung_up_by {
        Party::Caller => HungUpBy::Caller,
        Party::Callee => HungUpBy::Callee,
        Party::Us => HungUpBy::Us,
    };
    let end = CallEnd {
        at: as_timestamp(facts.ended_at),
        by,
        reason: reason(facts.ending, facts.status),
        sip_status: facts.status,
        q850_cause: facts.q850_cause,
    };
    CallRecord { call, end }
}

fn reason(ending: Ending, status: u16) -> CallEndReason {
    match ending {
        Ending::HungUp => CallEndReason::Completed,
        Ending::Cancelled => CallEndReason::Cancelled,
        Ending::Refused => match status {
            486 | 600 => CallEndReason::Busy,
            408 | 480 => CallEndReason::NoAnswer,
            404 | 410 | 484 | 604 => CallEndReason::NotFound,
            500..600 => CallEndReason::Failed,
            _ => CallEndReason::Rejected,
        },
        Ending::NoAnswer => CallEndReason::NoAnswer,
        Ending::TimedOut => CallEndReason::Unreachable,
        Ending::NextHopsFailed | Ending::Impossible | Ending::MediaFailed => CallEndReason::Failed,
        Ending::Unacknowledged => CallEndReason::NotAcknowledged,
        Ending::PeerLost => CallEndReason::SessionExpired,
        Ending::EndedHere(EndReason::Administrative) => CallEndReason::EndedByApi,
        Ending::EndedHere(EndReason::Revoked) => CallEndReason::Revoked,
        Ending::EndedHere(EndReason::DurationLimit) => CallEndReason::LimitReached,
        Ending::EndedHere(EndReason::Shutdown) => CallEndReason::ServerRestarted,
    }
}

/// Where a call went, in words.
pub(super) fn describe(way: Option<&Way>, destination: Option<&Destination>) -> String {
    match (way, destination) {
        (Some(Way::Local), _) | (_, Some(Destination::Local)) => "echo".to_owned(),
        (_, Some(Destination::Network { to, .. })) => to.to_string(),
        (Some(Way::Uri(way)), None) => way.host.to_string(),
        (Some(Way::Phone(phone)), None) => phone.to.to_string(),
        (None, None) => String::new(),
    }
}

/// Peers choose these texts, so they have an end.
pub(super) fn cut(octets: &[u8]) -> Box<str> {
    let text = String::from_utf8_lossy(octets);
    let mut end = text.len().min(CallDetails::MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().into()
}

pub(super) fn as_timestamp(at: Millis) -> Timestamp {
    Timestamp::from_micros(i64::try_from(at).unwrap_or(i64::MAX).saturating_mul(1_000))
}

impl Calls {
    /// A call that was refused although its caller is known leaves a record too, unless a limit refused it: those come
    /// by the thousand, and are in the authentication events.
    pub(super) fn record_refused(&self, asking: &Asking<'_>, refusal: CallRefusal) {
        if refusal.end_reason() == CallEndReason::LimitReached {
            return;
        }
        let trunks = self.parts.directory.trunks();
        let named = trunks.of_host(asking.request.uri().host);
        let (account, credential, trunk) = match asking.caller {
            Caller::Credential(subject) => {
                let own = named.filter(|trunk| trunk.account == subject.account);
                (subject.account, Some(subject.id), own.map(|trunk| trunk.id))
            }
            Caller::Gateway(known) | Caller::Carrier(known) => match known.first() {
                Some(trunk) => (trunk.account, None, Some(trunk.id)),
                None => return,
            },
        };
        let mut random = [0; 10];
        self.parts.random.fill(&mut random);
        let request = asking.request;
        let user = |uri: &sip_message::Uri<'_>| cut(&uri.decoded_user().collect::<Vec<_>>());
        let call = CallDetails {
            id: CallId::new(asking.now, random),
            account,
            trunk,
            credential,
            username: asking.caller.username().and_then(|name| Username::parse(name, UsernameRule::Extended).ok()),
            direction: if credential.is_some() { CallDirection::Outbound } else { CallDirection::Inbound },
            from: user(&request.from_header().uri),
            to: user(request.uri()),
            caller_call_id: cut(request.call_id()),
            callee_call_id: "".into(),
            source: asking.flow.remote,
            destination: "".into(),
            caller_transport: signalling_transport(asking.flow.transport),
            callee_transport: None,
            begun_at: asking.now,
            ringing_at: None,
            answered_at: None,
        };
        let end = CallEnd {
            at: asking.now,
            by: HungUpBy::Us,
            reason: refusal.end_reason(),
            sip_status: refusal.status().code,
            q850_cause: Some(refusal.q850_cause()),
        };
        self.parts.journal.ended(CallRecord { call, end }, None);
    }
}
