//! How hard a password is to guess, as zxcvbn counts.

use std::fmt;

/// 0 (guessed at once) to 4 (out of reach of guessing offline). By default 0, below which nothing is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct PasswordScore(u8);

impl PasswordScore {
    /// The best score.
    pub const MAX: Self = Self(4);

    /// The score of that number, if there is one.
    #[must_use]
    pub const fn new(score: u8) -> Option<Self> {
        if score <= Self::MAX.0 { Some(Self(score)) } else { None }
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for PasswordScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_five() {
        assert_eq!((0..=255).filter_map(PasswordScore::new).count(), 5);
        assert_eq!(PasswordScore::new(4), Some(PasswordScore::MAX));
    }
}
