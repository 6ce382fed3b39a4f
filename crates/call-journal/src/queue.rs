//! What waits to be written.

use std::collections::VecDeque;
use storage::{CallChange, WhenDurable};

/// A change and who waits for it.
pub(crate) struct Waiting {
    pub change: CallChange,
    pub when_durable: Option<WhenDurable>,
}

/// Changes in order, with an end: what was written without success still counts.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Waiting>,
    /// Taken out by the writer and not known to be durable.
    unwritten: usize,
    pub is_closed: bool,
}

impl Queue {
    /// Takes a change in, or gives it back where `room` changes wait already.
    pub fn push(&mut self, waiting: Waiting, room: usize) -> Option<Waiting> {
        if self.is_closed || self.len() >= room {
            return Some(waiting);
        }
        self.waiting.push_back(waiting);
        None
    }

    /// Hands out at most so many, which count as unwritten until [`Queue::written`].
    pub fn take(&mut self, most: usize) -> Vec<Waiting> {
        let count = self.waiting.len().min(most);
        self.unwritten += count;
        self.waiting.drain(..count).collect()
    }

    /// So many of those handed out need no more room.
    pub fn written(&mut self, count: usize) {
        self.unwritten = self.unwritten.saturating_sub(count);
    }

    pub fn len(&self) -> usize {
        self.waiting.len() + self.unwritten
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether anybody waits for one that is not handed out yet.
    pub fn has_somebody_waiting(&self) -> bool {
        self.waiting.iter().any(|waiting| waiting.when_durable.is_some())
    }
}
