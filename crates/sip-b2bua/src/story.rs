//! What is noted of a call as it goes, for its record.

use crate::{CallFacts, Ending, LegId, Party, TargetRef, cause};
use sip_dialog::Millis;

/// The facts so far.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub begun_at: Millis,
    pub ringing_at: Option<Millis>,
    pub answered_at: Option<Millis>,
    pub end: Option<StoryEnd>,
    pub callee: Option<LegId>,
    pub target: Option<TargetRef>,
    pub caller_call_id: Box<[u8]>,
    pub callee_call_id: Option<Box<[u8]>>,
}

/// Who ended it, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct StoryEnd {
    pub by: Party,
    pub ending: Ending,
    /// The final status of a call that was never answered.
    pub status: u16,
    /// What a Reason said.
    pub q850_cause: Option<u8>,
}

impl Story {
    pub(crate) fn begin(now: Millis, caller_call_id: &[u8]) -> Self {
        Self {
            begun_at: now,
            ringing_at: None,
            answered_at: None,
            end: None,
            callee: None,
            target: None,
            caller_call_id: caller_call_id.into(),
            callee_call_id: None,
        }
    }

    pub(crate) fn facts(&self, ended_at: Millis) -> CallFacts {
        let end = self.end.unwrap_or(StoryEnd {
            by: Party::Us,
            ending: Ending::NextHopsFailed,
            status: 500,
            q850_cause: None,
        });
        let status = if self.answered_at.is_some() { 200 } else { end.status };
        let q850_cause = end.q850_cause.or_else(|| match end.ending {
            Ending::HungUp | Ending::EndedHere(_) => Some(cause::NORMAL_CLEARING),
            Ending::NoAnswer => Some(cause::NO_ANSWER),
            Ending::PeerLost | Ending::Unacknowledged => Some(cause::TIMER_EXPIRY),
            Ending::MediaFailed => Some(cause::UNSPECIFIED),
            _ => cause::of_status(end.status),
        });
        CallFacts {
            begun_at: self.begun_at,
            ringing_at: self.ringing_at,
            answered_at: self.answered_at,
            ended_at,
            post_dial_delay_ms: self.ringing_at.or(self.answered_at).map(|at| at.saturating_sub(self.begun_at)),
            hung_up_by: end.by,
            ending: end.ending,
            status,
            q850_cause,
            callee: self.callee,
            target: self.target,
            caller_call_id: self.caller_call_id.clone(),
            callee_call_id: self.callee_call_id.clone(),
        }
    }
}
