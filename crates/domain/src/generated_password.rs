//! Passwords that we make.

use crate::{Password, RandomSource};
use std::fmt;
use zeroize::Zeroizing;

/// Letters and digits without those that are read for one another: people type them into phones.
const ALPHABET: &[u8; 56] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

/// A password that was drawn, to be shown once. Wiped when dropped.
#[derive(Clone)]
pub struct GeneratedPassword(Zeroizing<String>);

impl GeneratedPassword {
    /// How many characters it has: 20 of 56, about 116 bits.
    pub const LENGTH: usize = 20;

    /// Draws one.
    #[must_use]
    pub fn draw(random: &dyn RandomSource) -> Self {
        let mut password = Zeroizing::new(String::with_capacity(Self::LENGTH));
        while password.len() < Self::LENGTH {
            let mut octet = [0];
            random.fill(&mut octet);
            // Four whole alphabets; the rest would favour its first letters.
            let place = usize::from(octet[0]);
            if let Some(symbol) = ALPHABET.get(place % ALPHABET.len()).filter(|_| place < 4 * ALPHABET.len()) {
                password.push(char::from(*symbol));
            }
        }
        Self(password)
    }

    /// What is to be shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same on its way to HA1.
    #[must_use]
    pub fn to_password(&self) -> Password {
        Password::of_known_form(self.0.clone())
    }
}

impl fmt::Debug for GeneratedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GeneratedPassword(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    /// Every octet in turn.
    struct Counting(AtomicU8);

    impl RandomSource for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    #[test]
    fn they_hold_what_can_be_typed_and_what_we_accept() {
        // 214 to 223, then nothing until it begins again at 0.
        let random = Counting(AtomicU8::new(214));
        let first = GeneratedPassword::draw(&random);
        assert_eq!(first.as_str(), "yz23456789ABCDEFGHJK");
        let second = GeneratedPassword::draw(&random);
        assert_ne!(first.as_str(), second.as_str());
        assert!(Password::parse(first.as_str().to_owned()).is_ok());
        assert_eq!(first.to_password().expose(), first.as_str().as_bytes());
        assert!(!format!("{first:?}").contains(first.as_str()));
    }
}
