//! One call as the caller knows it.

use super::repeated::Repeated;
use super::timers::Timer;
use std::time::Instant;

/// What both its phone and whoever reads the report know of it.
#[derive(Debug)]
pub struct PhoneCall {
    /// When it was first asked for.
    pub begun: Instant,
    /// When the phone first heard that it rings.
    pub ringing: Option<Instant>,
    /// When it was answered.
    pub answered: Option<Instant>,
    /// When its INVITE was refused, its BYE answered, or the other side's BYE came.
    pub ended: Option<Instant>,
    /// What became of it, once it is over.
    pub outcome: Option<Outcome>,
    pub(super) timer: Timer,
    pub(super) live: Option<Box<Live>>,
}

/// The end of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was answered, and the BYE of one side reached the other.
    Completed,
    /// The INVITE had that final status; with it what `Reason` said.
    Refused(u16, String),
    /// The BYE had that final status.
    NotEnded(u16),
    /// A request of that method had no answer, or none came from the gateway.
    TimedOut(&'static str),
}

/// What a call waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    Inviting,
    Waiting,
    Up,
    HangingUp,
}

/// What a call needs while it lasts.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) stage: Stage,
    pub(super) sequence: u32,
    pub(super) challenged: bool,
    pub(super) pending: Repeated,
    /// The dialog's other half: the value of To, the remote target and the route set.
    pub(super) to: String,
    pub(super) target: String,
    pub(super) routes: Vec<String>,
}

impl Live {
    /// A call whose INVITE of that number is out.
    pub(super) fn inviting(sequence: u32, challenged: bool, pending: Repeated) -> Self {
        let (to, target, routes) = (String::new(), String::new(), Vec::new());
        Self { stage: Stage::Inviting, sequence, challenged, pending, to, target, routes }
    }
}

/// The number that a call dials, so that whoever sees it knows which call it is.
#[must_use]
pub fn number(call: usize) -> String {
    format!("5{call:08}")
}

/// The call that dials that number.
#[must_use]
pub fn call_of(number: &str) -> Option<usize> {
    number.strip_prefix('5').filter(|digits| digits.len() == 8)?.parse().ok()
}
