//! Digest algorithms by their IANA names (RFC 7616 section 6.1, RFC 8760 section 2.2).

use std::fmt;

/// A hash function that HA1s exist for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HashAlgorithm {
    /// MD5: what a challenge without `algorithm` means (RFC 3261 section 22.4).
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512/256 (FIPS 180-4 section 6.7): its own initial values, not a shortened SHA-512.
    Sha512_256,
}

impl HashAlgorithm {
    /// Every hash, strongest first, the order in which RFC 8760 section 2.4 wants them offered.
    pub const ALL: [Self; 3] = [Self::Sha512_256, Self::Sha256, Self::Md5];

    /// Octets of its output; the hex form has twice as many.
    #[must_use]
    pub const fn output_length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha256 | Self::Sha512_256 => 32,
        }
    }

    /// The IANA name of its plain form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
        }
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What HA1 binds to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum KeyForm {
    /// Username, realm and password.
    Plain,
    /// Also the nonce and cnonce of the session: the `-sess` names (RFC 7616 section 3.4.2).
    Session,
}

/// The value of an `algorithm` parameter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Algorithm {
    /// The hash function.
    pub hash: HashAlgorithm,
    /// Whether the name ends in `-sess`.
    pub form: KeyForm,
}

impl Algorithm {
    /// Every algorithm this crate computes.
    pub const ALL: [Self; 6] = [
        Self { hash: HashAlgorithm::Md5, form: KeyForm::Plain },
        Self { hash: HashAlgorithm::Md5, form: KeyForm::Session },
        Self { hash: HashAlgorithm::Sha256, form: KeyForm::Plain },
        Self { hash: HashAlgorithm::Sha256, form: KeyForm::Session },
        Self { hash: HashAlgorithm::Sha512_256, form: KeyForm::Plain },
        Self { hash: HashAlgorithm::Sha512_256, form: KeyForm::Session },
    ];

    /// The plain form of a hash.
    #[must_use]
    pub const fn plain(hash: HashAlgorithm) -> Self {
        Self { hash, form: KeyForm::Plain }
    }

    /// Reads an `algorithm` parameter: case-insensitive, absent means MD5, anything unknown is `None`.
    #[must_use]
    pub fn parse(parameter: Option<&[u8]>) -> Option<Self> {
        let Some(name) = parameter else { return Some(Self::plain(HashAlgorithm::Md5)) };
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str().as_bytes().eq_ignore_ascii_case(name))
    }

    /// The IANA name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match (self.hash, self.form) {
            (hash, KeyForm::Plain) => hash.as_str(),
            (HashAlgorithm::Md5, KeyForm::Session) => "MD5-sess",
            (HashAlgorithm::Sha256, KeyForm::Session) => "SHA-256-sess",
            (HashAlgorithm::Sha512_256, KeyForm::Session) => "SHA-512-256-sess",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of hashes, for what a realm or credential accepts; accepting a hash accepts its `-sess` form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AlgorithmSet(u8);

impl AlgorithmSet {
    /// Accepts nothing.
    pub const NONE: Self = Self(0);
    /// Accepts all three.
    pub const ALL: Self = Self(0b111);

    /// The set of one hash.
    #[must_use]
    pub const fn only(hash: HashAlgorithm) -> Self {
        Self(1 << hash as u8)
    }

    /// This set with one more hash.
    #[must_use]
    pub const fn with(self, hash: HashAlgorithm) -> Self {
        Self(self.0 | Self::only(hash).0)
    }

    /// The hashes in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the hash is in it.
    #[must_use]
    pub const fn contains(self, hash: HashAlgorithm) -> bool {
        self.0 & Self::only(hash).0 != 0
    }

    /// Its hashes, strongest first.
    pub fn iter(self) -> impl Iterator<Item = HashAlgorithm> {
        HashAlgorithm::ALL.into_iter().filter(move |hash| self.contains(*hash))
    }
}

impl fmt::Debug for AlgorithmSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_in_any_case() {
        for algorithm in Algorithm::ALL {
            let name = algorithm.as_str();
            for spelling in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
                assert_eq!(Algorithm::parse(Some(spelling.as_bytes())), Some(algorithm), "{spelling}");
            }
        }
    }

    #[test]
    fn absent_is_md5_and_unknown_is_nothing() {
        assert_eq!(Algorithm::parse(None), Some(Algorithm::plain(HashAlgorithm::Md5)));
        for unknown in ["", "SHA-1", "SHA256", "MD5 ", "AKAv1-MD5", "SHA-512", "MD5-session", "\"MD5\""] {
            assert_eq!(Algorithm::parse(Some(unknown.as_bytes())), None, "{unknown}");
        }
    }

    #[test]
    fn sets() {
        let set = AlgorithmSet::only(HashAlgorithm::Md5).with(HashAlgorithm::Sha256);
        assert_eq!(set.iter().collect::<Vec<_>>(), [HashAlgorithm::Sha256, HashAlgorithm::Md5]);
        assert!(!set.contains(HashAlgorithm::Sha512_256));
        assert_eq!(AlgorithmSet::ALL.iter().collect::<Vec<_>>(), HashAlgorithm::ALL);
        assert_eq!(AlgorithmSet::NONE.iter().count(), 0);
        let sha512 = AlgorithmSet::only(HashAlgorithm::Sha512_256);
        assert_eq!(set.intersection(sha512), AlgorithmSet::NONE);
    }
}
