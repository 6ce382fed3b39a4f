//! One INVITE to one place a target may be reached at.

use crate::{LegId, TargetRef, Ticket};
use sip_dialog::{Millis, Opening};
use sip_message::write::HeaderLines;

/// An INVITE of ours, from the search for its path to its last response.
#[derive(Debug)]
pub(crate) struct Fork {
    pub leg: LegId,
    pub target: TargetRef,
    /// How often this target was tried before.
    pub attempt: u8,
    pub state: ForkState,
    /// What was sent; `None` while there is no path.
    pub sent: Option<SentInvite>,
}

/// How far an INVITE has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ForkState {
    /// Waits for its path.
    Locating,
    /// Sent, and not heard of.
    Silent {
        /// When it counts as timed out.
        until: Millis,
    },
    /// A provisional response came.
    Proceeding,
    /// Nobody wants it any more, but no provisional response has come that would let it be cancelled.
    Unwanted,
    /// Cancelled.
    Cancelled,
    /// Answered, and it is the one.
    Won,
    /// Over.
    Over,
}

/// What is needed to send an INVITE again and to acknowledge what comes of it.
#[derive(Debug)]
pub(crate) struct SentInvite {
    pub opening: Opening,
    pub ticket: Ticket,
    /// The answer to a challenge: it goes into the ACK too (RFC 3261 section 22.1).
    pub credentials: HeaderLines,
    pub challenges: u8,
    /// What a 422 asked for.
    pub min_session_seconds: u32,
    /// The last CSeq of early dialogs that were given up: a late answer may make them anew.
    pub used_cseq: u32,
    /// The ACKs sent, by the tag they went to: another 2xx may come of another fork downstream.
    pub acks: Vec<(Box<[u8]>, Vec<u8>)>,
}

impl Fork {
    /// Whether an answer of it would be the call's.
    pub(crate) const fn is_wanted(&self) -> bool {
        matches!(self.state, ForkState::Locating | ForkState::Silent { .. } | ForkState::Proceeding)
    }

    /// Whether something is still to be heard of it.
    pub(crate) const fn is_open(&self) -> bool {
        !matches!(self.state, ForkState::Won | ForkState::Over)
    }

    pub(crate) fn has_ticket(&self, ticket: Ticket) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.ticket == ticket)
    }
}
