//! Responses that the user agent core repeats until they are acknowledged, over any transport.

use crate::time::{Millis, PATIENCE_MS, T1_MS, T2_MS};

/// When a response is sent again: a 2xx to INVITE until its ACK (RFC 3261 section 13.3.1.4), a reliable provisional
/// response until its PRACK (RFC 3262 section 3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repetition {
    next_at: Millis,
    interval: Millis,
    longest_interval: Millis,
    given_up_at: Millis,
}

/// What is due of a repetition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// The response is sent again.
    Again,
    /// Nobody has acknowledged it in 64 times T1.
    GivenUp,
}

impl Repetition {
    /// That of a 2xx to INVITE which is sent now: intervals double up to T2.
    #[must_use]
    pub const fn of_success(now: Millis) -> Self {
        Self::new(now, T2_MS)
    }

    /// That of a reliable provisional response which is sent now: intervals double without a bound.
    #[must_use]
    pub const fn of_provisional(now: Millis) -> Self {
        Self::new(now, PATIENCE_MS)
    }

    const fn new(now: Millis, longest_interval: Millis) -> Self {
        Self { next_at: now + T1_MS, interval: T1_MS, longest_interval, given_up_at: now + PATIENCE_MS }
    }

    /// When [`Self::on_time`] wants to be called.
    #[must_use]
    pub fn wakes_at(&self) -> Millis {
        self.next_at.min(self.given_up_at)
    }

    /// Time has passed; however late, a response is repeated once.
    pub fn on_time(&mut self, now: Millis) -> Option<Repeat> {
        if now >= self.given_up_at {
            return Some(Repeat::GivenUp);
        }
        if now < self.next_at {
            return None;
        }
        self.interval = (self.interval * 2).min(self.longest_interval);
        self.next_at = now + self.interval;
        Some(Repeat::Again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeats(mut machine: Repetition) -> Vec<Millis> {
        let mut sent = Vec::new();
        loop {
            let at = machine.wakes_at();
            match machine.on_time(at) {
                Some(Repeat::Again) => sent.push(at),
                Some(Repeat::GivenUp) => {
                    assert_eq!(at, PATIENCE_MS);
                    return sent;
                }
                None => panic!("woken for nothing at {at}"),
            }
        }
    }

    #[test]
    fn a_success_is_repeated_at_most_every_t2() {
        let expected = [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
        assert_eq!(repeats(Repetition::of_success(0)), expected);
    }

    #[test]
    fn a_provisional_response_is_repeated_ever_more_slowly() {
        assert_eq!(repeats(Repetition::of_provisional(0)), [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    }
}
