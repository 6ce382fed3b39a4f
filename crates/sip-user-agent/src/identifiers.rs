//! Branches, tags, Call-IDs and cnonces from the entropy that was handed in.
//!
//! Each is SipHash of entropy and a counter. A branch, tag or Call-ID must be unique, no more (RFC 3261 sections 8.1.1.7,
//! 19.3, 8.1.1.4); the counter itself is in the text, so two of one user agent never collide. A cnonce must also be
//! unpredictable for whoever chooses the nonce, lest it prepares tables for a known pair (RFC 7616 section 5.9): that
//! asks for a value it cannot guess, not for a secret, since the cnonce is sent in the clear. A keyed pseudo-random
//! function of 256 bits of entropy gives that.

use std::hash::{DefaultHasher, Hasher};

/// The source of every identifier of one user agent.
pub(crate) struct Identifiers {
    entropy: [u8; 32],
    counter: u64,
}

impl Identifiers {
    pub(crate) const fn new(entropy: [u8; 32]) -> Self {
        Self { entropy, counter: 0 }
    }

    /// A text for a branch, tag or Call-ID.
    pub(crate) fn unique(&mut self) -> String {
        let word = self.next_word();
        format!("{word:016x}{:x}", self.counter)
    }

    /// 56 bits as 14 digits, which keep the text that a response hashes short.
    pub(crate) fn cnonce(&mut self) -> String {
        format!("{:014x}", self.next_word() >> 8)
    }

    /// 64 bits, for what is no text.
    pub(crate) fn word(&mut self) -> u64 {
        self.next_word()
    }

    fn next_word(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(1);
        let mut hasher = DefaultHasher::new();
        hasher.write(&self.entropy);
        hasher.write_u64(self.counter);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn all_differ_and_follow_from_the_entropy() {
        let texts = |octet: u8| {
            let mut identifiers = Identifiers::new([octet; 32]);
            (0..1000).flat_map(|_| [identifiers.unique(), identifiers.cnonce()]).collect::<Vec<_>>()
        };
        assert_eq!(texts(1), texts(1));
        let distinct: HashSet<_> = texts(1).into_iter().chain(texts(2)).collect();
        assert_eq!(distinct.len(), 4000);
        assert!(distinct.iter().all(|text| text.bytes().all(|octet| octet.is_ascii_hexdigit())));
    }
}
