//! The token of a link.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::{ApiTokenHash, RandomSource};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// The last part of a link: 32 characters of base64url. It is worth a device, so it is shown once, wiped when dropped,
/// and stands in no log.
#[derive(Clone)]
pub struct LinkToken(Zeroizing<String>);

impl LinkToken {
    /// How many characters it has.
    pub const LENGTH: usize = 32;

    pub(crate) fn draw(random: &dyn RandomSource) -> Self {
        let mut octets = Zeroizing::new([0; 24]);
        random.fill(&mut *octets);
        Self(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(*octets)))
    }

    /// What stands in a path, if it could be a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = text.len() == Self::LENGTH
            && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'));
        is_one.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> ApiTokenHash {
        ApiTokenHash::from_bytes(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::SeededRandom;

    #[test]
    fn tokens() {
        let token = LinkToken::draw(&SeededRandom::new(1));
        assert_eq!(LinkToken::parse(token.as_str()).map(|read| read.hash()), Some(token.hash()));
        assert_ne!(LinkToken::draw(&SeededRandom::new(2)).hash(), token.hash());
        assert!(!format!("{token:?}").contains(token.as_str()));
        for bad in ["", "a", &"a".repeat(31), &"a".repeat(33), &format!("{}=", "a".repeat(31))] {
            assert!(LinkToken::parse(bad).is_none(), "{bad}");
        }
    }
}
