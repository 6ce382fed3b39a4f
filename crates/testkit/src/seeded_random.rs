//! Randomness that repeats itself.

use domain::RandomSource;
use std::sync::atomic::{AtomicU64, Ordering};

/// `SplitMix64`: the same seed draws the same octets, in the order of the calls. Fit for tests and nothing else.
#[derive(Debug)]
pub struct SeededRandom {
    state: AtomicU64,
}

impl SeededRandom {
    /// A source that starts at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// The next 64 bits.
    pub fn next_u64(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut mixed = self.state.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

impl RandomSource for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            for (octet, drawn) in chunk.iter_mut().zip(self.next_u64().to_le_bytes()) {
                *octet = drawn;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_the_published_sequence() {
        let random = SeededRandom::new(1_234_567);
        assert_eq!(random.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(random.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn fills_buffers_of_every_length() {
        let (first, second) = (SeededRandom::new(1), SeededRandom::new(1));
        let (mut long, mut short) = ([0; 11], [0; 3]);
        first.fill(&mut long);
        second.fill(&mut short);
        assert_eq!(long[..3], short);
        assert_ne!(long[8..], [0; 3]);
    }
}
