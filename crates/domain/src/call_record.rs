//! A call, and what it leaves behind.

use crate::{AccountId, CredentialId, SignallingTransport, Timestamp, TrunkId, Username};
use std::fmt;
use std::net::SocketAddr;
use uuid::Uuid;

/// A call's public identifier: a version 7 UUID of the moment it begins, so that identifiers sort by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(Uuid);

impl CallId {
    /// An identifier for a call that begins at that moment, from ten random octets (RFC 9562 section 5.7).
    #[must_use]
    pub fn new(begun_at: Timestamp, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(begun_at.as_unix_millis(), &random).into_uuid())
    }

    /// Not above any identifier of a call that begins at that moment or later, and above all of the milliseconds before.
    #[must_use]
    pub fn first_of(begun_at: Timestamp) -> Self {
        Self::new(begun_at, [0; 10])
    }

    /// Reads the hyphenated form, and only that.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() == 36 { Uuid::try_parse(text).ok().map(Self) } else { None }
    }

    /// The identifier of those sixteen octets.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// Its sixteen octets.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallId({self})")
    }
}

/// Where a call goes, as its account sees it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CallDirection {
    /// From a phone of the account over a trunk's origination URIs.
    Outbound,
    /// From a gateway to the account.
    Inbound,
    /// From one phone of the account to another.
    Internal,
    /// To the echo service.
    Echo,
}

impl CallDirection {
    /// Every direction.
    pub const ALL: [Self; 4] = [Self::Outbound, Self::Inbound, Self::Internal, Self::Echo];

    /// The name used by API and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
            Self::Internal => "internal",
            Self::Echo => "echo",
        }
    }

    /// The direction of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|direction| direction.as_str() == name)
    }
}

/// Who ended a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HungUpBy {
    /// Whoever began it: by BYE, or by CANCEL before it was answered.
    Caller,
    /// Whoever was called: by BYE, or by refusing it.
    Callee,
    /// This server.
    Us,
}

impl HungUpBy {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Caller, Self::Callee, Self::Us];

    /// The name used by API and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Callee => "callee",
            Self::Us => "us",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == name)
    }
}

/// Why a call ended: a closed set that tenants and filters rely on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CallEndReason {
    /// It was answered, and one of the two hung up.
    Completed,
    /// The caller gave up before it was answered.
    Cancelled,
    /// Whoever was called is busy (486, 600).
    Busy,
    /// It rang, or did not even, and nobody answered in time (408, 480).
    NoAnswer,
    /// Whoever was called does not want it (403, 603 and the like).
    Rejected,
    /// The number or name called is not in service (404, 410, 484, 604).
    NotFound,
    /// No next hop could be reached.
    Unreachable,
    /// A next hop failed (5xx), or answered what makes no sense.
    Failed,
    /// The account's or trunk's rules forbid it.
    Forbidden,
    /// A limit of calls was reached.
    LimitReached,
    /// A peer was silent for longer than its session timer allows (RFC 4028).
    SessionExpired,
    /// The answer was never acknowledged (RFC 3261 section 13.3.1.4).
    NotAcknowledged,
    /// Somebody ended it by the API.
    EndedByApi,
    /// What let the call in was disabled, and its calls were asked to end.
    Revoked,
    /// The server stopped, or could not take the call up again after a restart.
    ServerRestarted,
}

impl CallEndReason {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::Completed,
        Self::Cancelled,
        Self::Busy,
        Self::NoAnswer,
        Self::Rejected,
        Self::NotFound,
        Self::Unreachable,
        Self::Failed,
        Self::Forbidden,
        Self::LimitReached,
        Self::SessionExpired,
        Self::NotAcknowledged,
        Self::EndedByApi,
        Self::Revoked,
        Self::ServerRestarted,
    ];

    /// The name used by API and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Rejected => "rejected",
            Self::NotFound => "not_found",
            Self::Unreachable => "unreachable",
            Self::Failed => "failed",
            Self::Forbidden => "forbidden",
            Self::LimitReached => "limit_reached",
            Self::SessionExpired => "session_expired",
            Self::NotAcknowledged => "not_acknowledged",
            Self::EndedByApi => "ended_by_api",
            Self::Revoked => "revoked",
            Self::ServerRestarted => "server_restarted",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// How far a call has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CallState {
    /// Asked for, and not yet heard of from the far side.
    Calling,
    /// A phone rings.
    Ringing,
    /// Two parties talk.
    Answered,
}

impl CallState {
    /// The name used by API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calling => "calling",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
        }
    }
}

/// What is known of a call while it lasts, and afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallDetails {
    /// Its public identifier, made from `begun_at`.
    pub id: CallId,
    /// The account whose call it is.
    pub account: AccountId,
    /// The trunk it goes over, if any.
    pub trunk: Option<TrunkId>,
    /// The credential that authenticated it, if one did.
    pub credential: Option<CredentialId>,
    /// That credential's username, which outlives it.
    pub username: Option<Username>,
    /// Where it goes.
    pub direction: CallDirection,
    /// The identity that is presented to whoever is called, at most [`CallDetails::MAX_TEXT`] octets.
    pub from: Box<str>,
    /// The number or name called, at most [`CallDetails::MAX_TEXT`] octets.
    pub to: Box<str>,
    /// The Call-ID on the caller's side, at most [`CallDetails::MAX_TEXT`] octets.
    pub caller_call_id: Box<str>,
    /// The Call-ID on the side of whoever was called last, empty while nobody was.
    pub callee_call_id: Box<str>,
    /// The address the call came from.
    pub source: SocketAddr,
    /// Where it was sent last: host and port, or an address-of-record; empty while it was sent nowhere.
    pub destination: Box<str>,
    /// The transport of the caller's side.
    pub caller_transport: SignallingTransport,
    /// The transport of the other side, once there is one.
    pub callee_transport: Option<SignallingTransport>,
    /// When it came in.
    pub begun_at: Timestamp,
    /// When the far side first said that it rings.
    pub ringing_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
}

