//! The newest events; the oldest give way.

use crate::record::{Batch, Kept, Slot};
use std::collections::VecDeque;

pub(crate) struct Recent {
    slots: VecDeque<Kept>,
    most: usize,
}

impl Recent {
    pub(crate) const fn new(most: usize) -> Self {
        Self { slots: VecDeque::new(), most }
    }

    pub(crate) fn push_all(&mut self, batch: &Batch) {
        let left_out = batch.len().saturating_sub(self.most);
        for slot in batch.slots().skip(left_out) {
            if self.slots.len() >= self.most {
                self.slots.pop_front();
            }
            self.slots.push_back(slot.keep());
        }
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = Slot<'_>> {
        self.slots.iter().rev().map(Kept::slot)
    }
}
