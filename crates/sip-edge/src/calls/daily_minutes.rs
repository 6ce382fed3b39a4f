//! How long a trunk's calls have lasted today.

use domain::{Day, Timestamp, TrunkId};
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Milliseconds of a minute.
const MINUTE_MS: u64 = 60_000;

/// What the calls that began on a day have lasted so far, for each trunk that has a limit of it. Calls that are up count
/// with the time they have lasted at the moment of asking.
#[derive(Default)]
pub(crate) struct DailyMinutes {
    trunks: Mutex<HashMap<TrunkId, Spent, RandomState>>,
}

#[derive(Clone, Copy, Default)]
struct Spent {
    day: Option<Day>,
    ended_ms: u64,
}

impl DailyMinutes {
    /// Adds an ended call that was answered at that moment.
    pub(crate) fn add(&self, trunk: TrunkId, answered_at: Timestamp, duration_ms: u64) {
        let day = Day::of(answered_at);
        let mut trunks = self.trunks.lock();
        let spent = trunks.entry(trunk).or_default();
        match spent.day {
            Some(known) if known > day => {}
            Some(known) if known == day => spent.ended_ms = spent.ended_ms.saturating_add(duration_ms),
            _ => *spent = Spent { day: Some(day), ended_ms: duration_ms },
        }
    }

    /// Whether another call may begin, given how long those that are up have lasted.
    pub(crate) fn has_room(&self, trunk: TrunkId, minutes: u32, now: Timestamp, up_ms: u64) -> bool {
        let spent = self.trunks.lock().get(&trunk).copied().unwrap_or_default();
        let ended_ms = if spent.day == Some(Day::of(now)) { spent.ended_ms } else { 0 };
        ended_ms.saturating_add(up_ms) < u64::from(minutes).saturating_mul(MINUTE_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_an_end() {
        let minutes = DailyMinutes::default();
        let trunk = TrunkId::from_bytes([1; 16]);
        let at = |hours: i64| Timestamp::from_seconds(hours * 3_600);
        assert!(minutes.has_room(trunk, 2, at(1), 0));
        assert!(!minutes.has_room(trunk, 0, at(1), 0), "none at all");
        minutes.add(trunk, at(1), 90_000);
        assert!(minutes.has_room(trunk, 2, at(2), 29_999));
        assert!(!minutes.has_room(trunk, 2, at(2), 30_000), "calls that are up count");
        minutes.add(trunk, at(3), 30_000);
        assert!(!minutes.has_room(trunk, 2, at(4), 0));
        assert!(minutes.has_room(trunk, 2, at(25), 0), "another day");
        minutes.add(trunk, at(25), 1_000);
        minutes.add(trunk, at(23), 500_000);
        assert!(minutes.has_room(trunk, 2, at(26), 0), "a call of yesterday that ends today");
    }
}
