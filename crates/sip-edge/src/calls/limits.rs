//! How many calls are up, and how many may begin: exact, whatever comes at once.
//!
//! A call counts at several places (its account, its trunk). It takes its place at all of them or at
//! none: every gauge it needs is locked, in one order for everybody, before any is changed.

use domain::{AccountId, TrunkId};
use foldhash::fast::RandomState;
use parking_lot::{Mutex, MutexGuard};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The window of a limit per second, in microseconds.
const SECOND_US: u64 = 1_000_000;

/// Where calls are counted. The order is that in which gauges are locked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Counted {
    Account(AccountId),
    Trunk(TrunkId),
}

/// How many calls may be up and may begin; `None` for as many as come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct CallLimit {
    /// At a time.
    pub(crate) concurrent: Option<u32>,
    /// In any second, whenever it begins.
    pub(crate) per_second: Option<u32>,
}

/// Which limit stood in the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LimitReached {
    /// As many calls as allowed are up.
    Concurrent(Counted),
    /// As many calls as allowed have begun within the last second.
    PerSecond(Counted),
}

/// All gauges.
#[derive(Default)]
pub(crate) struct CallLimits {
    gauges: Mutex<HashMap<Counted, Arc<Gauge>, RandomState>>,
}

#[derive(Default)]
struct Gauge {
    state: Mutex<GaugeState>,
}

#[derive(Default)]
struct GaugeState {
    up: u32,
    /// When calls began, in microseconds, those of the last second that a limit needs to know of.
    begun: VecDeque<u64>,
}

/// A call's places; they are free again when it is dropped.
pub(crate) struct Places {
    gauges: Vec<Arc<Gauge>>,
}

impl CallLimits {
    /// Takes a place at each, if every limit lets it; `at` in microseconds, of a clock that all calls share.
    pub(crate) fn take(&self, wanted: &[(Counted, CallLimit)], at: u64) -> Result<Places, LimitReached> {
        let mut wanted = wanted.to_vec();
        wanted.sort_by_key(|(counted, _)| *counted);
        wanted.dedup_by_key(|(counted, _)| *counted);
        let gauges: Vec<_> = wanted.iter().map(|(counted, _)| self.gauge(*counted)).collect();
        let mut locked: Vec<_> = gauges.iter().map(|gauge| gauge.state.lock()).collect();
        for ((counted, limit), state) in wanted.iter().zip(&mut locked) {
            state.admits(*counted, *limit, at)?;
        }
        for ((_, limit), state) in wanted.iter().zip(&mut locked) {
            state.up += 1;
            if limit.per_second.is_some() {
                state.begun.push_back(at);
            }
        }
        drop(locked);
        Ok(Places { gauges })
    }

    /// Takes places for a call that is up already, whatever the limits: it was let in before a restart.
    pub(crate) fn resume(&self, counted: impl IntoIterator<Item = Counted>) -> Places {
        let gauges: Vec<_> = counted.into_iter().map(|counted| self.gauge(counted)).collect();
        for gauge in &gauges {
            gauge.state.lock().up += 1;
        }
        Places { gauges }
    }

    /// How many calls are up there.
    #[cfg(test)]
    fn up(&self, counted: Counted) -> u32 {
        let gauge = self.gauges.lock().get(&counted).cloned();
        gauge.map_or(0, |gauge| gauge.state.lock().up)
    }

    /// Forgets gauges at which nothing has happened of late; `at` in microseconds.
    pub(crate) fn forget_idle(&self, at: u64) {
        self.gauges.lock().retain(|_, gauge| {
            // Whoever holds it besides the map is about to use it.
            Arc::strong_count(gauge) > 1 || !gauge.state.lock().is_idle(at)
        });
    }

    fn gauge(&self, counted: Counted) -> Arc<Gauge> {
        Arc::clone(self.gauges.lock().entry(counted).or_default())
    }
}

