//! Secrets that follow from a key and a name, so that they need not be stored.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// Octets of one step.
const STEP: usize = 32;

/// Fills `out`, at most 8160 octets, with what follows from a key of full strength and the parts of a name: HKDF-Expand
/// with SHA-256 (RFC 5869 section 2.3). Each part is preceded by its length, so that no two names are the same.
#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
pub fn derive_into(key: &[u8; 32], name: &[&[u8]], out: &mut [u8]) {
    debug_assert!(out.len() <= 255 * STEP, "HKDF ends there");
    let mut before = Zeroizing::new(Vec::with_capacity(STEP));
    for (part, number) in out.chunks_mut(STEP).zip(1_u8..=255) {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
        mac.update(&before);
        for part in name {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.update(&[number]);
        let mut step: [u8; STEP] = mac.finalize().into_bytes().into();
        part.iter_mut().zip(&step).for_each(|(out, octet)| *out = *octet);
        before.clear();
        before.extend_from_slice(&step);
        step.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(key: u8, name: &[&[u8]], length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        derive_into(&[key; 32], name, &mut out);
        out
    }

    #[test]
    fn names_are_unambiguous_and_lengths_agree() {
        assert_eq!(derived(1, &[b"a"], 80)[..40], derived(1, &[b"a"], 40));
        assert_ne!(derived(1, &[b"ab", b"c"], 32), derived(1, &[b"a", b"bc"], 32));
        assert_ne!(derived(1, &[b"a"], 32), derived(2, &[b"a"], 32));
        assert_ne!(derived(1, &[b"a"], 64)[..32], derived(1, &[b"a"], 64)[32..]);
    }

    /// What desk phones were given must follow from the same key for ever. Computed with Python's hmac.
    #[test]
    fn what_was_derived_once_is_derived_again() {
        let hex: String = derived(7, &[b"desk phone", b"x"], 40).iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(hex, "38671e11828b823ac076b30bffea91d650133c022f8337f9cadc462ddc0a7da3bc2db9f0058c04ac");
    }
}
