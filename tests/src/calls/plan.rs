//! What is to happen.

use super::secret::Secret;
use crate::sip::Credentials;
use crate::soak::Generator;
use std::time::Duration;

/// The calls of one run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Host of every Request-URI, From and To.
    pub domain: String,
    /// Who calls, in turns.
    pub callers: Vec<Credentials>,
    /// How many calls there are.
    pub calls: usize,
    /// How fast they begin.
    pub pace: Pace,
    /// The shortest and the longest time from the answer to the end.
    pub holds: [Duration; 2],
    /// Who ends them.
    pub hangs_up: HangsUp,
    /// What the gateway does with a call.
    pub answer: Answer,
    /// How long it rings before it answers.
    pub rings: Duration,
    /// Whom the gateway asks who he is, if anybody.
    pub secret: Option<Secret>,
    /// Where what looks random begins.
    pub seed: u64,
}

/// When calls begin.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// So many a second, whatever becomes of them.
    PerSecond(f64),
    /// So many at a time: when one is over, the next begins.
    AtATime(usize),
}

/// Who ends a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HangsUp {
    /// Who called.
    Caller,
    /// One the caller, the next the gateway.
    Turns,
    /// Neither, until told to.
    Nobody,
}

/// What a gateway does with a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// 200.
    Yes,
    /// Another final status.
    No(u16),
}

impl Plan {
    /// A plan of that many calls by those callers: 64 at a time, ended at once by the caller.
    #[must_use]
    pub fn new(domain: &str, callers: Vec<Credentials>, calls: usize) -> Self {
        Self {
            domain: domain.to_owned(),
            callers,
            calls,
            pace: Pace::AtATime(64),
            holds: [Duration::ZERO; 2],
            hangs_up: HangsUp::Caller,
            answer: Answer::Yes,
            rings: Duration::ZERO,
            secret: None,
            seed: 1,
        }
    }

    /// How long that call is held.
    #[must_use]
    pub fn hold(&self, call: usize) -> Duration {
        let [shortest, longest] = self.holds;
        let spread = usize::try_from((longest - shortest).as_micros()).unwrap_or(0);
        let drawn = Generator::new(self.seed ^ call as u64).below(spread + 1);
        shortest + Duration::from_micros(drawn as u64)
    }

    /// Whether the caller ends that call, or the gateway; `None` where nobody does.
    #[must_use]
    pub const fn caller_hangs_up(&self, call: usize) -> Option<bool> {
        match self.hangs_up {
            HangsUp::Caller => Some(true),
            HangsUp::Turns => Some(call.is_multiple_of(2)),
            HangsUp::Nobody => None,
        }
    }
}
