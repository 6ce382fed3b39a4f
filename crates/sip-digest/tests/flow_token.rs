//! Tokens are known again unaltered, and nothing else is.

#![cfg(test)]

use proptest::prelude::*;
use sip_digest::{FLOW_TOKEN_LENGTH, FlowTokenKey, NonceIssuer, NonceKey};

fn key(octet: u8) -> FlowTokenKey {
    NonceIssuer::new(NonceKey::new(&[octet; 32]), 1, 3600).flow_token_key()
}

fn name() -> [u8; 50] {
    std::array::from_fn(|index| index as u8)
}

/// Tokens outlive a process: those that phones hold must still be known after an update. Computed apart from this crate,
/// with Python's hmac and base64.
#[test]
fn the_form_does_not_change() {
    let text = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDGeJSoVdo4nFSJW";
    assert_eq!(key(7).seal(&name()), *text);
}

#[test]
fn any_other_key_refuses_it() {
    let text = key(7).seal(&name());
    assert_eq!(key(7).open(&text), Some(name()));
    assert_eq!(key(8).open(&text), None);
    let other_boot = NonceIssuer::new(NonceKey::new(&[7; 32]), 2, 60).flow_token_key();
    assert_eq!(other_boot.open(&text), Some(name()));
}

#[test]
fn every_change_of_a_bit_is_refused() {
    let text = key(7).seal(&name());
    for place in 0..FLOW_TOKEN_LENGTH {
        for bit in 0..8 {
            let mut changed = text;
            changed[place] ^= 1 << bit;
            assert_eq!(key(7).open(&changed), None, "{place}, {bit}");
        }
    }
    assert_eq!(key(7).open(&text[1..]), None);
    assert_eq!(key(7).open(&[&text[..], b"A"].concat()), None);
}

#[test]
fn the_key_is_not_shown() {
    assert_eq!(format!("{:?}", key(7)), "FlowTokenKey(<redacted>)");
}

proptest! {
    #[test]
    fn what_was_not_sealed_is_not_opened(text in proptest::collection::vec(any::<u8>(), 0..100)) {
        prop_assert_eq!(key(7).open(&text), None);
    }

    #[test]
    fn no_text_of_the_alphabet_is_one_by_chance(text in "[A-Za-z0-9_-]{80}") {
        prop_assert_eq!(key(7).open(text.as_bytes()), None);
    }
}
