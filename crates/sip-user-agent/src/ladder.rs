//! The record of what went to and fro in one exchange.

use crate::masking::masked;
use crate::summary::summary;
use crate::{Direction, Exchange, Step};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Is told of each step as it happens.
pub type StepObserver = Arc<dyn Fn(&Step) + Send + Sync>;

/// The steps so far, and when the first could be taken.
pub(crate) struct Ladder {
    began: Instant,
    steps: Vec<Step>,
    observer: Option<StepObserver>,
}

impl Ladder {
    pub(crate) fn begin(observer: Option<StepObserver>) -> Self {
        Self { began: Instant::now(), steps: Vec::new(), observer }
    }

    pub(crate) const fn began(&self) -> Instant {
        self.began
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Notes a message. One too many is left out, so that a chattering server costs no memory.
    pub(crate) fn note(&mut self, direction: Direction, octets: &[u8]) {
        if self.steps.len() < Exchange::MAX_STEPS {
            let at = self.elapsed();
            let step = Step { at, direction, summary: summary(octets), message: masked(octets) };
            if let Some(observer) = &self.observer {
                observer(&step);
            }
            self.steps.push(step);
        }
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.steps
    }
}
