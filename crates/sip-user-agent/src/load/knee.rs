//! The knee: the highest rate at which a server still answers as it does at a low one.

use super::Tally;
use std::time::Duration;

/// Each rung of the climb is that many times the one before.
const FACTOR: f64 = 1.6;
/// Rates between the last good and the first bad one that are tried.
const HALVINGS: u32 = 4;
/// The 99th percentile may grow to that many times what it was on the first rung,
const GROWTH: u32 = 4;
/// and to this in any case: what a busy client adds by itself.
const TOLERATED: Duration = Duration::from_millis(10);
/// The share of what was to begin that has to end well in time.
const KEPT_UP: f64 = 0.97;

/// What one rate gave.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rung {
    /// Exchanges to begin in a second.
    pub rate: f64,
    /// Exchanges that ended well in a second.
    pub per_second: f64,
    /// What 99 of 100 were not slower than.
    pub p99: Duration,
    /// Those that were sent again, or ended badly.
    pub lost: u64,
    /// Whether the server was up to it.
    pub good: bool,
}

/// Says which rate to try next, from what came of the last one.
#[derive(Clone, Debug)]
pub struct KneeSearch {
    rate: f64,
    base: Option<Duration>,
    best: Option<f64>,
    worst: Option<f64>,
    halvings: u32,
}

impl KneeSearch {
    /// A search that begins at that rate.
    #[must_use]
    pub const fn from(rate: f64) -> Self {
        Self { rate, base: None, best: None, worst: None, halvings: 0 }
    }

    /// The rate to try now.
    #[must_use]
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// The highest good rate so far.
    #[must_use]
    pub const fn knee(&self) -> Option<f64> {
        self.best
    }

    /// Judges the run at [`Self::rate`], and whether there is another rate to try.
    pub fn judge(&mut self, tally: &Tally) -> (Rung, bool) {
        let p99 = tally.latencies.percentile(0.99).unwrap_or(Duration::MAX);
        let lost = tally.retransmissions + tally.faults();
        let base = *self.base.get_or_insert(p99);
        let limit = base.saturating_mul(GROWTH).max(TOLERATED);
        let per_second = tally.per_second();
        let good = lost == 0 && p99 <= limit && per_second >= self.rate * KEPT_UP;
        let rung = Rung { rate: self.rate, per_second, p99, lost, good };
        if good {
            self.best = Some(self.rate);
        } else {
            self.worst = Some(self.rate);
        }
        (rung, self.step())
    }

    fn step(&mut self) -> bool {
        match (self.best, self.worst) {
            (_, None) => self.rate = (self.rate * FACTOR).round(),
            // Even the first was too much: look below it.
            (None, Some(worst)) => {
                self.rate = worst / 4.0;
                self.base = None;
                return self.rate >= 1.0;
            }
            (Some(best), Some(worst)) => {
                self.halvings += 1;
                self.rate = f64::midpoint(best, worst);
                return self.halvings <= HALVINGS;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that keeps up to a rate, and above it answers no more and slower.
    fn run_at(rate: f64, capacity: f64) -> Tally {
        let mut tally = Tally::default();
        let took = Duration::from_micros(if rate <= capacity { 300 } else { 90_000 });
        (0..100).for_each(|_| tally.latencies.note(took));
        tally.in_time = (rate.min(capacity).round() as u64, Duration::from_secs(1));
        tally
    }

    fn knee(capacity: f64) -> (Option<f64>, usize) {
        let mut search = KneeSearch::from(500.0);
        for steps in 1..100 {
            let tally = run_at(search.rate(), capacity);
            if !search.judge(&tally).1 {
                return (search.knee(), steps);
            }
        }
        panic!("the search has no end");
    }

    #[test]
    fn it_is_found_from_below_and_from_above() {
        for capacity in [50_000.0, 3_210.0, 500.0, 90.0, 7.0] {
            let (found, steps) = knee(capacity);
            let found = found.unwrap();
            assert!(found <= capacity * 1.031 && found >= capacity * 0.8, "{capacity} gave {found} in {steps} steps");
            assert!(steps < 25, "{steps} for {capacity}");
        }
        assert_eq!(knee(0.1).0, None);
    }

    #[test]
    fn a_single_loss_ends_the_climb() {
        let mut search = KneeSearch::from(100.0);
        let mut tally = run_at(100.0, 1e6);
        tally.retransmissions = 1;
        let (rung, _) = search.judge(&tally);
        assert!(!rung.good && rung.lost == 1);
    }
}
