//! HA1: the hash of username, realm and password that stands for the password.

use crate::hash::{self, HexDigest, LONGEST};
use crate::{Algorithm, HashAlgorithm, KeyForm};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A password-equivalent secret: whoever has it can authenticate. 33 octets, wiped when dropped, never shown.
#[derive(Clone)]
pub struct Ha1 {
    octets: [u8; LONGEST],
    hash: HashAlgorithm,
}

impl Ha1 {
    /// Computes H(username:realm:password), all three exactly as they will stand on the wire.
    #[must_use]
    pub fn compute(hash: HashAlgorithm, username: &[u8], realm: &[u8], password: &[u8]) -> Self {
        Self { octets: hash::joined(hash, &[username, realm, password]), hash }
    }

    /// The HA1 of raw octets; `None` unless there are exactly as many as the hash yields.
    #[must_use]
    pub fn from_bytes(hash: HashAlgorithm, octets: &[u8]) -> Option<Self> {
        if octets.len() != hash.output_length() {
            return None;
        }
        let mut ha1 = Self { octets: [0; LONGEST], hash };
        ha1.octets.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
        Some(ha1)
    }

    /// The HA1 that hex digits of either case spell, the form other systems export.
    #[must_use]
    pub fn from_hex(hash: HashAlgorithm, digits: &[u8]) -> Option<Self> {
        hash::from_hex(hash, digits).map(|octets| Self { octets, hash })
    }

    /// The raw octets, 16 or 32, to be sealed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.hash.output_length()).unwrap_or(&self.octets)
    }

    /// The lower-case hex form that responses are computed over.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<HexDigest> {
        Zeroizing::new(hash::hex(self.hash, &self.octets))
    }

    /// The hash that made it.
    #[must_use]
    pub const fn hash(&self) -> HashAlgorithm {
        self.hash
    }

    /// Stands in for an HA1 where the cost of one is due but no answer may be right.
    pub(crate) const fn decoy(hash: HashAlgorithm) -> &'static Self {
        static MD5: Ha1 = Ha1 { octets: [0; LONGEST], hash: HashAlgorithm::Md5 };
        static SHA256: Ha1 = Ha1 { octets: [0; LONGEST], hash: HashAlgorithm::Sha256 };
        static SHA512_256: Ha1 = Ha1 { octets: [0; LONGEST], hash: HashAlgorithm::Sha512_256 };
        match hash {
            HashAlgorithm::Md5 => &MD5,
            HashAlgorithm::Sha256 => &SHA256,
            HashAlgorithm::Sha512_256 => &SHA512_256,
        }
    }

    /// The key that responses of this algorithm are made with: itself, or bound to nonce and cnonce for `-sess`.
    pub(crate) fn key_hex(&self, algorithm: Algorithm, nonce: &[u8], cnonce: &[u8]) -> Zeroizing<HexDigest> {
        let ha1 = self.to_hex();
        match algorithm.form {
            KeyForm::Plain => ha1,
            KeyForm::Session => Zeroizing::new(hash::joined_hex(self.hash, &[ha1.as_bytes(), nonce, cnonce])),
        }
    }
}

/// Compares in constant time, as `test` of a password does.
impl PartialEq for Ha1 {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && bool::from(self.octets.ct_eq(&other.octets))
    }
}

impl Eq for Ha1 {}

impl Drop for Ha1 {
    fn drop(&mut self) {
        self.octets.zeroize();
    }
}

impl ZeroizeOnDrop for Ha1 {}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ha1({}, <redacted>)", self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_round_trip() {
        for hash in HashAlgorithm::ALL {
            let ha1 = Ha1::compute(hash, b"Mufasa", b"testrealm@host.com", b"Circle Of Life");
            assert_eq!(ha1.as_bytes().len(), hash.output_length());
            assert_eq!(Ha1::from_bytes(hash, ha1.as_bytes()), Some(ha1.clone()));
            assert_eq!(Ha1::from_hex(hash, ha1.to_hex().as_bytes()), Some(ha1.clone()));
            assert_eq!(Ha1::from_hex(hash, ha1.to_hex().as_str().to_uppercase().as_bytes()), Some(ha1.clone()));
            assert_eq!(Ha1::from_bytes(hash, &ha1.as_bytes()[1..]), None);
            assert_eq!(Ha1::from_bytes(hash, &[0; 33]), None);
            assert_ne!(ha1, Ha1::compute(hash, b"mufasa", b"testrealm@host.com", b"Circle Of Life"));
        }
    }

    #[test]
    fn md5_form_of_rfc_2617_section_3_5() {
        let ha1 = Ha1::compute(HashAlgorithm::Md5, b"Mufasa", b"testrealm@host.com", b"Circle Of Life");
        assert_eq!(ha1.to_hex().as_str(), "939e7578ed9e3c518a452acee763bce9");
    }

    #[test]
    fn is_compact_and_shows_nothing() {
        let ha1 = Ha1::compute(HashAlgorithm::Md5, b"a", b"b", b"c");
        assert_eq!(size_of::<Ha1>(), 33);
        assert_eq!(format!("{ha1:?}"), "Ha1(MD5, <redacted>)");
    }

    #[test]
    fn equal_octets_of_different_hashes_differ() {
        let octets = [7; 32];
        let [one, other] = [HashAlgorithm::Sha256, HashAlgorithm::Sha512_256].map(|h| Ha1::from_bytes(h, &octets));
        assert_ne!(one, other);
    }
}
