//! When which call wants to be looked at.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// The one timer of a call; setting it again makes what was set before void.
#[derive(Clone, Copy, Default, Debug)]
pub struct Timer {
    generation: u32,
}

/// The timers of all calls of one side.
#[derive(Default, Debug)]
pub struct Timers {
    queue: BinaryHeap<Reverse<(Instant, usize, u32)>>,
}

impl Timers {
    /// Has that call looked at then and not before.
    pub fn set(&mut self, timer: &mut Timer, call: usize, at: Instant) {
        timer.generation = timer.generation.wrapping_add(1);
        self.queue.push(Reverse((at, call, timer.generation)));
    }

    /// Has it not looked at any more.
    pub fn stop(timer: &mut Timer) {
        timer.generation = timer.generation.wrapping_add(1);
    }

    /// The next call whose time has come, `timer_of` telling a call's timer.
    pub fn next_due(&mut self, now: Instant, timer_of: impl Fn(usize) -> Timer) -> Option<usize> {
        while self.queue.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            let Reverse((_, call, generation)) = self.queue.pop()?;
            if timer_of(call).generation == generation {
                return Some(call);
            }
        }
        None
    }

    /// When to look again, at the latest.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        self.queue.peek().map(|Reverse((at, ..))| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_what_was_set_last_comes_due() {
        let (mut timers, start) = (Timers::default(), Instant::now());
        let mut each = [Timer::default(); 3];
        let after = |seconds| start + Duration::from_secs(seconds);
        timers.set(&mut each[0], 0, after(1));
        timers.set(&mut each[1], 1, after(2));
        timers.set(&mut each[0], 0, after(3));
        timers.set(&mut each[2], 2, after(1));
        Timers::stop(&mut each[2]);
        assert_eq!(timers.next_due(after(2), |call| each[call]), Some(1));
        assert_eq!(timers.next_due(after(2), |call| each[call]), None);
        assert_eq!(timers.next_at(), Some(after(3)));
        assert_eq!(timers.next_due(after(3), |call| each[call]), Some(0));
    }
}
