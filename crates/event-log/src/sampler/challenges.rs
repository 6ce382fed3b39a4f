//! Challenges that wait for their answer.

use super::Sampling;
use crate::record::{Kept, Slot};
use domain::Timestamp;
use foldhash::fast::RandomState;
use std::collections::{HashMap, VecDeque};

/// A challenge that nobody has answered.
pub(super) struct Unanswered {
    pub(super) first: Kept,
    pub(super) attempts: u32,
    pub(super) last_at: Timestamp,
    /// Whether the same request came again.
    pub(super) is_repeated: bool,
}

/// Bounded; what finds no room is not waited for.
pub(super) struct Challenges {
    config: Sampling,
    waiting: HashMap<u64, Unanswered, RandomState>,
    /// In the order in which they came, those included that were answered meanwhile.
    order: VecDeque<(Timestamp, u64)>,
}

impl Challenges {
    pub(super) fn new(config: Sampling) -> Self {
        Self { config, waiting: HashMap::default(), order: VecDeque::new() }
    }

    /// Begins to wait for an answer; `false` where there is no room to.
    pub(super) fn begin(&mut self, exchange: u64, slot: Slot<'_>) -> bool {
        if let Some(unanswered) = self.waiting.get_mut(&exchange) {
            unanswered.attempts = unanswered.attempts.saturating_add(1);
            unanswered.last_at = slot.at;
            unanswered.is_repeated |= unanswered.first.slot().cseq == slot.cseq;
            return true;
        }
        if self.waiting.len() >= self.config.most_challenges {
            return false;
        }
        let first = slot.keep();
        self.waiting.insert(exchange, Unanswered { first, attempts: 1, last_at: slot.at, is_repeated: false });
        self.order.push_back((slot.at, exchange));
        // Answered ones stand here for no longer than if they had not been, unless there are too many of them.
        if self.order.len() > self.config.most_challenges.saturating_mul(4) {
            self.order.retain(|(at, exchange)| self.waiting.get(exchange).is_some_and(|it| it.first.slot().at == *at));
        }
        true
    }

    pub(super) fn answered(&mut self, exchange: u64) {
        self.waiting.remove(&exchange);
    }

    /// Those that have waited long enough.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Unanswered> {
        let mut due = Vec::new();
        while let Some((at, exchange)) = self.order.front().copied() {
            if at.plus_seconds(self.config.challenge_seconds) > now {
                break;
            }
            self.order.pop_front();
            // Another exchange of the same key has begun later.
            if self.waiting.get(&exchange).is_some_and(|unanswered| unanswered.first.slot().at == at) {
                due.extend(self.waiting.remove(&exchange));
            }
        }
        due
    }
}
