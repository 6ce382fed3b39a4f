//! What one worker keeps between messages.

use crate::Config;
use parking_lot::Mutex;
use sip_digest::{HashAlgorithm, IssuedNonce, NonceCounts, NonceSeed, Spend, SpendNonceCount};
use sip_transaction::ServerTransactions;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// One worker's share of the state. Others touch it only for a nonce that came back on another worker, and to note a
/// late answer. Aligned so that two lanes never share a cache line.
#[repr(align(128))]
pub(crate) struct Lane {
    number: Option<sip_digest::Lane>,
    next_serial: AtomicU32,
    /// The latest second a nonce was issued in.
    latest_second: AtomicU64,
    pub(crate) counts: Mutex<NonceCounts>,
    pub(crate) transactions: Mutex<ServerTransactions>,
}

impl Lane {
    pub(crate) fn new(index: usize, config: &Config) -> Self {
        Self {
            number: u8::try_from(index).ok().and_then(sip_digest::Lane::new),
            next_serial: AtomicU32::new(0),
            latest_second: AtomicU64::new(0),
            counts: Mutex::new(NonceCounts::with_buckets(config.nonce_buckets_per_lane)),
            transactions: Mutex::new(ServerTransactions::new(config.transactions)),
        }
    }

    /// What tells the next nonce from all others, and the second it is issued in, which never goes back: a nonce that
    /// looked older than those before it would count as spent. `None` on a lane whose number no nonce can carry.
    pub(crate) fn next_seed(&self, hash: HashAlgorithm, now: u64) -> Option<(NonceSeed, u64)> {
        let latest = self.latest_second.fetch_max(now, Ordering::Relaxed).max(now);
        let serial = self.next_serial.fetch_add(1, Ordering::Relaxed);
        Some((NonceSeed { hash, lane: self.number?, serial }, latest))
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
