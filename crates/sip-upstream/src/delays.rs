//! How long to wait: doubled after each failure, never the same for two.

use crate::Millis;
use domain::RandomSource;

/// A number below `bound`, evenly enough for delays; 0 for 0.
pub(crate) fn below(bound: u64, random: &dyn RandomSource) -> u64 {
    let mut octets = [0; 8];
    random.fill(&mut octets);
    u64::from_be_bytes(octets).checked_rem(bound).unwrap_or(0)
}

/// Somewhere in a range, both ends included.
pub(crate) fn between(least: u64, most: u64, random: &dyn RandomSource) -> u64 {
    least + below(most.saturating_sub(least) + 1, random)
}

/// That long, up to a fifth more or less, so that what began together does not go on together.
pub(crate) fn jittered(delay: Millis, random: &dyn RandomSource) -> Millis {
    between(delay - delay / 5, delay + delay / 5, random)
}

/// `first` after one failure, doubled after each further one up to `most`.
pub(crate) fn doubled(first: Millis, failures: u32, most: Millis) -> Millis {
    let factor = 1_u64.checked_shl(failures.saturating_sub(1)).unwrap_or(u64::MAX);
    first.saturating_mul(factor).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Constant(u8);

    impl RandomSource for Constant {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    #[test]
    fn delays_stay_within_their_bounds() {
        for octet in 0..=255 {
            let random = Constant(octet);
            assert!((80..=120).contains(&jittered(100, &random)));
            assert!((5..=7).contains(&between(5, 7, &random)));
            assert_eq!((below(0, &random), between(3, 3, &random)), (0, 3));
        }
        let delays = [1, 2, 3, 7, 64, 1_000].map(|failures| doubled(30, failures, 1_800));
        assert_eq!(delays, [30, 60, 120, 1_800, 1_800, 1_800]);
    }
}
