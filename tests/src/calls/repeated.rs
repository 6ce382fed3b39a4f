//! A message that is sent again until it is answered (RFC 3261 section 17.1, and 13.3.1.4 for the 200 to an INVITE).

use super::{GIVES_UP, T1, T2};
use std::time::{Duration, Instant};

/// The message and when it is sent next.
#[derive(Debug)]
pub struct Repeated {
    octets: Vec<u8>,
    interval: Duration,
    longest: Duration,
    gives_up: Instant,
}

/// What its timer says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// Send it again, and look again at that time.
    Send(Instant),
    /// Nobody answers.
    GivenUp,
}

impl Repeated {
    /// An INVITE request: the time between two of them doubles without end (timers A and B).
    #[must_use]
    pub fn invite(octets: Vec<u8>, now: Instant) -> Self {
        Self { octets, interval: T1, longest: GIVES_UP, gives_up: now + GIVES_UP }
    }

    /// Any other request (timers E and F), or the 200 to an INVITE (timers G and H).
    #[must_use]
    pub fn other(octets: Vec<u8>, now: Instant) -> Self {
        Self { longest: T2, ..Self::invite(octets, now) }
    }

    /// The message.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// When to look first.
    #[must_use]
    pub fn first_due(&self, now: Instant) -> Instant {
        now + self.interval
    }

    /// To be asked when the time has come.
    pub fn due(&mut self, now: Instant) -> Due {
        if now >= self.gives_up {
            return Due::GivenUp;
        }
        self.interval = (self.interval * 2).min(self.longest);
        Due::Send((now + self.interval).min(self.gives_up))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every time at which a message is sent, in units of T1, the first included, and when it is given up.
    fn sent(mut message: Repeated, start: Instant) -> (Vec<u128>, u128) {
        let units = |at: Instant| (at - start).as_millis() / T1.as_millis();
        let (mut times, mut at) = (vec![0], message.first_due(start));
        loop {
            match message.due(at) {
                Due::Send(next) => {
                    times.push(units(at));
                    at = next;
                }
                Due::GivenUp => return (times, units(at)),
            }
        }
    }

    #[test]
    fn the_times_are_those_of_rfc_3261() {
        let start = Instant::now();
        assert_eq!(sent(Repeated::invite(Vec::new(), start), start), (vec![0, 1, 3, 7, 15, 31, 63], 64));
        let (times, end) = sent(Repeated::other(Vec::new(), start), start);
        assert_eq!((times, end), (vec![0, 1, 3, 7, 15, 23, 31, 39, 47, 55, 63], 64));
    }
}
