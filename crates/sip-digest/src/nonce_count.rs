//! Nonce-count windows: which counts of which nonce have been used, in a table of fixed size.
//!
//! Issuing a nonce leaves nothing here; an entry is made only when a *right* digest comes back with it. So a flood of
//! requests without credentials, or with wrong ones, costs no memory and can push out no honest phone's window: only
//! those who know a password take entries.
//!
//! The table never says that a count is fresh twice. Each bucket, one cache line, holds four windows; in a full one the
//! window with the lowest number gives way to a higher one, and a number lower than all four is turned away. So what
//! once gave way stays below everything in its bucket: it is stale, never new. Numbers grow with time, so it is the
//! oldest nonces that give way, and a phone whose window did merely takes a new nonce. Windows of expired nonces need
//! no sweeping: theirs are the lowest numbers.
//!
//! Nothing here locks: a table is owned by one lane, and a nonce names its lane.

use std::num::NonZeroU32;

/// What identifies a nonce among those of one lane and boot, and orders them by age.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NonceNumber(u64);

impl NonceNumber {
    /// The number of a nonce issued in that Unix second (its low 32 bits, good until 2106) with that serial.
    #[must_use]
    pub const fn new(issued_at: u32, serial: u32) -> Self {
        // Never zero, which marks a free entry.
        Self(((issued_at as u64) << 32 | serial as u64).saturating_add(1))
    }
}

/// Whether a nonce-count may be used.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Spend {
    /// Never used before; it is now.
    Fresh,
    /// Used before, or too far below the highest one used to tell.
    Replayed,
    /// The nonce gave way to newer ones, so what was used of it is not known any more.
    Evicted,
}

/// The windows of one lane, each remembering the 32 counts at and below the highest one used.
pub struct NonceCounts {
    /// Eight words a bucket, preceded by as many as it takes to begin at a cache line.
    words: Vec<u64>,
    start: usize,
    buckets: usize,
}

/// Words of a bucket: number and state of each of four windows.
const WORDS: usize = 8;

impl NonceCounts {
    /// Octets of a bucket of four windows.
    pub const BUCKET_SIZE: usize = 64;

    /// A table of that many buckets, rounded up to a power of two, at most 2^24 (one GiB). The memory is asked for
    /// zeroed, so that pages cost nothing until they are used.
    #[must_use]
    pub fn with_buckets(buckets: usize) -> Self {
        let buckets = buckets.clamp(1, 1 << 24).next_power_of_two();
        let words = vec![0_u64; buckets * WORDS + WORDS - 1];
        let start = words.as_ptr().align_offset(Self::BUCKET_SIZE).min(WORDS - 1);
        Self { words, start, buckets }
    }

    /// Spends one nonce-count of a nonce.
    pub fn spend(&mut self, number: NonceNumber, count: NonZeroU32) -> Spend {
        self.window(number).map_or(Spend::Evicted, |window| window.spend(count.get()))
    }

    /// Spends a nonce used without nonce-count: good once, and for nothing afterwards.
    pub fn spend_once(&mut self, number: NonceNumber) -> Spend {
        self.window(number).map_or(Spend::Evicted, Window::spend_all)
    }

    /// The window of a nonce, made if need be; `None` if it gave way, or would have to, to newer ones.
    fn window(&mut self, NonceNumber(number): NonceNumber) -> Option<Window<'_>> {
        let bucket = number as usize & (self.buckets - 1);
        let words = self.words.get_mut(self.start + bucket * WORDS..)?.first_chunk_mut::<WORDS>()?;
        let entries = words.as_chunks_mut::<2>().0.iter_mut();
        let [present, state] = entries.min_by_key(|[present, _]| (*present != number, *present))?;
        if *present != number {
            // A free entry is numbered zero, below every other.
            if number < *present {
                return None;
            }
            *present = number;
            *state = 0;
        }
        Some(Window(state))
    }
}

/// The highest nonce-count used (upper half), and which of the counts at and below it were used (lower half, bit 0
/// being the highest itself). Zero before the first use.
struct Window<'t>(&'t mut u64);

impl Window<'_> {
    fn spend(self, count: u32) -> Spend {
        let highest = (*self.0 >> 32) as u32;
        let used = *self.0 as u32;
        if let Some(ahead) = count.checked_sub(highest).filter(|ahead| *ahead > 0) {
            let used = used.checked_shl(ahead).unwrap_or(0) | 1;
            *self.0 = u64::from(count) << 32 | u64::from(used);
            return Spend::Fresh;
        }
        match 1_u32.checked_shl(highest - count) {
            Some(bit) if used & bit == 0 => {
                *self.0 |= u64::from(bit);
                Spend::Fresh
            }
            _ => Spend::Replayed,
        }
    }

    fn spend_all(self) -> Spend {
        if *self.0 != 0 {
            return Spend::Replayed;
        }
        *self.0 = u64::MAX;
        Spend::Fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cache_lines() {
        for (asked, buckets) in [(0, 1), (1, 1), (3, 4), (1000, 1024)] {
            let counts = NonceCounts::with_buckets(asked);
            assert_eq!(counts.buckets, buckets);
            let lines = &counts.words[counts.start..];
            assert!(lines.as_ptr().addr().is_multiple_of(NonceCounts::BUCKET_SIZE));
            assert!(lines.len() >= buckets * WORDS);
        }
    }
}
