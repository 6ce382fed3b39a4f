//! Randomness that repeats itself.

use domain::RandomSource;
use std::sync::atomic::{AtomicU64, Ordering};

pub struct Seeded(AtomicU64);

impl Seeded {
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl RandomSource for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for octet in buffer {
            // SplitMix64.
            let mut state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *octet = (state >> 56) as u8;
        }
    }
}
