//! Nonces: what is ours, what is not, and for how long.

#![cfg(test)]

mod support;

use sip_digest::{
    CLOCK_TOLERANCE_SECONDS, HashAlgorithm, Lane, NonceIssuer, NonceKey, NonceScope, NonceSeed, NonceStanding,
};
use support::{BOOT, LIFETIME_SECONDS, NOW, issue, issuer, scope, seed};

/// The layout is an agreement between nodes and restarts; both texts were computed apart from this crate, with Python's
/// hmac and base64.
#[test]
fn the_layout_is_fixed() {
    assert_eq!(issue(HashAlgorithm::Sha256), *b"RQJ20BFwAAAAKjl-m4BYhZ9N");
    let key = NonceKey::new(&std::array::from_fn(|index| index as u8));
    let scope = NonceScope { realm: -1, source: "2001:db8::1".parse().unwrap() };
    let seed = NonceSeed { hash: HashAlgorithm::Md5, lane: Lane::new(63).unwrap(), serial: u32::MAX };
    assert_eq!(NonceIssuer::new(key, 1, 60).issue(&seed, &scope, NOW), *b"PwJ20AAB_____1SaY95RaDnz");
}

#[test]
fn what_was_issued_is_read_back() {
    for hash in HashAlgorithm::ALL {
        for (lane, serial) in [(0, 0), (63, u32::MAX), (5, 1)] {
            let seed = NonceSeed { hash, lane: Lane::new(lane).unwrap(), serial };
            let text = issuer().issue(&seed, &scope(), NOW);
            let NonceStanding::Current(nonce) = issuer().inspect(&text, &scope(), NOW) else { panic!("{seed:?}") };
            assert_eq!((nonce.hash(), nonce.lane(), nonce.issued_at(), nonce.boot()), (hash, seed.lane, NOW, BOOT));
            assert_eq!(nonce.number(), sip_digest::NonceNumber::new(NOW as u32, serial));
        }
    }
    assert_eq!(Lane::new(64), None);
}

#[test]
fn any_changed_character_is_foreign() {
    for serial in 0..8 {
        let text = issuer().issue(&seed(HashAlgorithm::Sha256, serial), &scope(), NOW);
        for (position, original) in text.iter().enumerate() {
            for octet in (0..=255).filter(|octet| octet != original) {
                let mut changed = text;
                changed[position] = octet;
                assert_eq!(issuer().inspect(&changed, &scope(), NOW), NonceStanding::Foreign, "{position} {octet}");
            }
        }
    }
}

#[test]
fn any_other_length_is_foreign() {
    let text = issue(HashAlgorithm::Md5);
    for other in [&text[..23], &text[1..], &[&text[..], b"="].concat(), &[&text[..], b"A"].concat(), b""] {
        assert_eq!(issuer().inspect(other, &scope(), NOW), NonceStanding::Foreign);
    }
}

#[test]
fn any_other_realm_source_or_key_is_foreign() {
    let text = issue(HashAlgorithm::Md5);
    let check = |scope: NonceScope| assert_eq!(issuer().inspect(&text, &scope, NOW), NonceStanding::Foreign);
    check(NonceScope { realm: 8, ..scope() });
    for source in ["192.0.2.2", "2001:db8::1", "::c000:201"] {
        check(NonceScope { source: source.parse().unwrap(), ..scope() });
    }
    let mapped = NonceScope { source: "::ffff:192.0.2.1".parse().unwrap(), ..scope() };
    assert!(matches!(issuer().inspect(&text, &mapped, NOW), NonceStanding::Current(_)));
    let stranger = NonceIssuer::new(NonceKey::new(&[9; 32]), BOOT, LIFETIME_SECONDS);
    assert_eq!(stranger.inspect(&text, &scope(), NOW), NonceStanding::Foreign);
}

