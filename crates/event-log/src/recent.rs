//! The newest events; the oldest give way.

use crate::EventRecord;
use std::collections::VecDeque;

pub(crate) struct Recent {
    records: VecDeque<EventRecord>,
    most: usize,
}

impl Recent {
    pub(crate) const fn new(most: usize) -> Self {
        Self { records: VecDeque::new(), most }
    }

    pub(crate) fn push(&mut self, record: EventRecord) {
        if self.most == 0 {
            return;
        }
        while self.records.len() >= self.most {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &EventRecord> {
        self.records.iter().rev()
    }
}