impl GaugeState {
    fn admits(&mut self, counted: Counted, limit: CallLimit, at: u64) -> Result<(), LimitReached> {
        self.forget_before(at);
        if limit.concurrent.is_some_and(|most| self.up >= most) {
            return Err(LimitReached::Concurrent(counted));
        }
        let begun = u32::try_from(self.begun.len()).unwrap_or(u32::MAX);
        if limit.per_second.is_some_and(|most| begun >= most) {
            return Err(LimitReached::PerSecond(counted));
        }
        Ok(())
    }

    /// A call that began a whole second ago no longer counts; one that seems to come from ahead does, until a clock
    /// that was set back has come round or a second has been counted anew.
    fn forget_before(&mut self, at: u64) {
        let is_within = |begun: u64| begun.abs_diff(at) < SECOND_US;
        while self.begun.front().is_some_and(|begun| !is_within(*begun)) {
            self.begun.pop_front();
        }
        // In order, unless the clock was set back.
        if self.begun.back().is_some_and(|begun| *begun > at) {
            self.begun.retain(|begun| is_within(*begun));
        }
    }

    fn is_idle(&mut self, at: u64) -> bool {
        self.forget_before(at);
        self.up == 0 && self.begun.is_empty()
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        for gauge in &self.gauges {
            let mut state: MutexGuard<'_, GaugeState> = gauge.state.lock();
            state.up = state.up.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const TRUNK: fn(u128) -> Counted = |number| Counted::Trunk(TrunkId::from_bytes(number.to_be_bytes()));
    const ACCOUNT: Counted = Counted::Account(AccountId(1));

    fn limit(concurrent: u32, per_second: u32) -> CallLimit {
        CallLimit { concurrent: Some(concurrent), per_second: Some(per_second) }
    }

    #[test]
    fn never_one_more_than_allowed_at_once() {
        let limits = CallLimits::default();
        let (most, seen) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let wanted = [(TRUNK(1), limit(10, u32::MAX)), (ACCOUNT, limit(1_000, u32::MAX))];
                        let Ok(places) = limits.take(&wanted, 5) else { continue };
                        let up = seen.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(up, Ordering::SeqCst);
                        std::thread::yield_now();
                        seen.fetch_sub(1, Ordering::SeqCst);
                        drop(places);
                    }
                });
            }
        });
        assert!((1..=10).contains(&most.load(Ordering::SeqCst)));
        assert_eq!((limits.up(TRUNK(1)), limits.up(ACCOUNT)), (0, 0));
    }

    #[test]
    fn never_one_more_in_any_second() {
        let limits = CallLimits::default();
        let mut begun = Vec::new();
        for at in (0..5_000_000).step_by(7_001) {
            if limits.take(&[(TRUNK(1), limit(1_000, 5))], at).is_ok() {
                begun.push(at);
            }
        }
        for window in begun.windows(6) {
            assert!(window[5] - window[0] >= SECOND_US, "{window:?}");
        }
        assert!(begun.len() >= 25, "{} in five seconds", begun.len());
    }

    #[test]
    fn what_one_limit_refuses_takes_no_place_at_the_others() {
        let limits = CallLimits::default();
        let wanted = [(TRUNK(1), limit(1, 9)), (ACCOUNT, limit(9, 9))];
        let up = limits.take(&wanted, 0).unwrap();
        assert_eq!(limits.take(&wanted, 1).err(), Some(LimitReached::Concurrent(TRUNK(1))));
        assert_eq!(limits.up(ACCOUNT), 1);
        drop(up);
        let begun: Vec<_> = (0..9).map(|at| limits.take(&wanted, at).map(drop)).collect();
        assert_eq!(begun.iter().filter(|begun| begun.is_ok()).count(), 8, "one of the nine had begun before");
        assert_eq!(begun[8], Err(LimitReached::PerSecond(ACCOUNT)));
    }

    #[test]
    fn resumed_calls_count_and_idle_gauges_go() {
        let limits = CallLimits::default();
        let resumed = limits.resume([TRUNK(1), ACCOUNT]);
        assert!(limits.take(&[(TRUNK(1), limit(1, 9))], 0).is_err());
        limits.forget_idle(5);
        assert_eq!(limits.up(TRUNK(1)), 1);
        drop(resumed);
        limits.forget_idle(5);
        assert!(limits.gauges.lock().is_empty());
    }
}
