//! The order of attempts: ranks, priorities, exact shares, the dead last.

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_oneof, proptest};
use sip_upstream::{Candidate, Rank, Selection, Standing};
use std::collections::HashMap;

const fn ordinary(key: u32, priority: u16, weight: u16) -> Candidate<u32> {
    Candidate { key, rank: Rank::Ordinary, priority, weight }
}

const fn up(_: u32) -> Standing {
    Standing::Up
}

fn firsts(selection: &mut Selection<u32>, calls: usize) -> HashMap<u32, u64> {
    let mut counts = HashMap::new();
    for _ in 0..calls {
        *counts.entry(selection.attempts(up)[0]).or_default() += 1;
    }
    counts
}

#[test]
fn ranks_go_before_priorities_and_priorities_before_weights() {
    let candidates = [
        ordinary(1, 20, 100),
        ordinary(2, 10, 1),
        Candidate { rank: Rank::Fallback, ..ordinary(3, 99, 0) },
        Candidate { rank: Rank::Primary, ..ordinary(4, 99, 0) },
        // Named twice: its first place counts.
        ordinary(4, 0, 100),
    ];
    let mut selection = Selection::new(&candidates);
    assert_eq!(selection.attempts(up), [4, 3, 2, 1]);
    let without = |dead: &'static [u32]| move |key| if dead.contains(&key) { Standing::Down } else { Standing::Up };
    assert_eq!(selection.attempts(without(&[4])), [3, 2, 1, 4]);
    assert_eq!(selection.attempts(without(&[3, 2])), [4, 1, 3, 2]);
    assert_eq!(selection.attempts(without(&[1, 2, 3, 4])), [4, 3, 2, 1], "all are dead, and tried");
    assert!(Selection::<u32>::new(&[]).attempts(up).is_empty());
}

#[test]
fn shares_are_exact_and_turns_are_spread() {
    let mut selection = Selection::new(&[ordinary(1, 0, 5), ordinary(2, 0, 3), ordinary(3, 0, 2)]);
    let order: Vec<u32> = (0..10).map(|_| selection.attempts(up)[0]).collect();
    assert_eq!(order.iter().filter(|key| **key == 1).count(), 5);
    assert!(order.windows(3).all(|turns| turns != [1, 1, 1]), "{order:?}");
    assert_eq!(firsts(&mut selection, 2_000), HashMap::from([(1, 1_000), (2, 600), (3, 400)]));
    // Each call names each of them once.
    let mut all = selection.attempts(up);
    all.sort_unstable();
    assert_eq!(all, [1, 2, 3]);
}

#[test]
fn a_weight_of_nothing_is_a_very_small_chance_unless_all_have_it() {
    let mut selection = Selection::new(&[ordinary(1, 0, 0), ordinary(2, 0, 1)]);
    let counts = firsts(&mut selection, 100_000);
    assert!((1..=2).contains(counts.get(&1).unwrap()), "{counts:?}");
    let mut selection = Selection::new(&[ordinary(1, 0, 0), ordinary(2, 0, 0)]);
    assert_eq!(firsts(&mut selection, 2_000), HashMap::from([(1, 1_000), (2, 1_000)]));
}

#[test]
fn changes_however_frequent_put_nobody_off() {
    // A hundredth of the calls, of which a change after every fifth takes nothing.
    let steady = [ordinary(1, 0, 99), ordinary(2, 0, 1)];
    let mut selection = Selection::new(&steady);
    let mut counts = HashMap::<u32, u64>::new();
    for turn in 0..2_000_u32 {
        if turn % 5 == 0 {
            let passing = ordinary(3, 0, if turn % 2 == 0 { 99 } else { 1 });
            selection.replace(&[steady[0], steady[1], passing]);
        } else if turn % 5 == 1 {
            selection.replace(&steady);
        }
        *counts.entry(selection.attempts(up)[0]).or_default() += 1;
    }
    assert!((15..=21).contains(&counts[&2]), "{counts:?}");
    // A change of weights pays no arrears in a burst.
    selection.replace(&[ordinary(1, 0, 1), ordinary(2, 0, u16::MAX)]);
    selection.replace(&[ordinary(1, 0, 1), ordinary(2, 0, 1)]);
    let counts = firsts(&mut selection, 10);
    assert!(counts.values().all(|count| (4..=6).contains(count)), "{counts:?}");
}

#[test]
fn who_was_away_gets_its_share_from_then_on() {
    let mut selection = Selection::new(&[ordinary(1, 0, 1), ordinary(2, 0, 1)]);
    let away = |key| if key == 2 { Standing::Down } else { Standing::Up };
    assert!((0..999).all(|_| selection.attempts(away) == [1, 2]));
    let counts = firsts(&mut selection, 100);
    assert!(counts.values().all(|count| (49..=51).contains(count)), "{counts:?}");
    // The same for one that comes and goes: half of the calls during which it is there.
    let mut taken = 0;
    for turn in 0..4_000 {
        let is_there = turn % 7 < 3;
        let attempts = selection.attempts(|key| if key == 1 || is_there { Standing::Up } else { Standing::Down });
        taken += u32::from(attempts[0] == 2);
    }
    assert!((850..=865).contains(&taken), "{taken}");
}

proptest! {
    /// After any number of calls up to 2,000, each URI has had its share to within one call.
    #[test]
    fn shares_are_exact_at_every_moment(weights in vec(prop_oneof![1_u16..20, any::<u16>()], 1..12)) {
        let candidates: Vec<_> =
            weights.iter().enumerate().map(|(key, weight)| ordinary(key as u32, 7, (*weight).max(1))).collect();
        let total: u64 = candidates.iter().map(|candidate| u64::from(candidate.weight)).sum();
        let mut selection = Selection::new(&candidates);
        let mut counts = vec![0_u64; candidates.len()];
        for calls in 1..=2_000_u64 {
            counts[selection.attempts(up)[0] as usize] += 1;
            for (candidate, count) in candidates.iter().zip(&counts) {
                let difference = (count * total).abs_diff(calls * u64::from(candidate.weight));
                prop_assert!(difference <= total, "{candidate:?}: {count} of {calls}");
            }
        }
    }
}
