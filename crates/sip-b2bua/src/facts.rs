//! What a call leaves behind, for its record.

use crate::{LegId, TargetRef};
use sip_dialog::Millis;

/// What is known of a call when it is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallFacts {
    /// When the INVITE came.
    pub begun_at: Millis,
    /// When the first target rang, or sent early media.
    pub ringing_at: Option<Millis>,
    /// When a target answered.
    pub answered_at: Option<Millis>,
    /// When somebody hung up, gave up or refused; the answers to BYE that close the call come later.
    pub ended_at: Millis,
    /// From INVITE to the first ringing, early media or answer.
    pub post_dial_delay_ms: Option<Millis>,
    /// Who ended it.
    pub hung_up_by: Party,
    /// How it ended.
    pub ending: Ending,
    /// The final status the caller got; 200 once answered.
    pub status: u16,
    /// The Q.850 cause: what a Reason header said (RFC 3326), else what the status means (RFC 3398 section 8.2.6.1).
    pub q850_cause: Option<u8>,
    /// The leg that answered.
    pub callee: Option<LegId>,
    /// The target that answered.
    pub target: Option<TargetRef>,
    /// The Call-ID of the caller's leg.
    pub caller_call_id: Box<[u8]>,
    /// The Call-ID of the leg that answered, else of the last one that was tried.
    pub callee_call_id: Option<Box<[u8]>>,
}

/// A party of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Party {
    /// Whose INVITE it was.
    Caller,
    /// Whoever was called.
    Callee,
    /// This server.
    Us,
}

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ending {
    /// Somebody hung up an answered call.
    HungUp,
    /// The caller gave up before an answer.
    Cancelled,
    /// The called, or their network, refused.
    Refused,
    /// It rang and nobody answered in time.
    NoAnswer,
    /// Every next hop left us without a response.
    TimedOut,
    /// No next hop could take the call: none reachable, or all of them failed.
    NextHopsFailed,
    /// The INVITE itself asked for what cannot be: too many hops, a loop, too wide a fork, too short a session interval.
    Impossible,
    /// The caller never acknowledged the answer.
    Unacknowledged,
    /// A peer was gone: it did not know the call any more, did not answer, or let the session expire.
    PeerLost,
    /// The media could not be bridged.
    MediaFailed,
    /// It was ended from here.
    EndedHere(EndReason),
}

/// Why a call is ended from here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EndReason {
    /// Somebody with the right to asked for it.
    Administrative,
    /// The credential, trunk or account it was made with is no longer good.
    Revoked,
    /// It has lasted as long as it may.
    DurationLimit,
    /// The server stops.
    Shutdown,
}
