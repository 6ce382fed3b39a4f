//! How often a source may fail to sign in. Tokens are too long to be guessed; this keeps those who try from being a
//! nuisance, and whoever is let in is never counted.

use crate::limits::{ATTEMPT_EVERY, ATTEMPTS_AT_ONCE, SOURCES};
use domain::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

/// The sources that failed lately, each with the moment at which all is forgiven (the generic cell rate algorithm).
#[derive(Default)]
pub(crate) struct AttemptLimit {
    forgiven_at: Mutex<HashMap<IpAddr, i64>>,
}

impl AttemptLimit {
    /// Whether that source may try now, or in how many seconds.
    pub fn check(&self, source: IpAddr, now: Timestamp) -> Result<(), u64> {
        let forgiven = self.forgiven_at.lock().get(&network(source)).copied().unwrap_or(i64::MIN);
        let over = forgiven.saturating_sub(now.as_micros()).saturating_sub(tolerance());
        if over <= 0 { Ok(()) } else { Err(over.cast_unsigned().div_ceil(1_000_000)) }
    }

    /// Notes a failure.
    pub fn note_failure(&self, source: IpAddr, now: Timestamp) {
        let mut forgiven_at = self.forgiven_at.lock();
        let now = now.as_micros();
        if forgiven_at.len() >= SOURCES {
            forgiven_at.retain(|_, at| *at > now);
        }
        if forgiven_at.len() >= SOURCES
            && let Some(soonest) = forgiven_at.iter().min_by_key(|(_, at)| **at).map(|(source, _)| *source)
        {
            forgiven_at.remove(&soonest);
        }
        let at = forgiven_at.entry(network(source)).or_insert(now);
        *at = (*at).max(now).saturating_add(interval());
    }
}

fn interval() -> i64 {
    i64::try_from(ATTEMPT_EVERY.as_micros()).unwrap_or(i64::MAX)
}

fn tolerance() -> i64 {
    interval().saturating_mul(i64::from(ATTEMPTS_AT_ONCE) - 1)
}

/// An IPv4 address, or the /64 that one customer has.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_fails_waits_and_others_do_not() {
        let limit = AttemptLimit::default();
        let (guesser, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let at = Timestamp::from_seconds;
        for _ in 0..ATTEMPTS_AT_ONCE {
            assert_eq!(limit.check(guesser, at(100)), Ok(()));
            limit.note_failure(guesser, at(100));
        }
        assert_eq!(limit.check(guesser, at(100)), Err(6));
        assert_eq!(limit.check(guesser, at(104)), Err(2));
        assert_eq!(limit.check(guesser, at(106)), Ok(()));
        assert_eq!(limit.check(other, at(100)), Ok(()));
    }

    #[test]
    fn a_customer_with_many_addresses_is_one_source_and_the_table_has_an_end() {
        let limit = AttemptLimit::default();
        for number in 0..=u16::try_from(ATTEMPTS_AT_ONCE).unwrap() {
            limit.note_failure(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, number]), Timestamp::from_seconds(1));
        }
        assert!(limit.check("2001:db8::ffff".parse().unwrap(), Timestamp::from_seconds(1)).is_err());
        for number in 0..2 * u32::try_from(SOURCES).unwrap() {
            limit.note_failure(IpAddr::from(number.to_be_bytes()), Timestamp::from_seconds(1));
        }
        assert_eq!(limit.forgiven_at.lock().len(), SOURCES);
    }
}
