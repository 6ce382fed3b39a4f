//! The one place that hashes: colon-joined parts in, raw octets or lower-case hex out, on the stack.

use crate::HashAlgorithm;
use md5::Md5;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512_256};
use zeroize::Zeroize;

/// Octets of the longest output; a shorter one is followed by zeros.
pub(crate) const LONGEST: usize = 32;

/// The lower-case hex form of a hash, as digest concatenates and transmits it.
#[derive(Clone, Copy)]
pub struct HexDigest {
    octets: [u8; 2 * LONGEST],
    length: u8,
}

impl HexDigest {
    /// The digits, 32 or 64 of them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..usize::from(self.length)).unwrap_or(&self.octets)
    }

    /// The digits as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(crate) fn of(raw: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
        let mut octets = [0; 2 * LONGEST];
        let mut length = 0;
        for (pair, octet) in octets.as_chunks_mut::<2>().0.iter_mut().zip(raw) {
            *pair = [digit(octet >> 4), digit(octet & 15)];
            length += 2;
        }
        Self { octets, length }
    }
}

impl Zeroize for HexDigest {
    fn zeroize(&mut self) {
        self.octets.zeroize();
    }
}

/// The octets that hex digits of either case spell; `None` unless they spell exactly one output of that hash.
pub(crate) fn from_hex(hash: HashAlgorithm, digits: &[u8]) -> Option<[u8; LONGEST]> {
    if digits.len() != 2 * hash.output_length() {
        return None;
    }
    let mut raw = [0; LONGEST];
    for (octet, [high, low]) in raw.iter_mut().zip(digits.as_chunks::<2>().0) {
        *octet = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(raw)
}

/// The value of one hex digit of either case.
pub(crate) fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The hash of the parts with a colon between each two.
pub(crate) fn joined(hash: HashAlgorithm, parts: &[&[u8]]) -> [u8; LONGEST] {
    match hash {
        HashAlgorithm::Md5 => joined_by::<Md5>(parts),
        HashAlgorithm::Sha256 => joined_by::<Sha256>(parts),
        HashAlgorithm::Sha512_256 => joined_by::<Sha512_256>(parts),
    }
}

/// The same in hex.
pub(crate) fn joined_hex(hash: HashAlgorithm, parts: &[&[u8]]) -> HexDigest {
    hex(hash, &joined(hash, parts))
}

/// The hex form of as many octets as that hash yields.
pub(crate) fn hex(hash: HashAlgorithm, raw: &[u8; LONGEST]) -> HexDigest {
    HexDigest::of(raw.get(..hash.output_length()).unwrap_or(raw))
}

fn joined_by<D: Digest>(parts: &[&[u8]]) -> [u8; LONGEST] {
    let mut hasher = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hasher.update(b":");
        }
        hasher.update(part);
    }
    #[cfg(test)]
    tally::add(parts);
    let mut raw = [0; LONGEST];
    for (to, from) in raw.iter_mut().zip(hasher.finalize().iter()) {
        *to = *from;
    }
    raw
}

/// Records the lengths of what this thread hashes: two paths that hash alike cost alike.
#[cfg(test)]
pub(crate) mod tally {
    use std::cell::RefCell;

    thread_local! {
        static LENGTHS: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn add(parts: &[&[u8]]) {
        LENGTHS.with_borrow_mut(|lengths| lengths.push(parts.iter().map(|part| part.len()).sum()));
    }

    pub(crate) fn take() -> Vec<usize> {
        LENGTHS.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        // RFC 1321 appendix A.5; FIPS 180-4 examples for SHA-256 and SHA-512/256.
        let check = |hash, expected: &str| assert_eq!(joined_hex(hash, &[b"abc"]).as_str(), expected);
        check(HashAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72");
        check(HashAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check(HashAlgorithm::Sha512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23");
    }

    #[test]
    fn parts_are_joined_by_colons() {
        for hash in HashAlgorithm::ALL {
            assert_eq!(joined(hash, &[b"a", b"", b"b"]), joined(hash, &[b"a::b"]));
        }
    }

    #[test]
    fn hex_is_read_in_either_case_and_exact_length_only() {
        let digits = joined_hex(HashAlgorithm::Md5, &[b"abc"]);
        let raw = joined(HashAlgorithm::Md5, &[b"abc"]);
        assert_eq!(from_hex(HashAlgorithm::Md5, digits.as_bytes()), Some(raw));
        assert_eq!(from_hex(HashAlgorithm::Md5, digits.as_str().to_uppercase().as_bytes()), Some(raw));
        assert_eq!(from_hex(HashAlgorithm::Sha256, digits.as_bytes()), None);
        assert_eq!(from_hex(HashAlgorithm::Md5, &digits.as_bytes()[1..]), None);
        assert_eq!(from_hex(HashAlgorithm::Md5, b"g00150983cd24fb0d6963f7d28e17f72"), None);
    }
}
