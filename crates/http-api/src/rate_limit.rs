//! How many requests tokens and accounts may make: token buckets, each as the one moment at which it is full again (the
//! generic cell rate algorithm). Only who was authenticated has a bucket, and a full bucket is the same as none, so there
//! are never more than tokens in use.

use crate::TokenRateLimit;
use crate::problem::Problem;
use domain::{AuthId, TokenId};
use provisioning::{Operator, RequestBudget};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Entries below which full buckets are not looked for.
const SWEEP_FROM: usize = 1024;

/// The buckets of all tokens and accounts.
pub(crate) struct RateLimits {
    per_token: Option<Rate>,
    tokens: Mutex<Buckets<TokenId>>,
    accounts: Mutex<Buckets<AuthId>>,
    /// Of addresses that have proved nothing, an IPv6 one by its first half.
    unproven: Mutex<Buckets<IpAddr>>,
}

/// A long-term rate and what may come at once.
#[derive(Clone, Copy)]
struct Rate {
    interval: Duration,
    tolerance: Duration,
}

struct Buckets<K> {
    full_again_at: HashMap<K, Instant>,
    sweep_at: usize,
}

impl RateLimits {
    pub fn new(per_token: Option<TokenRateLimit>) -> Self {
        let per_token =
            per_token.map(|limit| Rate::new(Duration::from_secs(1), limit.per_second.get(), limit.burst.get()));
        Self { per_token, tokens: Mutex::default(), accounts: Mutex::default(), unproven: Mutex::default() }
    }

    /// Takes one request out of the token's bucket and one out of its account's, or refuses it. A request that is
    /// refused costs nothing in the bucket that refused it.
    pub fn admit(&self, operator: &Operator, now: Instant) -> Result<(), Problem> {
        let taken = self.taken(operator, now);
        taken.map_err(|wait| Problem::TooManyRequests { retry_after_seconds: whole_seconds(wait) })
    }

    fn taken(&self, operator: &Operator, now: Instant) -> Result<(), Duration> {
        if let Some(rate) = self.per_token {
            taken(&self.tokens, &operator.token(), rate, now)?;
        }
        if let Some(per_minute) = operator.requests_per_minute() {
            let rate = Rate::new(Duration::from_secs(60), per_minute, per_minute);
            taken(&self.accounts, operator.auth_id(), rate, now)?;
        }
        Ok(())
    }
}

impl RequestBudget for RateLimits {
    fn take(&self, operator: &Operator) -> Result<(), u64> {
        self.taken(operator, Instant::now()).map_err(whole_seconds)
    }
}

/// How many requests an address may make that has proved nothing: as many desk phones as boot behind one.
const UNPROVEN_PER_SECOND: u32 = 20;
const UNPROVEN_BURST: u32 = 200;

impl RateLimits {
    /// Takes one request out of an address's bucket, or refuses it. Its entry is gone ten seconds later.
    pub fn admit_unproven(&self, client: IpAddr, now: Instant) -> Result<(), Problem> {
        let half = u128::MAX << 64;
        let key = match client.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & half)),
            address => address,
        };
        let rate = Rate::new(Duration::from_secs(1), UNPROVEN_PER_SECOND, UNPROVEN_BURST);
        let taken = taken(&self.unproven, &key, rate, now);
        taken.map_err(|wait| Problem::TooManyRequests { retry_after_seconds: whole_seconds(wait) })
    }
}

impl Rate {
    fn new(period: Duration, requests: u32, burst: u32) -> Self {
        let interval = period / requests.max(1);
        Self { interval, tolerance: interval.saturating_mul(burst.saturating_sub(1)) }
    }
}

fn taken<K: Hash + Eq + Clone>(buckets: &Mutex<Buckets<K>>, key: &K, rate: Rate, now: Instant) -> Result<(), Duration> {
    // Each entry is one moment, written at once: a panic elsewhere cannot have left half of one.
    buckets.lock().unwrap_or_else(PoisonError::into_inner).take(key, rate, now)
}

/// Rounded up, and at least 1: sooner would be refused again.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    /// Takes one, or says how long to wait for it.
    fn take(&mut self, key: &K, rate: Rate, now: Instant) -> Result<(), Duration> {
        let full_again = self.full_again_at.get(key).map_or(now, |at| (*at).max(now));
        let missing = full_again.duration_since(now);
        if missing > rate.tolerance {
            return Err(missing.saturating_sub(rate.tolerance));
        }
        self.full_again_at.insert(key.clone(), full_again + rate.interval);
        if self.full_again_at.len() >= self.sweep_at {
            self.full_again_at.retain(|_, at| *at > now);
            self.sweep_at = self.full_again_at.len().saturating_mul(2).max(SWEEP_FROM);
        }
        Ok(())
    }
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self { full_again_at: HashMap::new(), sweep_at: SWEEP_FROM }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use crate::test_api::TestApi;
    use std::num::NonZeroU32;

    #[test]
    fn a_burst_then_the_rate() {
        let (start, rate) = (Instant::now(), Rate::new(Duration::from_secs(1), 4, 3));
        let mut buckets = Buckets::default();
        for (at_ms, expected_wait_ms) in [
            (0, None),
            (0, None),
            (0, None),
            (0, Some(250)),
            (100, Some(150)),
            (250, None),
            (250, Some(250)),
            (2_000, None),
        ] {
            let outcome = buckets.take(&"token", rate, start + Duration::from_millis(at_ms));
            assert_eq!(outcome.err(), expected_wait_ms.map(Duration::from_millis), "at {at_ms} ms");
        }
        assert!(buckets.take(&"another", rate, start).is_ok(), "each has its own");
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let (start, rate) = (Instant::now(), Rate::new(Duration::from_secs(1), 1, 1));
        let mut buckets = Buckets::default();
        for number in 0..100_000_u64 {
            buckets.take(&number, rate, start + Duration::from_millis(10 * number)).unwrap();
        }
        assert!(buckets.full_again_at.len() <= SWEEP_FROM, "{}", buckets.full_again_at.len());
    }

    #[test]
    fn waits_are_whole_seconds() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
    }

    #[tokio::test]
    async fn what_is_too_much_is_429_and_another_token_is_not_touched() {
        let one = NonZeroU32::MIN;
        let limit = TokenRateLimit { per_second: one, burst: one };
        let api = TestApi::with(Config { rate_limit: Some(limit), ..Config::default() }).await;
        assert_eq!(api.get("~/trunks/credentials").await.status(), 200);
        let refused = api.get("~/trunks/credentials").await;
        assert_eq!(refused.shown(), r#"429 {"error":"Too many requests; wait a second","code":429}"#);
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(api.get("/healthz").await.status(), 200);
        assert_eq!(api.as_other("GET", "/api/v1/auth/me", "").await.status(), 200);
    }
}
