//! Secrets: passwords on their way to HA1, and sealed HA1s.

use std::fmt;
use zeroize::Zeroizing;

/// A SIP password on its way to HA1: 8 to 128 characters, UTF-8, no control characters. Wiped when dropped.
pub struct Password(Zeroizing<String>);

/// Why a text is not acceptable as a password. Never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than 8 characters.
    #[error("must have at least 8 characters")]
    TooShort,
    /// More than 128 characters.
    #[error("must have at most 128 characters")]
    TooLong,
    /// A control character (C0, DEL or C1).
    #[error("must not contain control characters")]
    ControlCharacter,
}

impl Password {
    /// Fewest characters (Unicode scalar values).
    pub const MIN_CHARACTERS: usize = 8;
    /// Most characters (Unicode scalar values).
    pub const MAX_CHARACTERS: usize = 128;

    /// Takes a password as it was sent; no normalisation, because phones do none.
    ///
    /// # Errors
    /// [`PasswordError`] names the rule it breaks.
    pub fn parse(text: String) -> Result<Self, PasswordError> {
        let text = Zeroizing::new(text);
        let characters = text.chars().count();
        if text.chars().any(char::is_control) {
            Err(PasswordError::ControlCharacter)
        } else if characters < Self::MIN_CHARACTERS {
            Err(PasswordError::TooShort)
        } else if characters > Self::MAX_CHARACTERS {
            Err(PasswordError::TooLong)
        } else {
            Ok(Self(text))
        }
    }

    /// The characters, for judging how hard they are to guess.
    #[must_use]
    pub fn expose_text(&self) -> &str {
        &self.0
    }

    /// A text that was made by the rules for passwords.
    pub(crate) const fn of_known_form(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The same once more, for a change that may have to be decided anew.
    #[must_use]
    pub fn again(&self) -> Self {
        Self(self.0.clone())
    }

    /// The octets that digest computes over.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(<redacted>)")
    }
}

/// A sealed secret as it is stored: opaque octets that only `keyring` can make or open.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Box<[u8]>);

impl Sealed {
    /// Wraps octets read from storage or made by `keyring`.
    #[must_use]
    pub fn from_bytes(bytes: Box<[u8]>) -> Self {
        Self(bytes)
    }

    /// The octets to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} octets)", self.0.len())
    }
}

/// The sealed HA1s of one credential generation. An absent one was retired (MD5) or never known (imported).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SealedHa1s {
    /// HA1 under MD5 (RFC 3261 section 22.4).
    pub md5: Option<Sealed>,
    /// HA1 under SHA-256 (RFC 7616 section 3.4.2).
    pub sha256: Option<Sealed>,
    /// HA1 under SHA-512-256 (RFC 7616 section 3.4.2).
    pub sha512_256: Option<Sealed>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords() {
        let check = |text: &str| Password::parse(text.to_owned()).map(|_| ());
        assert_eq!(check("1234567"), Err(PasswordError::TooShort));
        assert_eq!(check("12345678"), Ok(()));
        assert_eq!(check("pässwörd"), Ok(()));
        assert_eq!(check(&"é".repeat(128)), Ok(()));
        assert_eq!(check(&"a".repeat(129)), Err(PasswordError::TooLong));
        for control in ['\0', '\n', '\t', '\u{7f}', '\u{85}'] {
            assert_eq!(check(&format!("abcdefgh{control}")), Err(PasswordError::ControlCharacter));
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let password = Password::parse("correct horse".into()).unwrap();
        assert!(!format!("{password:?}").contains("horse"));
        assert_eq!(format!("{:?}", Sealed::from_bytes(Box::new([1, 2, 3]))), "Sealed(3 octets)");
    }
}
