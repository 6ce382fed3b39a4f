//! A clock that only tests move.

use domain::{Clock, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};

/// Shows the same moment until it is set or advanced.
#[derive(Debug)]
pub struct VirtualClock {
    micros: AtomicI64,
}

impl VirtualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub const fn new(start: Timestamp) -> Self {
        Self { micros: AtomicI64::new(start.as_micros()) }
    }

    /// Shows that moment from now on; it may be earlier, as system clocks do.
    pub fn set(&self, now: Timestamp) {
        self.micros.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Moves on by that many milliseconds.
    pub fn advance_millis(&self, millis: i64) {
        self.micros.fetch_add(millis.saturating_mul(1000), Ordering::SeqCst);
    }

    /// Moves on by that many seconds.
    pub fn advance_seconds(&self, seconds: i64) {
        self.advance_millis(seconds.saturating_mul(1000));
    }
}

/// Starts well after the Unix epoch, so that moments before it are not special.
impl Default for VirtualClock {
    fn default() -> Self {
        Self::new(Timestamp::from_seconds(1_700_000_000))
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_only_when_told() {
        let clock = VirtualClock::default();
        let start = clock.now();
        assert_eq!(clock.now(), start);
        clock.advance_seconds(2);
        clock.advance_millis(500);
        assert_eq!(clock.now().as_micros() - start.as_micros(), 2_500_000);
        clock.set(Timestamp::from_seconds(5));
        assert_eq!(clock.now(), Timestamp::from_seconds(5));
    }
}