impl CallDetails {
    /// Most octets of a text in it; whoever fills it in cuts, since peers choose them.
    pub const MAX_TEXT: usize = 255;

    /// How far it has come.
    #[must_use]
    pub const fn state(&self) -> CallState {
        match (self.answered_at, self.ringing_at) {
            (Some(_), _) => CallState::Answered,
            (None, Some(_)) => CallState::Ringing,
            (None, None) => CallState::Calling,
        }
    }

    /// Milliseconds from the call's beginning until it first rang or, without ringing, was answered.
    #[must_use]
    pub fn post_dial_delay_ms(&self) -> Option<u64> {
        self.ringing_at.or(self.answered_at).map(|heard| millis_between(self.begun_at, heard))
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallEnd {
    /// When the far side had answered the BYE, or the call failed.
    pub at: Timestamp,
    /// Who ended it.
    pub by: HungUpBy,
    /// Why.
    pub reason: CallEndReason,
    /// The final status that the caller got for the INVITE; 200 for an answered call.
    pub sip_status: u16,
    /// The Q.850 cause that a peer named in a Reason header (RFC 3326), or that follows from the status (RFC 3398).
    pub q850_cause: Option<u8>,
}

/// A call detail record: exactly one for each call that was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// The call.
    pub call: CallDetails,
    /// How it ended.
    pub end: CallEnd,
}

impl CallRecord {
    /// Milliseconds from answer to end; zero for a call that was never answered.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        self.call.answered_at.map_or(0, |answered| millis_between(answered, self.end.at))
    }
}

/// A confirmed call as a restart finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSnapshot {
    /// What is known of it.
    pub call: CallDetails,
    /// The state of both its dialogs, in the call engine's own versioned form.
    pub octets: Box<[u8]>,
}

/// Never negative, whatever a clock that was set back says.
fn millis_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_micros().saturating_sub(from.as_micros()) / 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> CallDetails {
        let begun_at = Timestamp::from_micros(1_700_000_000_123_456);
        CallDetails {
            id: CallId::new(begun_at, [1; 10]),
            account: AccountId(1),
            trunk: None,
            credential: None,
            username: None,
            direction: CallDirection::Internal,
            from: "a".into(),
            to: "b".into(),
            caller_call_id: "c".into(),
            callee_call_id: "".into(),
            source: "192.0.2.1:5060".parse().unwrap(),
            destination: "".into(),
            caller_transport: SignallingTransport::Udp,
            callee_transport: None,
            begun_at,
            ringing_at: None,
            answered_at: None,
        }
    }

    #[test]
    fn names_are_distinct_and_read_back() {
        for reason in CallEndReason::ALL {
            assert_eq!(CallEndReason::from_name(reason.as_str()), Some(reason));
        }
        for direction in CallDirection::ALL {
            assert_eq!(CallDirection::from_name(direction.as_str()), Some(direction));
        }
        for by in HungUpBy::ALL {
            assert_eq!(HungUpBy::from_name(by.as_str()), Some(by));
        }
    }

    #[test]
    fn an_identifier_sorts_by_the_moment_it_is_made_for() {
        let call = call();
        assert!(CallId::first_of(call.begun_at) <= call.id);
        assert!(call.id < CallId::first_of(Timestamp::from_micros(call.begun_at.as_micros() + 1000)));
        assert_eq!(CallId::parse(&call.id.to_string()), Some(call.id));
        assert_eq!(CallId::parse("x"), None);
    }

    #[test]
    fn times_follow_from_moments() {
        let later = |call: &CallDetails, millis: i64| Timestamp::from_micros(call.begun_at.as_micros() + millis * 1000);
        let mut call = call();
        assert_eq!((call.state(), call.post_dial_delay_ms()), (CallState::Calling, None));
        call.ringing_at = Some(later(&call, 180));
        assert_eq!((call.state(), call.post_dial_delay_ms()), (CallState::Ringing, Some(180)));
        call.answered_at = Some(later(&call, 5_000));
        assert_eq!((call.state(), call.post_dial_delay_ms()), (CallState::Answered, Some(180)));
        let end = |at| CallEnd {
            at,
            by: HungUpBy::Caller,
            reason: CallEndReason::Completed,
            sip_status: 200,
            q850_cause: Some(16),
        };
        let record = |call: &CallDetails, at| CallRecord { call: call.clone(), end: end(at) };
        assert_eq!(record(&call, later(&call, 65_250)).duration_ms(), 60_250);
        assert_eq!(record(&call, call.begun_at).duration_ms(), 0, "a clock set back");
        call.answered_at = None;
        assert_eq!(record(&call, later(&call, 65_250)).duration_ms(), 0);
    }
}
