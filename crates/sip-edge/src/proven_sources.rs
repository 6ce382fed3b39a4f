//! Which UDP sources have shown that what we send to them reaches them.
//!
//! A source address can be forged. A source that sends back a nonce which we issued to its address has read our
//! answer, so answering it harms nobody else, however long the answer. Proofs are kept in one table of fixed size
//! without a lock; a newer proof takes the place of the oldest of its bucket, and a source that lost its place proves
//! itself again with its next request.

use domain::Timestamp;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// 2 MiB: a quarter of a million sources.
const BUCKETS: usize = 1 << 15;
/// How long a proof holds: past the longest interval between two refreshes that is granted by default.
const PROOF_SECONDS: u64 = 10_800;
/// A proof no older than that is not written again, so that a busy phone shares its cache line with nobody.
const RENEWAL_SECONDS: u64 = 60;
/// The low bits of a slot hold the second of the proof, the others the tag of the source.
const SECOND_MASK: u64 = 0x00ff_ffff;

/// The proven sources of one process.
pub(crate) struct ProvenSources {
    /// A cryptographic hash with a key of its own: nobody can tell which source shares a bucket with which.
    hasher: RandomState,
    buckets: Box<[Bucket]>,
}

/// One cache line.
#[derive(Default)]
#[repr(align(64))]
struct Bucket([AtomicU64; 8]);

impl ProvenSources {
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), buckets: (0..BUCKETS).map(|_| Bucket::default()).collect() }
    }

    /// Whether that address and port have proven themselves lately.
    pub(crate) fn is_proven(&self, source: SocketAddr, now: Timestamp) -> bool {
        let (tag, bucket) = self.place(source);
        let second = now.as_unix_seconds();
        bucket.iter().any(|slot| {
            let word = slot.load(Ordering::Relaxed);
            word & !SECOND_MASK == tag && age(word, second) < PROOF_SECONDS
        })
    }

    /// Notes that a source has sent back a nonce issued to it. Two that note at once may lose one proof; it comes again.
    pub(crate) fn note(&self, source: SocketAddr, now: Timestamp) {
        let (tag, bucket) = self.place(source);
        let second = now.as_unix_seconds();
        let mut oldest: Option<(u64, &AtomicU64)> = None;
        for slot in bucket {
            let word = slot.load(Ordering::Relaxed);
            let held = if word == 0 { SECOND_MASK } else { age(word, second) };
            if word & !SECOND_MASK == tag {
                if held >= RENEWAL_SECONDS {
                    slot.store(tag | second & SECOND_MASK, Ordering::Relaxed);
                }
                return;
            }
            if oldest.is_none_or(|(age, _)| held > age) {
                oldest = Some((held, slot));
            }
        }
        if let Some((_, slot)) = oldest {
            slot.store(tag | second & SECOND_MASK, Ordering::Relaxed);
        }
    }

    /// The tag of a source, never zero, and the slots it may stand in.
    fn place(&self, source: SocketAddr) -> (u64, &[AtomicU64]) {
        let hash = self.hasher.hash_one((source.ip(), source.port()));
        let index = usize::try_from(hash % (BUCKETS as u64)).unwrap_or(0);
        let slots = self.buckets.get(index).map_or(&[][..], |bucket| &bucket.0);
        (hash.rotate_left(16) & !SECOND_MASK | 1 << 63, slots)
    }
}

/// Seconds since the proof in a slot, modulo 194 days.
fn age(word: u64, second: u64) -> u64 {
    second.wrapping_sub(word) & SECOND_MASK
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    #[test]
    fn a_proof_is_of_address_and_port_and_holds_for_three_hours() {
        let sources = ProvenSources::new();
        let phone = "192.0.2.7:5062".parse().unwrap();
        assert!(!sources.is_proven(phone, at(0)));
        sources.note(phone, at(0));
        assert!(sources.is_proven(phone, at(0)) && sources.is_proven(phone, at(10_799)));
        assert!(!sources.is_proven(phone, at(10_800)));
        for other in ["192.0.2.7:5063", "192.0.2.8:5062", "[::ffff:192.0.2.7]:5062"] {
            assert!(!sources.is_proven(other.parse().unwrap(), at(0)), "{other}");
        }
        sources.note(phone, at(10_000));
        assert!(sources.is_proven(phone, at(20_000)), "a proof is renewed");
    }

    #[test]
    fn the_newest_proofs_stay_when_the_table_is_full() {
        let sources = ProvenSources::new();
        let source = |number: u32| SocketAddr::from((number.to_be_bytes(), 5060));
        let many = u32::try_from(BUCKETS * 32).unwrap();
        for number in 0..many {
            sources.note(source(number), at(i64::from(number / 10_000)));
        }
        let proven = |numbers: std::ops::Range<u32>| {
            numbers.filter(|number| sources.is_proven(source(*number), at(i64::from(many / 10_000)))).count()
        };
        assert_eq!(proven(many - 1_000..many), 1_000);
        assert!(proven(0..1_000) < 10);
    }
}
