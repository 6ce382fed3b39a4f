//! What guessers and honest phones meet.

use super::table::{Rule, Standing, Table};
use super::*;
use proptest::prelude::*;

const RULE: Rule = Rule { failure_ms: 15_000, limit: 20, ban_ms: 600_000 };
const START: Millis = 1_800_000_000_000;

fn claimant(source: &str, username: &'static str) -> Claimant<'static> {
    Claimant {
        source: source.parse().unwrap(),
        realm: 1,
        username: username.as_bytes(),
        incarnation: Incarnation::default(),
        account: None,
    }
}

/// How many of so many guesses, at those intervals, are verified.
fn verified(throttle: &Throttle, claimant: &Claimant<'_>, (guesses, interval): (u64, Millis), start: Millis) -> u64 {
    let guess = |number: u64| {
        let now = start + number * interval;
        let admission = throttle.admission(claimant, now);
        if admission == Admission::Verified {
            throttle.failed(claimant, now);
        }
        u64::from(admission == Admission::Verified)
    };
    (0..guesses).map(guess).sum()
}

#[test]
fn somebody_who_mistypes_three_times_gets_in() {
    let throttle = Throttle::new(ThrottlePolicy::default());
    let alice = claimant("192.0.2.7:5060", "alice");
    assert_eq!(verified(&throttle, &alice, (3, 2_000), START), 3);
    assert_eq!(throttle.admission(&alice, START + 6_000), Admission::Verified);
}

#[test]
fn a_wrong_password_every_thirty_seconds_for_a_year_bans_nobody() {
    let throttle = Throttle::new(ThrottlePolicy::default());
    let year = 365 * 24 * 3_600 * 1_000;
    let wrong = claimant("192.0.2.7:5060", "alice");
    let neighbour = claimant("192.0.2.7:5061", "bob");
    assert_eq!(verified(&throttle, &wrong, (year / 30_000, 30_000), START), year / 30_000);
    assert_eq!(throttle.admission(&wrong, START + year), Admission::Verified, "it works once its password is mended");
    assert_eq!(throttle.admission(&neighbour, START + year), Admission::Verified);
    assert_eq!(throttle.counts(), ThrottleCounts::default());
}

#[test]
fn a_guesser_has_a_few_thousand_guesses_a_day_and_harms_no_neighbour() {
    let throttle = Throttle::new(ThrottlePolicy::default());
    let guesser = claimant("192.0.2.7:40000", "alice");
    let hour = 3_600_000;
    let guesses = verified(&throttle, &guesser, (hour / 2, 2), START);
    assert!((100..=140).contains(&guesses), "{guesses} an hour");
    assert_eq!(throttle.admission(&claimant("192.0.2.7:5061", "bob"), START + hour), Admission::Verified);
    assert_eq!(throttle.admission(&claimant("198.51.100.2:5060", "alice"), START + hour), Admission::Verified);
}

#[test]
fn the_phone_behind_the_guessers_address_stays_in() {
    let throttle = Throttle::new(ThrottlePolicy::default());
    let (phone, guesser) = (claimant("192.0.2.7:5060", "alice"), claimant("192.0.2.7:40000", "alice"));
    throttle.succeeded(&phone, START);
    assert_eq!(verified(&throttle, &guesser, (1_000, 2), START), 20);
    for minute in 0..60 {
        let now = START + minute * 60_000;
        assert_eq!(throttle.admission(&phone, now), Admission::Verified);
        throttle.succeeded(&phone, now);
        let guesses = verified(&throttle, &guesser, (100, 100), now + 1);
        assert!(minute > 9 || guesses <= 1, "its success lifts no ban: {minute}, {guesses}");
    }
    assert_eq!(throttle.counts().sources, 0, "a pair that worked does not score its source");
}

#[test]
fn a_phone_that_was_corrected_works_once_it_has_kept_quiet_for_a_moment() {
    let throttle = Throttle::new(ThrottlePolicy::default());
    let (phone, neighbour) = (claimant("192.0.2.7:5060", "alice"), claimant("192.0.2.7:5070", "alice"));
    assert_eq!(verified(&throttle, &phone, (600, 100), START), 20);
    let last = START + 599 * 100;
    assert_eq!(throttle.admission(&phone, last + 14_000), Admission::Banned);
    assert_eq!(throttle.admission(&phone, last + 28_000), Admission::Banned, "the attempt before was no quiet");
    assert_eq!(throttle.admission(&phone, last + 44_000), Admission::Verified);
    throttle.failed(&phone, last + 44_000);
    assert_eq!(throttle.admission(&phone, last + 45_000), Admission::Banned, "one attempt, not more");
    assert_eq!(throttle.admission(&phone, last + 61_000), Admission::Verified);
    throttle.succeeded(&phone, last + 61_000);
    assert_eq!(throttle.admission(&neighbour, last + 61_001), Admission::Verified, "it was right: the ban is over");
}

#[test]
fn quiet_ends_no_ban_of_a_source_or_a_username() {
    let throttle = Throttle::new(ThrottlePolicy::default());
    let guesser = claimant("192.0.2.7:4000", "alice");
    assert_eq!(verified(&throttle, &guesser, (600, 100), START), 20);
    for number in 0..200_u32 {
        let source = (std::net::Ipv4Addr::from(0xc633_6400 + number), 5060).into();
        throttle.failed(&Claimant { source, ..guesser }, START + 59_900);
    }
    assert_eq!(throttle.counts().credentials, 1);
    assert_eq!(throttle.admission(&guesser, START + 90_000), Admission::Banned);
}

#[test]
fn a_working_phone_does_not_clear_the_score_of_others_behind_its_address() {
    let throttle = Throttle::new(ThrottlePolicy::default());
    let (phone, guesser) = (claimant("192.0.2.7:5060", "alice"), claimant("192.0.2.7:40000", "alice"));
    throttle.succeeded(&phone, START);
    assert_eq!(verified(&throttle, &guesser, (19, 1), START + 60_000), 19);
    throttle.succeeded(&phone, START + 61_000);
    assert_eq!(verified(&throttle, &guesser, (19, 1), START + 61_000), 1);
}

#[test]
fn a_phone_that_worked_may_not_guess_either() {
    let throttle = Throttle::new(ThrottlePolicy::default());
    let phone = claimant("192.0.2.7:5060", "alice");
    throttle.succeeded(&phone, START);
    let guesses = verified(&throttle, &phone, (100_000, 2), START);
    assert!(guesses <= 40, "{guesses}");
}

#[test]
fn spraying_over_names_bans_the_source_and_over_sources_the_credential() {
    let throttle = Throttle::new(ThrottlePolicy::default());
    let names: Vec<String> = (0..1_000).map(|number| format!("user{number}")).collect();
    let alice = claimant("192.0.2.7:5060", "alice");
    throttle.succeeded(&alice, START);
    let sprayed: u64 = names
        .iter()
        .map(|name| Claimant { username: name.as_bytes(), ..claimant("192.0.2.7:4000", "") })
        .map(|guess| verified(&throttle, &guess, (1, 0), START))
        .sum();
    assert_eq!(sprayed, 200);
    assert_eq!(throttle.admission(&alice, START), Admission::Verified, "what has worked from there still does");
    let sprayed: u64 = (0..1_000_u32)
        .map(|number| Claimant {
            source: (std::net::Ipv4Addr::from(0xc633_6400 + number), 5060).into(),
            ..claimant("192.0.2.7:4000", "alice")
        })
        .map(|guess| verified(&throttle, &guess, (1, 0), START))
        .sum();
    assert_eq!(sprayed, 200);
    assert_eq!(throttle.admission(&alice, START), Admission::Verified);
    assert_eq!((throttle.counts().sources, throttle.counts().credentials), (1, 1));
}

#[test]
fn a_new_life_starts_afresh_and_a_success_forgets() {
    let throttle = Throttle::new(ThrottlePolicy::default());
    let alice = claimant("192.0.2.7:5060", "alice");
    assert_eq!(verified(&throttle, &alice, (30, 1), START), 20);
    assert_eq!(throttle.admission(&alice, START + 100), Admission::Banned);
    let lives = [
        Incarnation { id: [1; 16], ..alice.incarnation },
        Incarnation { generation: 2, ..alice.incarnation },
        Incarnation { enablings: 1, ..alice.incarnation },
    ];
    for incarnation in lives {
        assert_eq!(throttle.admission(&Claimant { incarnation, ..alice }, START + 100), Admission::Verified);
    }
    let bob = claimant("192.0.2.7:5060", "bob");
    assert_eq!(verified(&throttle, &bob, (19, 1), START), 19);
    throttle.succeeded(&bob, START + 30);
    assert_eq!(verified(&throttle, &bob, (19, 1), START + 30), 19);
}

#[test]
fn off_is_off() {
    let throttle = Throttle::new(ThrottlePolicy { limit: 0, ..ThrottlePolicy::default() });
    assert_eq!(verified(&throttle, &claimant("192.0.2.7:1", "alice"), (10_000, 0), START), 10_000);
}

proptest! {
    /// In any stretch of time no more failures are verified than the limit and what drains meanwhile.
    #[test]
    fn the_rate_is_bounded(gaps in prop::collection::vec(0_u64..40_000, 1..200)) {
        let mut table = Table::with_buckets(1);
        let (mut now, mut verified) = (START, Vec::new());
        for gap in gaps {
            now += gap;
            if table.standing(7, now) != Standing::Banned {
                table.fail(7, now, &RULE);
                verified.push(now);
            }
        }
        for (index, first) in verified.iter().enumerate() {
            for (count, last) in verified.iter().skip(index).enumerate() {
                prop_assert!(count as u64 <= u64::from(RULE.limit) + (last - first) / RULE.failure_ms);
            }
        }
    }

    /// Who fails no faster than a score drains is never banned.
    #[test]
    fn patience_is_never_banned(gaps in prop::collection::vec(RULE.failure_ms..RULE.failure_ms * 10, 1..200)) {
        let mut table = Table::with_buckets(1);
        let mut now = START;
        for gap in gaps {
            now += gap;
            prop_assert!(!table.fail(7, now, &RULE).is_banned);
        }
    }

    /// A bucket of four keeps the ban and the newest success, however many others fail in it.
    #[test]
    fn strangers_push_out_neither_bans_nor_successes(strangers in prop::collection::vec(any::<u64>(), 0..100)) {
        let mut table = Table::with_buckets(1);
        (0..RULE.limit).for_each(|_| { table.fail(7, START, &RULE); });
        table.succeed(8, START);
        for stranger in strangers.into_iter().filter(|key| ![7, 8].contains(key)) {
            table.fail(stranger, START, &RULE);
        }
        prop_assert_eq!(table.standing(7, START), Standing::Banned);
        prop_assert_eq!(table.standing(8, START), Standing::Worked);
    }

    /// Whatever happened before, a success is remembered and the score gone, unless there is a ban.
    #[test]
    fn success_clears(failures in 0..RULE.limit, at in 0_u64..100_000) {
        let mut table = Table::with_buckets(1);
        (0..failures).for_each(|_| { table.fail(7, START, &RULE); });
        table.succeed(7, START + at);
        prop_assert_eq!(table.standing(7, START + at), Standing::Worked);
        prop_assert!(table.has_worked_since(7, START, START + at) == (at > 0));
    }
}
