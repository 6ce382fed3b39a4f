//! Which of many transactions wakes next.

use crate::timer::Millis;
use std::collections::BTreeSet;

/// At most one wake-up for each number; moving or ending one leaves nothing behind.
#[derive(Debug, Default)]
pub(crate) struct TimerQueue {
    due: BTreeSet<(Millis, u64)>,
}

impl TimerQueue {
    /// Moves a number's wake-up from where it was to where it is now.
    pub(crate) fn reschedule(&mut self, number: u64, before: Option<Millis>, after: Option<Millis>) {
        if before == after {
            return;
        }
        if let Some(at) = before {
            self.due.remove(&(at, number));
        }
        if let Some(at) = after {
            self.due.insert((at, number));
        }
    }

    /// The earliest wake-up.
    pub(crate) fn next(&self) -> Option<Millis> {
        self.due.first().map(|(at, _)| *at)
    }

    /// A number that is due.
    pub(crate) fn due(&self, now: Millis) -> Option<u64> {
        self.due.first().filter(|(at, _)| *at <= now).map(|(_, number)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_first_and_nothing_stays_behind() {
        let mut queue = TimerQueue::default();
        queue.reschedule(1, None, Some(50));
        queue.reschedule(2, None, Some(20));
        queue.reschedule(1, Some(50), Some(10));
        assert_eq!((queue.next(), queue.due(9), queue.due(10)), (Some(10), None, Some(1)));
        queue.reschedule(1, Some(10), None);
        assert_eq!((queue.next(), queue.due(20)), (Some(20), Some(2)));
        queue.reschedule(2, Some(20), None);
        assert_eq!((queue.next(), queue.due(Millis::MAX)), (None, None));
    }
}
