//! What became of the targets that rang, and what the caller is told of it (RFC 3261 section 16.7).

use crate::{FailoverOn, MediaFault};
use sip_message::write::HeaderLines;

/// How one target failed.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// There was no place to send to, or sending failed.
    Unreachable,
    /// No response came.
    TimedOut,
    /// It rang too long.
    NoAnswer,
    /// It was never asked: the caller's media cannot be bridged to it.
    MediaFailed(MediaFault),
    /// It said so.
    Refused(Refusal),
}

/// A final failure response, as it crosses.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub status: u16,
    pub lines: HeaderLines,
    pub body: Vec<u8>,
    pub q850_cause: Option<u8>,
}

/// What became of all targets so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdicts {
    best: Option<Refusal>,
    timed_out: u16,
    hops_failed: u16,
    unanswered: u16,
    media_fault: Option<MediaFault>,
}

/// What the caller is told.
#[derive(Clone, Debug)]
pub(crate) enum Conclusion {
    /// The best of what the targets said.
    Refused(Refusal),
    /// Somebody's phone rang in vain.
    NoAnswer,
    /// The media could not be bridged to those who were not asked for that.
    MediaFailed(MediaFault),
    /// All targets kept silent.
    TimedOut,
    /// The next hops failed in various ways.
    NextHopsFailed,
}

impl Verdicts {
    pub(crate) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::TimedOut => self.timed_out += 1,
            Verdict::Unreachable => self.hops_failed += 1,
            Verdict::NoAnswer => self.unanswered += 1,
            Verdict::MediaFailed(fault) => self.media_fault = Some(self.media_fault.unwrap_or(fault)),
            Verdict::Refused(refusal) if is_hop_failure(refusal.status) => self.hops_failed += 1,
            Verdict::Refused(refusal) => {
                if self.best.as_ref().is_none_or(|best| rank(refusal.status) < rank(best.status)) {
                    self.best = Some(refusal);
                }
            }
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.timed_out += other.timed_out;
        self.hops_failed += other.hops_failed;
        self.unanswered += other.unanswered;
        self.media_fault = self.media_fault.or(other.media_fault);
        if let Some(refusal) = other.best {
            self.add(Verdict::Refused(refusal));
        }
    }

    /// Whether the next stage gets its turn after this one.
    pub(crate) fn allow_failover(&self, rule: FailoverOn) -> bool {
        match rule {
            FailoverOn::NextHopFailure => self.best.is_none() && self.unanswered == 0 && self.media_fault.is_none(),
            FailoverOn::AnyFailure => self.best.as_ref().is_none_or(|best| best.status < 600),
        }
    }

    pub(crate) fn conclude(self) -> Conclusion {
        match (self.best, self.media_fault) {
            (Some(refusal), _) => Conclusion::Refused(refusal),
            (None, _) if self.unanswered > 0 => Conclusion::NoAnswer,
            (None, Some(fault)) => Conclusion::MediaFailed(fault),
            (None, None) if self.timed_out > 0 && self.hops_failed == 0 => Conclusion::TimedOut,
            (None, None) => Conclusion::NextHopsFailed,
        }
    }
}

/// Failures of the next hop itself: 5xx, and challenges that nobody here can answer.
pub(crate) const fn is_hop_failure(status: u16) -> bool {
    matches!(status, 401 | 407 | 500..=599)
}

/// The status under which a failure crosses. A redirection is not followed and its Contact does not cross, so all it says
/// is that the called is not to be had here.
pub(crate) const fn crossing_status(status: u16) -> u16 {
    match status {
        300..=399 => 480,
        401 | 407 | 422 | 500..=599 => 500,
        other => other,
    }
}

/// The better, the lower: 6xx, then what lets the caller do better (RFC 3261 section 16.7 step 6), then the rest.
const fn rank(status: u16) -> (u8, u16) {
    match status {
        600.. => (0, status),
        415 | 420 | 484 => (1, status),
        // Said by one place only, while others said why.
        408 | 487 => (3, status),
        300..400 => (4, status),
        _ => (2, status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conclusion(statuses: &[u16]) -> Option<u16> {
        let mut verdicts = Verdicts::default();
        for status in statuses {
            let (lines, body) = (HeaderLines::new(), Vec::new());
            verdicts.add(Verdict::Refused(Refusal { status: *status, lines, body, q850_cause: None }));
        }
        match verdicts.conclude() {
            Conclusion::Refused(refusal) => Some(refusal.status),
            _ => None,
        }
    }

    #[test]
    fn the_best_refusal() {
        for (statuses, best) in [
            (&[486, 404][..], Some(404)),
            (&[486, 603, 404], Some(603)),
            (&[486, 415, 404], Some(415)),
            (&[408, 486], Some(486)),
            (&[302, 480], Some(480)),
            (&[503, 486, 500], Some(486)),
            (&[503, 407], None),
        ] {
            assert_eq!(conclusion(statuses), best, "{statuses:?}");
        }
    }

    #[test]
    fn media_that_fails_is_told_unless_somebody_was_asked_and_refused() {
        let fault = || Verdict::MediaFailed(MediaFault::Unavailable);
        let mut verdicts = Verdicts::default();
        verdicts.add(fault());
        verdicts.add(Verdict::TimedOut);
        assert!(!verdicts.allow_failover(FailoverOn::NextHopFailure), "another next hop gets the same description");
        assert!(matches!(verdicts.clone().conclude(), Conclusion::MediaFailed(MediaFault::Unavailable)));
        let (lines, body) = (HeaderLines::new(), Vec::new());
        verdicts.add(Verdict::Refused(Refusal { status: 486, lines, body, q850_cause: None }));
        assert!(matches!(verdicts.conclude(), Conclusion::Refused(refusal) if refusal.status == 486));
    }

    #[test]
    fn all_silent_is_another_thing_than_some_failed() {
        let conclude = |given: &[Verdict]| {
            let mut verdicts = Verdicts::default();
            given.iter().for_each(|verdict| verdicts.add(verdict.clone()));
            verdicts.conclude()
        };
        assert!(matches!(conclude(&[Verdict::TimedOut, Verdict::TimedOut]), Conclusion::TimedOut));
        assert!(matches!(conclude(&[Verdict::TimedOut, Verdict::Unreachable]), Conclusion::NextHopsFailed));
        assert!(matches!(conclude(&[Verdict::TimedOut, Verdict::NoAnswer]), Conclusion::NoAnswer));
    }
}
