//! What became of what was begun.

use super::Latencies;
use super::errand::Verdict;
use std::collections::BTreeMap;
use std::time::Duration;

/// The counts of one run. What was begun is in exactly one of `good`, `refused`, `unproven`, `unbound`, `unanswered` and
/// `failed` once the run is over.
#[derive(Clone, Default, Debug)]
pub struct Tally {
    /// Exchanges begun.
    pub begun: u64,
    /// Ended as they should.
    pub good: u64,
    /// Ended with another final status, by status.
    pub refused: BTreeMap<u16, u64>,
    /// Ended well, with a proof of the server's that is wrong (RFC 7616 section 3.5).
    pub unproven: u64,
    /// A success of a REGISTER that does not list the binding it made, or still lists the one it removed.
    pub unbound: u64,
    /// No final answer in time.
    pub unanswered: u64,
    /// The connection was lost, or carried what is not SIP.
    pub failed: u64,
    /// Requests sent again for want of an answer.
    pub retransmissions: u64,
    /// What could not begin in time at a given rate, because every phone was busy.
    pub missed: u64,
    /// Datagrams that were no answer to anything under way: late ones, and worse.
    pub strange: u64,
    /// How often the system said that nobody listens at the server's port.
    pub unreachable: u64,
    /// From the first request to the end, of those that ended well.
    pub latencies: Latencies,
    /// Those that ended well before nothing new was begun any more, and how long that was.
    pub in_time: (u64, Duration),
}

impl Tally {
    /// Good ones a second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        let (good, span) = self.in_time;
        if span.is_zero() { 0.0 } else { good as f64 / span.as_secs_f64() }
    }

    /// Those that did not end as they should.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.refused.values().sum::<u64>() + self.unproven + self.unbound + self.unanswered + self.failed
    }

    pub(super) fn note(&mut self, verdict: Verdict, took: Duration) {
        match verdict {
            Verdict::Good => {
                self.good += 1;
                self.latencies.note(took);
            }
            Verdict::Refused(status) => *self.refused.entry(status).or_default() += 1,
            Verdict::Unproven => self.unproven += 1,
            Verdict::Unbound => self.unbound += 1,
            Verdict::Unanswered => self.unanswered += 1,
            Verdict::Failed => self.failed += 1,
        }
    }
}