#[test]
fn an_earlier_key_is_recognised_but_not_used() {
    let old = NonceIssuer::new(NonceKey::new(&[9; 32]), BOOT, LIFETIME_SECONDS);
    let text = old.issue(&seed(HashAlgorithm::Md5, 1), &scope(), NOW);
    let both = issuer().with_previous_key(NonceKey::new(&[8; 32])).with_previous_key(NonceKey::new(&[9; 32]));
    assert!(matches!(both.inspect(&text, &scope(), NOW), NonceStanding::Current(_)));
    let fresh = both.issue(&seed(HashAlgorithm::Md5, 1), &scope(), NOW);
    assert_eq!(old.inspect(&fresh, &scope(), NOW), NonceStanding::Foreign);
}

#[test]
fn other_boots_are_told_apart() {
    let check = |boot: u32, nonce_boot: u32| {
        let node = |boot| NonceIssuer::new(NonceKey::new(&[1; 32]), boot, LIFETIME_SECONDS);
        let text = node(nonce_boot).issue(&seed(HashAlgorithm::Md5, 1), &scope(), NOW);
        match node(boot).inspect(&text, &scope(), NOW) {
            NonceStanding::OtherBoot(nonce) => assert_eq!(nonce.boot(), nonce_boot),
            other => panic!("{boot} {nonce_boot} {other:?}"),
        }
    };
    for boot in [0, 1, 40_000, BOOT, u32::MAX] {
        for distance in [1, 2, 1000, 32_767] {
            if let Some(earlier) = boot.checked_sub(distance) {
                check(boot, earlier);
            }
            if let Some(later) = boot.checked_add(distance) {
                check(boot, later);
            }
        }
    }
    let far = NonceIssuer::new(NonceKey::new(&[1; 32]), 65_536 + 7, LIFETIME_SECONDS);
    let text = far.issue(&seed(HashAlgorithm::Md5, 1), &scope(), NOW);
    let near = NonceIssuer::new(NonceKey::new(&[1; 32]), 7, LIFETIME_SECONDS);
    assert_eq!(near.inspect(&text, &scope(), NOW), NonceStanding::Foreign);
}

#[test]
fn lifetime_edges() {
    let text = issue(HashAlgorithm::Md5);
    let at = |now| issuer().inspect(&text, &scope(), now);
    let lifetime = u64::from(LIFETIME_SECONDS);
    assert!(matches!(at(NOW - CLOCK_TOLERANCE_SECONDS - 1), NonceStanding::Foreign));
    assert!(matches!(at(NOW - CLOCK_TOLERANCE_SECONDS), NonceStanding::Current(_)));
    assert!(matches!(at(NOW), NonceStanding::Current(_)));
    assert!(matches!(at(NOW + lifetime - 1), NonceStanding::Current(_)));
    assert!(matches!(at(NOW + lifetime), NonceStanding::Expired(_)));
    // An expired nonce is called so whatever boot it is of.
    let rebooted = NonceIssuer::new(NonceKey::new(&std::array::from_fn(|index| index as u8)), BOOT + 1, 3600);
    assert!(matches!(rebooted.inspect(&text, &scope(), NOW + lifetime), NonceStanding::Expired(_)));
}

#[test]
fn a_nonce_does_not_come_round_again() {
    let text = issue(HashAlgorithm::Md5);
    let at = |now| issuer().inspect(&text, &scope(), now);
    const TURN: u64 = 1 << 24;
    assert!(matches!(at(NOW + TURN - CLOCK_TOLERANCE_SECONDS - 1), NonceStanding::Expired(_)));
    for turns in 1..5 {
        for now in [NOW + turns * TURN - CLOCK_TOLERANCE_SECONDS, NOW + turns * TURN, NOW + turns * TURN + 60] {
            assert_eq!(at(now), NonceStanding::Foreign, "{now}");
        }
    }
    assert_eq!(at(NOW - TURN), NonceStanding::Foreign);
    assert_eq!(at(0), NonceStanding::Foreign);
    assert_eq!(at(u64::MAX), NonceStanding::Foreign);
}

#[test]
fn clocks_that_stand_at_zero_work_too() {
    for now in [0, 1, 5] {
        let text = issuer().issue(&seed(HashAlgorithm::Md5, 1), &scope(), now);
        assert!(matches!(issuer().inspect(&text, &scope(), now), NonceStanding::Current(_)), "{now}");
    }
}
