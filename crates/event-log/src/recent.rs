//! The newest events; the oldest give way.

use crate::record::Slot;
use std::collections::VecDeque;

pub(crate) struct Recent {
    slots: VecDeque<Slot>,
    most: usize,
}

impl Recent {
    pub(crate) const fn new(most: usize) -> Self {
        Self { slots: VecDeque::new(), most }
    }

    pub(crate) fn push(&mut self, slot: Slot) {
        if self.most == 0 {
            return;
        }
        while self.slots.len() >= self.most {
            self.slots.pop_front();
        }
        self.slots.push_back(slot);
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().rev()
    }
}
