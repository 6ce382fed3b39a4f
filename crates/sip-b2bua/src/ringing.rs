//! What is known of a call until it is answered.

use crate::setup::{Identity, Stage, Target};
use crate::verdict::Verdicts;
use crate::{FailoverOn, ServerTicket};
use sip_dialog::{Dialog, Grant, Millis};
use sip_message::HeaderName;
use sip_message::Headers;
use sip_message::write::{HeaderLines, KeptRequest};
use std::collections::VecDeque;

/// The caller's INVITE, and where it may still go.
#[derive(Debug)]
pub(crate) struct Ringing {
    pub invite: CallerInvite,
    /// The caller's side of every dialog this call makes, but for our tag.
    pub seed: Dialog,
    /// Our first tag, until a dialog has it.
    pub free_tag: Option<Box<[u8]>>,
    pub first_tag: Box<[u8]>,
    pub next_rseq: u32,
    pub turns: VecDeque<Turn>,
    pub ring_until: Millis,
    pub failover: FailoverOn,
    /// Of this turn.
    pub verdicts: Verdicts,
    /// Of those before.
    pub earlier: Verdicts,
    pub luggage: Luggage,
}

/// The caller's INVITE, until its final answer.
#[derive(Debug)]
pub(crate) struct CallerInvite {
    pub ticket: ServerTicket,
    pub kept: KeptRequest,
    pub cseq: u32,
    pub grant: Grant,
    /// What every response that makes a dialog repeats (RFC 3261 section 12.1.1).
    pub record_route: HeaderLines,
}

/// What every INVITE of ours says.
#[derive(Debug)]
pub(crate) struct Luggage {
    pub lines: HeaderLines,
    pub body: Vec<u8>,
    pub is_sdp: bool,
    pub hops: u8,
    pub breadth: u32,
    pub identity: Identity,
    pub wants_privacy: bool,
    /// What trusted next hops are told of the caller's wishes (RFC 3323), where anything is to be told.
    pub privacy: Option<Box<[u8]>>,
    pub loop_token: Box<[u8]>,
    /// All targets, by stage.
    pub targets: Vec<Vec<Target>>,
    pub first_response_timeout_ms: Millis,
}

/// Targets that ring at the same time: a stage, or as much of one as Max-Breadth allows at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Turn {
    pub stage: u8,
    pub first_target: u8,
    pub count: u8,
    pub ring_timeout_ms: Millis,
    pub first_response_timeout_ms: Millis,
    pub failover: FailoverOn,
}

/// The branches a request may have at once where it does not say (RFC 5393 section 5.3.3).
const DEFAULT_BREADTH: u32 = 60;

/// The Max-Breadth of a request.
pub(crate) fn breadth_of(headers: Headers<'_>) -> u32 {
    let of_name = headers
        .iter()
        .find(|header| header.name == HeaderName::Other && header.name_octets.eq_ignore_ascii_case(b"Max-Breadth"));
    let text = of_name.and_then(|header| std::str::from_utf8(header.value).ok());
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(DEFAULT_BREADTH)
}

/// The stages as turns of at most `breadth` targets (RFC 5393 section 5.3.3.1): what may not ring at once rings in turn.
pub(crate) fn turns(stages: &[Stage], breadth: u32) -> VecDeque<Turn> {
    let at_once = usize::try_from(breadth).unwrap_or(usize::MAX).max(1);
    let mut turns = VecDeque::new();
    for (stage, index) in stages.iter().zip(0_u8..) {
        let count = stage.targets.len().min(usize::from(u8::MAX));
        for first in (0..count).step_by(at_once) {
            let here = at_once.min(count - first);
            let is_last = first + here == count;
            turns.push_back(Turn {
                stage: index,
                first_target: u8::try_from(first).unwrap_or(u8::MAX),
                count: u8::try_from(here).unwrap_or(u8::MAX),
                ring_timeout_ms: stage.ring_timeout_ms,
                first_response_timeout_ms: stage.first_response_timeout_ms,
                failover: if is_last { stage.failover } else { FailoverOn::AnyFailure },
            });
        }
    }
    turns
}
