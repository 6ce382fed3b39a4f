//! Nonce-count windows against a naive model: no count of any nonce is ever fresh twice.

#![cfg(test)]

mod support;

use proptest::prelude::*;
use sip_digest::{
    Algorithm, Answer, Candidate, HashAlgorithm, NonceCounts, NonceNumber, NonceText, Refusal, Secret, Spend,
    StaleReason, Verdict, verify,
};
use std::collections::HashSet;
use std::num::NonZeroU32;
use support::*;

fn spend(counts: &mut NonceCounts, nonce: (u32, u32), count: u32) -> Spend {
    counts.spend(NonceNumber::new(nonce.0, nonce.1), NonZeroU32::new(count).unwrap())
}

fn spend_once(counts: &mut NonceCounts, nonce: (u32, u32)) -> Spend {
    counts.spend_once(NonceNumber::new(nonce.0, nonce.1))
}

#[test]
fn one_window() {
    use Spend::{Fresh, Replayed};
    let mut counts = NonceCounts::with_buckets(1);
    for (count, expected) in [
        (1, Fresh),
        (1, Replayed),
        (2, Fresh),
        (5, Fresh),
        (3, Fresh),
        (3, Replayed),
        (5, Replayed),
        (36, Fresh),
        // 4 was never used, but is 32 below the highest.
        (4, Replayed),
        (6, Fresh),
        (6, Replayed),
        (100, Fresh),
        (68, Replayed),
        (69, Fresh),
        (u32::MAX, Fresh),
        (u32::MAX, Replayed),
        (u32::MAX - 31, Fresh),
        (u32::MAX - 32, Replayed),
        (1, Replayed),
    ] {
        assert_eq!(spend(&mut counts, (1000, 1), count), expected, "{count}");
    }
}

#[test]
fn a_nonce_without_counts_is_good_once() {
    let mut counts = NonceCounts::with_buckets(1);
    assert_eq!(spend_once(&mut counts, (1000, 1)), Spend::Fresh);
    assert_eq!(spend_once(&mut counts, (1000, 1)), Spend::Replayed);
    for count in [1, 2, u32::MAX - 40, u32::MAX] {
        assert_eq!(spend(&mut counts, (1000, 1), count), Spend::Replayed);
    }
    assert_eq!(spend(&mut counts, (1000, 2), 7), Spend::Fresh);
    assert_eq!(spend_once(&mut counts, (1000, 2)), Spend::Replayed);
}

#[test]
fn the_oldest_window_gives_way_and_stays_away() {
    let mut counts = NonceCounts::with_buckets(1);
    for second in [1001, 1003, 1002, 1004] {
        assert_eq!(spend(&mut counts, (second, 7), 1), Spend::Fresh);
    }
    // Older than all four, which are known to be used: it has to give way itself, and is not taken for new.
    assert_eq!(spend(&mut counts, (1000, 7), 1), Spend::Evicted);
    assert_eq!(spend(&mut counts, (1005, 7), 1), Spend::Fresh);
    for count in [1, 2] {
        assert_eq!(spend(&mut counts, (1001, 7), count), Spend::Evicted);
    }
    assert_eq!(spend_once(&mut counts, (1001, 7)), Spend::Evicted);
    for second in [1002, 1003, 1004, 1005] {
        assert_eq!(spend(&mut counts, (second, 7), 1), Spend::Replayed);
        assert_eq!(spend(&mut counts, (second, 7), 2), Spend::Fresh);
    }
}

/// A clock that stands at zero makes the lowest numbers there are.
#[test]
fn the_first_nonce_of_all_is_as_good_as_any() {
    let mut counts = NonceCounts::with_buckets(1);
    assert_eq!(spend(&mut counts, (0, 0), 1), Spend::Fresh);
    for serial in 1..4 {
        assert_eq!(spend(&mut counts, (0, serial), 1), Spend::Fresh);
        assert_eq!(spend(&mut counts, (0, 0), 1), Spend::Replayed);
    }
    assert_eq!(spend(&mut counts, (0, 4), 1), Spend::Fresh);
    assert_eq!(spend(&mut counts, (0, 0), 2), Spend::Evicted);
    assert_eq!(spend(&mut counts, (u32::MAX, u32::MAX), 1), Spend::Fresh);
}

#[test]
fn buckets_are_independent() {
    let mut counts = NonceCounts::with_buckets(3);
    assert_eq!(spend(&mut counts, (1000, 0), 1), Spend::Fresh);
    for serial in (1..4000).filter(|serial| serial % 4 != 0) {
        assert_eq!(spend(&mut counts, (2000, serial), 1), Spend::Fresh, "{serial}");
    }
    assert_eq!(spend(&mut counts, (1000, 0), 1), Spend::Replayed);
    assert_eq!(spend(&mut counts, (1000, 0), 2), Spend::Fresh);
}

