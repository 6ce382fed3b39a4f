//! What waits to be written.

use std::collections::VecDeque;
use storage::{CallChange, WhenDurable};
use tokio::time::{Duration, Instant};

/// A change and who waits for it.
pub(crate) struct Waiting {
    pub change: CallChange,
    pub when_durable: Option<WhenDurable>,
}

/// How long and how much may gather before it is written.
#[derive(Clone, Copy)]
pub(crate) struct Gathering {
    pub lasts: Duration,
    pub most: usize,
}

/// Changes that leave together, and when the first of them has to.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    due_at: Option<Instant>,
}

/// Changes in order, with an end: what was written without success still counts. Records stand in a line of their own,
/// since nobody waits for them: the more of them are written at once, the fewer pages each costs.
#[derive(Default)]
pub(crate) struct Queue {
    calls: Line,
    records: Line,
    /// Taken out by the writer and not known to be durable.
    unwritten: usize,
    pub is_closed: bool,
}

impl Line {
    fn push(&mut self, waiting: Waiting, now: Instant, gathering: Gathering) {
        let is_urgent = waiting.when_durable.is_some() || self.waiting.len() + 1 >= gathering.most;
        let due_at = if is_urgent { now } else { now + gathering.lasts };
        self.due_at = Some(self.due_at.map_or(due_at, |before| before.min(due_at)));
        self.waiting.push_back(waiting);
    }

    fn is_due(&self, now: Instant) -> bool {
        self.due_at.is_some_and(|at| at <= now)
    }

    fn take(&mut self, most: usize, taken: &mut Vec<Waiting>) {
        let count = self.waiting.len().min(most);
        taken.extend(self.waiting.drain(..count));
        if self.waiting.is_empty() {
            self.due_at = None;
        }
    }
}

impl Queue {
    /// Takes a change in, or gives it back where `room` changes wait already.
    pub fn push(&mut self, waiting: Waiting, room: usize, (now, gathering): (Instant, Gathering)) -> Option<Waiting> {
        if self.is_closed || self.len() >= room {
            return Some(waiting);
        }
        let line = if matches!(waiting.change, CallChange::Ended(_)) { &mut self.records } else { &mut self.calls };
        line.push(waiting, now, gathering);
        None
    }

    /// Hands out at most so many if any are due, changes of calls before records: those of one call stay in order. They
    /// count as unwritten until [`Queue::written`].
    pub fn take(&mut self, most: usize, now: Instant) -> Vec<Waiting> {
        let are_records_due = self.is_closed || self.records.is_due(now);
        let mut taken = Vec::new();
        if are_records_due || self.calls.is_due(now) {
            self.calls.take(most, &mut taken);
        }
        if are_records_due {
            self.records.take(most - taken.len(), &mut taken);
        }
        self.unwritten += taken.len();
        taken
    }

    /// So many of those handed out need no more room.
    pub fn written(&mut self, count: usize) {
        self.unwritten = self.unwritten.saturating_sub(count);
    }

    pub fn len(&self) -> usize {
        self.calls.waiting.len() + self.records.waiting.len() + self.unwritten
    }

    /// When something has to be written; none while nothing waits.
    pub fn due_at(&self) -> Option<Instant> {
        [self.calls.due_at, self.records.due_at].into_iter().flatten().min()
    }
}
