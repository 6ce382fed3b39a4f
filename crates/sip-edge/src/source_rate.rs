//! How many requests one source may send a second; off unless the operator sets it.
//!
//! Kept is only when a source will have used up what it sent, in one table of fixed size. What is due counts for nothing;
//! in a full bucket the source nearest to that gives way, and so starts afresh.

use crate::source_network::source_network;
use parking_lot::Mutex;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

/// Parts of the table, each under a lock of its own.
const SHARDS: usize = 64;
/// With four sources and 64 octets each, 4 MiB in all, touched as they are used.
const BUCKETS_PER_SHARD: usize = 1 << 10;

/// A source's tag, and the microsecond when it has used up what it sent.
type Slot = [u64; 2];

/// The rates of all sources.
pub(crate) struct SourceRate {
    /// Microseconds that one request takes of a source's allowance; zero for no limit.
    cost: u64,
    hasher: RandomState,
    shards: Box<[Mutex<Vec<[Slot; 4]>>]>,
}

impl SourceRate {
    /// Zero means no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        let cost = if per_second == 0 { 0 } else { (1_000_000 / u64::from(per_second)).max(1) };
        let shards = if cost == 0 { 0 } else { SHARDS };
        let shard = |_| Mutex::new(vec![[[0; 2]; 4]; BUCKETS_PER_SHARD]);
        Self { cost, hasher: RandomState::new(), shards: (0..shards).map(shard).collect() }
    }

    /// Whether that source may send one more request at that microsecond: as many as its rate at once, then one at a
    /// time.
    pub(crate) fn permits(&self, source: IpAddr, now: u64) -> bool {
        if self.cost == 0 {
            return true;
        }
        let tag = self.hasher.hash_one(source_network(source)) | 1;
        let place = |bits: u64, count: usize| usize::try_from(bits % count.max(1) as u64).unwrap_or(0);
        let Some(shard) = self.shards.get(place(tag >> 1, self.shards.len())) else { return true };
        let mut buckets = shard.lock();
        let index = place(tag >> 32, buckets.len());
        let Some(bucket) = buckets.get_mut(index) else { return true };
        let own = bucket.iter().position(|[held, _]| *held == tag);
        let due_first = || bucket.iter().enumerate().min_by_key(|(_, [_, until])| *until).map(|(way, _)| way);
        let Some(slot) = own.or_else(due_first).and_then(|way| bucket.get_mut(way)) else { return true };
        let [held, until] = *slot;
        let until = if held == tag { until.max(now) } else { now }.saturating_add(self.cost);
        let permitted = until - now <= 1_000_000;
        if permitted {
            *slot = [tag, until];
        }
        permitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permitted(rate: &SourceRate, source: &str, moments: impl Iterator<Item = u64>) -> usize {
        moments.filter(|now| rate.permits(source.parse().unwrap(), *now)).count()
    }

    #[test]
    fn each_source_has_its_rate_and_as_much_at_once() {
        let rate = SourceRate::new(10);
        let start = 1_800_000_000_000_000;
        assert_eq!(permitted(&rate, "192.0.2.1", (0..100).map(|_| start)), 10);
        assert_eq!(permitted(&rate, "192.0.2.2", (0..100).map(|_| start)), 10);
        // A hundred a second for ten seconds more.
        let moments = (1..=1_000).map(|number| start + number * 10_000);
        assert_eq!(permitted(&rate, "192.0.2.1", moments), 100);
    }

    #[test]
    fn without_a_limit_everything_is_permitted() {
        assert_eq!(permitted(&SourceRate::new(0), "192.0.2.1", (0..10_000).map(|_| 7)), 10_000);
    }
}
