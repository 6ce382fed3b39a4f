//! The stored form of a sealed secret, and what its tag covers besides.
//!
//! ```text
//! version (1 octet, 1) · key identifier (4, big endian) · nonce (12) · ciphertext (as long as the secret) · tag (16)
//! ```
//!
//! A change of any of this needs another version; blobs of version 1 must open for ever.

use crate::KeyringError;
use sha2::{Digest, Sha256};

const VERSION: u8 = 1;
pub(crate) const NONCE_LENGTH: usize = 12;
const TAG_LENGTH: usize = 16;
const HEADER_LENGTH: usize = 5;

/// A sealed secret taken apart, borrowing from the stored octets.
pub(crate) struct Envelope<'s> {
    pub key_id: u32,
    pub nonce: [u8; NONCE_LENGTH],
    pub ciphertext: &'s [u8],
    pub tag: [u8; TAG_LENGTH],
}

impl<'s> Envelope<'s> {
    pub fn parse(octets: &'s [u8]) -> Result<Self, KeyringError> {
        Self::split(octets).ok_or(KeyringError::Damaged)
    }

    fn split(octets: &'s [u8]) -> Option<Self> {
        let (header, rest) = octets.split_first_chunk::<HEADER_LENGTH>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LENGTH>()?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG_LENGTH>()?;
        let [VERSION, id @ ..] = *header else { return None };
        Some(Self { key_id: u32::from_be_bytes(id), nonce: *nonce, ciphertext, tag: *tag })
    }

    pub fn to_octets(&self) -> Box<[u8]> {
        let mut octets = Vec::with_capacity(HEADER_LENGTH + NONCE_LENGTH + self.ciphertext.len() + TAG_LENGTH);
        octets.push(VERSION);
        octets.extend_from_slice(&self.key_id.to_be_bytes());
        octets.extend_from_slice(&self.nonce);
        octets.extend_from_slice(self.ciphertext);
        octets.extend_from_slice(&self.tag);
        octets.into_boxed_slice()
    }
}

/// Stands for the place a secret belongs to: a hash, so that places of any length need no memory.
pub(crate) struct Place([u8; 32]);

impl Place {
    /// Every part is preceded by its length, so that no two lists of parts give the same octets; `purpose` keeps lists
    /// of different meaning apart.
    pub fn new(purpose: &str, key_id: u32, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"sipwarden sealed secret\0");
        hash.update([VERSION]);
        hash.update(key_id.to_be_bytes());
        for part in [purpose.as_bytes()].iter().chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The octets that serve as associated data.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_round_trip() {
        let envelope = Envelope { key_id: 0x0102_0304, nonce: [7; 12], ciphertext: b"secret", tag: [9; 16] };
        let octets = envelope.to_octets();
        assert_eq!(octets.len(), 5 + 12 + 6 + 16);
        let parsed = Envelope::parse(&octets).unwrap();
        assert_eq!((parsed.key_id, parsed.nonce, parsed.tag), (0x0102_0304, [7; 12], [9; 16]));
        assert_eq!(parsed.ciphertext, b"secret");
    }

    #[test]
    fn short_and_foreign_octets_are_damaged() {
        let octets = Envelope { key_id: 1, nonce: [0; 12], ciphertext: b"", tag: [0; 16] }.to_octets();
        assert!(Envelope::parse(&octets).is_ok());
        for length in 0..octets.len() {
            assert_eq!(Envelope::parse(&octets[..length]).err(), Some(KeyringError::Damaged), "{length}");
        }
        let mut foreign = octets.clone();
        foreign[0] = 2;
        assert_eq!(Envelope::parse(&foreign).err(), Some(KeyringError::Damaged));
    }

    #[test]
    fn places_are_unambiguous() {
        let place = |purpose: &str, parts: &[&[u8]]| Place::new(purpose, 1, parts).0;
        assert_ne!(place("ha1", &[b"ab", b"c"]), place("ha1", &[b"a", b"bc"]));
        assert_ne!(place("ha1", &[b"a"]), place("ha1", &[b"a", b""]));
        assert_ne!(place("ha1", &[b"a"]), place("named", &[b"a"]));
        assert_ne!(Place::new("ha1", 1, &[]).0, Place::new("ha1", 2, &[]).0);
    }
}
