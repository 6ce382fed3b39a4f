//! What both sides have seen of a run.

use super::fault::Faults;
use super::gateway::Gateway;
use super::phone_call::Outcome;
use super::phones::Phones;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Sums over all calls.
#[derive(Clone, Debug)]
pub struct Report {
    /// Calls begun.
    pub begun: usize,
    /// Calls answered and ended with a BYE that arrived.
    pub completed: usize,
    /// How often each other end came, in words.
    pub others: BTreeMap<String, usize>,
    /// From the first INVITE to ringing or, where it does not ring, to the answer; sorted.
    pub post_dial_delays: Vec<Duration>,
    /// How long it took.
    pub took: Duration,
    /// Messages that phones and gateway sent again.
    pub repeated: u64,
    /// What was not as it should be.
    pub faults: Faults,
}

impl Report {
    /// Adds up.
    #[must_use]
    pub fn of(phones: &Phones, gateway: &Gateway, took: Duration) -> Self {
        let mut report = Self {
            begun: phones.calls().len(),
            completed: 0,
            others: BTreeMap::new(),
            post_dial_delays: Vec::new(),
            took,
            repeated: phones.repeated + gateway.repeated,
            faults: phones.faults.clone(),
        };
        report.faults.join(&gateway.faults);
        for call in phones.calls() {
            match &call.outcome {
                Some(Outcome::Completed) => report.completed += 1,
                other => *report.others.entry(name(other.as_ref())).or_default() += 1,
            }
            report.post_dial_delays.extend(call.ringing.or(call.answered).map(|heard| heard - call.begun));
        }
        report.post_dial_delays.sort_unstable();
        report
    }

    /// The delay that so many of a thousand calls did not exceed.
    #[must_use]
    pub fn post_dial_delay(&self, per_mille: usize) -> Duration {
        let last = self.post_dial_delays.len().saturating_sub(1);
        let place = (self.post_dial_delays.len() * per_mille / 1_000).min(last);
        self.post_dial_delays.get(place).copied().unwrap_or_default()
    }

    /// Expects every call to be completed and nothing to be wrong.
    ///
    /// # Panics
    /// Where it is otherwise, with all of it.
    pub fn expect_completed(&self) {
        assert!(self.completed == self.begun && self.faults.count() == 0, "{self}");
    }
}

fn name(outcome: Option<&Outcome>) -> String {
    match outcome {
        None => "not over".to_owned(),
        Some(Outcome::Completed) => "completed".to_owned(),
        Some(Outcome::Refused(status, reason)) => format!("INVITE answered {status} {reason}").trim_end().to_owned(),
        Some(Outcome::NotEnded(status)) => format!("BYE answered {status}"),
        Some(Outcome::TimedOut(what)) => format!("no {what}"),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.completed as f64 / self.took.as_secs_f64();
        write!(f, "calls: {} of {} completed in {:.1} s", self.completed, self.begun, self.took.as_secs_f64())?;
        writeln!(f, ", {rate:.0} a second; messages sent again: {}", self.repeated)?;
        for (end, count) in &self.others {
            writeln!(f, "  {count} calls: {end}")?;
        }
        let delays = [500, 990, 1_000].map(|per_mille| self.post_dial_delay(per_mille).as_secs_f64() * 1e3);
        write!(
            f,
            "post-dial delay: median {:.1} ms, 99 % {:.1} ms, longest {:.1} ms",
            delays[0], delays[1], delays[2]
        )?;
        if self.faults.count() > 0 {
            write!(f, "\nfaults: {}", self.faults.count())?;
        }
        self.faults.first().iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}