/// Challenges that nobody answers, or answers wrongly, leave nothing behind, even in a table of one bucket: the honest
/// phone goes on with its nonce.
#[test]
fn a_flood_evicts_nobody() {
    let hash = HashAlgorithm::Md5;
    let ha1 = ha1(hash);
    let candidates = [Candidate::Accepted { subject: "alice", ha1: &ha1 }];
    let mut counts = NonceCounts::with_buckets(1);
    let nonce = issue(hash);
    let mut register = |nonce: &NonceText, password: &[u8], count| {
        let answer =
            Answer { secret: Secret::Password(password), count, ..answer(challenge(Algorithm::plain(hash), nonce)) };
        let value = written(&answer);
        let claim = credentials(&value);
        verify(&attempt(&claim, inspect(&claim), &candidates), &mut counts)
    };
    assert!(matches!(register(&nonce, PASSWORD, 1), Verdict::Verified(_)));
    for serial in 43..5_000 {
        let flood = issuer().issue(&seed(hash, serial), &scope(), NOW + 1);
        let verdict = register(&flood, b"wrong horse", 1);
        assert!(matches!(verdict, Verdict::Refused(Refusal::WrongDigest)), "{verdict:?}");
    }
    assert!(matches!(register(&nonce, PASSWORD, 1), Verdict::Stale(StaleReason::Replayed)));
    assert!(matches!(register(&nonce, PASSWORD, 2), Verdict::Verified(_)));
}

/// Phones that register in turn, four to a bucket, keep their windows however often each comes back.
#[test]
fn a_table_holds_four_phones_a_bucket() {
    const BUCKETS: u32 = 64;
    let mut counts = NonceCounts::with_buckets(BUCKETS as usize);
    for count in 1..200 {
        for serial in 0..4 * BUCKETS {
            assert_eq!(spend(&mut counts, (1000 + serial, serial), count), Spend::Fresh, "{serial} {count}");
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Use {
    Count(u32),
    Once,
}

fn uses() -> impl Strategy<Value = Vec<((u32, u32), Use)>> {
    let count = prop_oneof![8 => 1_u32..80, 1 => u32::MAX - 40..=u32::MAX];
    let how = prop_oneof![9 => count.prop_map(Use::Count), 1 => Just(Use::Once)];
    let serial = prop_oneof![8 => 0_u32..6, 1 => u32::MAX - 2..=u32::MAX];
    proptest::collection::vec(((0_u32..5, serial), how), 1..600)
}

proptest! {
    #[test]
    fn nothing_is_fresh_twice(uses in uses(), buckets in 1_usize..5) {
        let mut counts = NonceCounts::with_buckets(buckets);
        let mut spent: HashSet<((u32, u32), u32)> = HashSet::new();
        let mut touched: HashSet<(u32, u32)> = HashSet::new();
        let mut finished: HashSet<(u32, u32)> = HashSet::new();
        for (nonce, how) in uses {
            let first = touched.insert(nonce);
            match how {
                Use::Count(count) => {
                    let new = spent.insert((nonce, count)) && !finished.contains(&nonce);
                    if spend(&mut counts, nonce, count) == Spend::Fresh {
                        prop_assert!(new, "{nonce:?} {count} again");
                    }
                }
                Use::Once => if spend_once(&mut counts, nonce) == Spend::Fresh {
                    prop_assert!(first, "{nonce:?} once more");
                    finished.insert(nonce);
                }
            }
        }
    }

    /// With room for all, the windows are exact: fresh if and only if new and within 32 of the highest.
    #[test]
    fn without_evictions_windows_are_exact(steps in proptest::collection::vec((0_u32..12, 1_u32..120), 1..400)) {
        let mut counts = NonceCounts::with_buckets(16);
        let mut spent: HashSet<(u32, u32)> = HashSet::new();
        for (serial, count) in steps {
            let highest = spent.iter().filter(|(s, _)| *s == serial).map(|(_, count)| *count).max().unwrap_or(0);
            let fresh = !spent.contains(&(serial, count)) && count + 32 > highest;
            let expected = if fresh { Spend::Fresh } else { Spend::Replayed };
            prop_assert_eq!(spend(&mut counts, (1000, serial), count), expected);
            if fresh {
                spent.insert((serial, count));
            }
        }
    }
}
