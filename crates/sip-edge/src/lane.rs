//! What one worker keeps between messages.

use crate::Config;
use crate::counts::LaneCounts;
use crate::overload::RefusalBudget;
use crate::reported_refusals::ReportedRefusals;
use parking_lot::Mutex;
use sip_digest::{CLOCK_TOLERANCE_SECONDS, HashAlgorithm, IssuedNonce, NonceCounts, NonceSeed, Spend, SpendNonceCount};
use sip_transaction::ServerTransactions;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// One worker's share of the state. Others touch it only for a nonce that came back on another worker, and to note a
/// late answer. Aligned so that two lanes never share a cache line.
#[repr(align(128))]
pub(crate) struct Lane {
    number: sip_digest::Lane,
    next_serial: AtomicU32,
    /// The latest second a nonce was issued in.
    latest_second: AtomicU64,
    pub(crate) counts: Mutex<NonceCounts>,
    pub(crate) transactions: Mutex<ServerTransactions>,
    pub(crate) handled: LaneCounts,
    pub(crate) refusals: Mutex<ReportedRefusals>,
    pub(crate) refusal_budget: RefusalBudget,
}

impl Lane {
    /// As many lanes as configured, at least one, and no more than nonces can name: further workers share them.
    pub(crate) fn all(config: &Config) -> impl Iterator<Item = Self> {
        let numbers = (0..sip_digest::Lane::COUNT).filter_map(sip_digest::Lane::new);
        numbers.take(config.lanes.max(1)).map(|number| Self::new(number, config))
    }

    fn new(number: sip_digest::Lane, config: &Config) -> Self {
        Self {
            number,
            next_serial: AtomicU32::new(0),
            latest_second: AtomicU64::new(0),
            counts: Mutex::new(NonceCounts::with_buckets(config.nonce_buckets_per_lane)),
            transactions: Mutex::new(ServerTransactions::new(config.transactions)),
            handled: LaneCounts::default(),
            refusals: Mutex::new(ReportedRefusals::new()),
            refusal_budget: RefusalBudget::default(),
        }
    }

    /// What tells the next nonce from all others, and the second it is issued in.
    ///
    /// That second does not go back with a clock that is being steered: a nonce that looked older than those before it
    /// might count as spent. It does follow a clock that was set back, because a nonce from further ahead than the
    /// tolerance is foreign, and until the clock came round nobody could authenticate.
    pub(crate) fn next_seed(&self, hash: HashAlgorithm, now: u64) -> (NonceSeed, u64) {
        let latest = self.latest_second.fetch_max(now, Ordering::Relaxed).max(now);
        let serial = self.next_serial.fetch_add(1, Ordering::Relaxed);
        let seed = NonceSeed { hash, lane: self.number, serial };
        if latest - now <= CLOCK_TOLERANCE_SECONDS {
            return (seed, latest);
        }
        self.latest_second.store(now, Ordering::Relaxed);
        (seed, now)
    }
}

/// Spends a nonce-count where the nonce was issued, whichever lane it came back on.
pub(crate) struct SpendOnItsLane<'e> {
    pub(crate) lanes: &'e [Lane],
}

impl SpendNonceCount for SpendOnItsLane<'_> {
    fn spend(&mut self, nonce: &IssuedNonce, count: NonZeroU32) -> Spend {
        match self.lanes.get(usize::from(nonce.lane().index())) {
            Some(lane) => lane.counts.lock().spend(nonce.number(), count),
            None => Spend::Evicted,
        }
    }

    fn spend_once(&mut self, nonce: &IssuedNonce) -> Spend {
        match self.lanes.get(usize::from(nonce.lane().index())) {
            Some(lane) => lane.counts.lock().spend_once(nonce.number()),
            None => Spend::Evicted,
        }
    }
}
