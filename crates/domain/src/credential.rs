//! A SIP digest credential.

use crate::{
    AccountId, Devices, PasswordScore, PreviousGeneration, RealmId, Requirements, Revision, SealedHa1s, Timestamp,
};
use std::fmt;
use uuid::Uuid;

/// A credential's public identifier: a version 7 UUID, so that identifiers sort by creation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialId(Uuid);

impl CredentialId {
    /// An identifier for a credential created at that moment, from ten random octets (RFC 9562 section 5.7).
    #[must_use]
    pub fn new(created_at: Timestamp, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(created_at.as_unix_millis(), &random).into_uuid())
    }

    /// Reads the hyphenated form, and only that.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() == 36 { Uuid::try_parse(text).ok().map(Self) } else { None }
    }

    /// The identifier of those sixteen octets.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// Its sixteen octets.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CredentialId({self})")
    }
}

/// A SIP username: 1 to 64 characters, case-sensitive, of those the [`UsernameRule`] allows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Username(Box<str>);

/// Which characters a username may have besides letters, digits and `_`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UsernameRule {
    /// Letters, digits and `_` only (the documented API warns of every other character).
    #[default]
    Strict,
    /// Also `-`, `.` and `+`, for numbers in E.164 form and names imported from other systems.
    Extended,
}

/// Why a text is not a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// No character at all.
    #[error("must not be empty")]
    Empty,
    /// More than 64 characters.
    #[error("must have at most 64 characters")]
    TooLong,
    /// A character the rule does not allow.
    #[error("may contain only letters A-Z and a-z, digits and underscores")]
    ForbiddenCharacter,
    /// A character the extended rule does not allow.
    #[error("may contain only letters A-Z and a-z, digits and '_', '-', '.', '+'")]
    ForbiddenCharacterExtended,
}

impl Username {
    /// Most characters a username may have.
    pub const MAX_LENGTH: usize = 64;

    /// Parses a username under a rule.
    ///
    /// # Errors
    /// [`UsernameError`] names what is wrong.
    pub fn parse(text: &str, rule: UsernameRule) -> Result<Self, UsernameError> {
        let extended = rule == UsernameRule::Extended;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || (extended && matches!(b, b'-' | b'.' | b'+'));
        if text.is_empty() {
            Err(UsernameError::Empty)
        } else if !text.bytes().all(allowed) {
            Err(if extended { UsernameError::ForbiddenCharacterExtended } else { UsernameError::ForbiddenCharacter })
        } else if text.len() > Self::MAX_LENGTH {
            Err(UsernameError::TooLong)
        } else {
            Ok(Self(text.into()))
        }
    }

    /// A username read back from storage, which held it to the rule of its day.
    #[must_use]
    pub fn from_stored(text: Box<str>) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Username({})", self.0)
    }
}

/// A credential as stored. Holds no password: HA1s are computed once, from a password nobody can read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Its public identifier.
    pub id: CredentialId,
    /// The account that owns it.
    pub account: AccountId,
    /// The realm its HA1s bind to (always the account's).
    pub realm: RealmId,
    /// Unique within the realm, and so within the account; fixed for life.
    pub username: Username,
    /// Whether it authenticates anyone.
    pub enabled: bool,
    /// The tenant's own note, at most 255 characters, possibly empty.
    pub description: Box<str>,
    /// Counts password changes, from 1; bindings remember the generation that made them.
    pub generation: u32,
    /// The HA1s of the present generation.
    pub ha1s: SealedHa1s,
    /// The generation before, as long as it is kept.
    pub previous: Option<Box<PreviousGeneration>>,
    /// Phones and apps with secrets of their own.
    pub devices: Devices,
    /// From when on it authenticates nobody; `None` for no end.
    pub expires_at: Option<Timestamp>,
    /// What it demands of whoever answers with it.
    pub requirements: Requirements,
    /// How hard its password is to guess; unknown where only its hashes were ever seen.
    pub password_score: Option<PasswordScore>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// When its password was last set.
    pub password_changed_at: Timestamp,
    /// The revision that last wrote it; storage sets it, and a change made from an older one is refused.
    pub revision: Revision,
}

impl Credential {
    /// The generation before, if it authenticates at that moment beside the present one.
    #[must_use]
    pub fn overlapping(&self, now: Timestamp) -> Option<&PreviousGeneration> {
        self.previous.as_deref().filter(|previous| previous.overlaps_at(now))
    }

    /// Whether the secret of that number lets anybody in as far as this credential says, time apart: the present
    /// password, the one before if it was given an overlap, or a device that was not revoked.
    #[must_use]
    pub fn accepts_secret(&self, number: u32) -> bool {
        let previous = self.previous.as_deref().filter(|previous| previous.overlap_until.is_some());
        self.generation == number
            || previous.is_some_and(|previous| previous.generation == number)
            || self.devices.of_secret(number).is_some_and(crate::Device::is_live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames() {
        let strict = |text: &str| Username::parse(text, UsernameRule::Strict).map(|_| ());
        for good in ["a", "office_phone_01", "user_john_mobile", "_", "1001", &"x".repeat(64)] {
            assert_eq!(strict(good), Ok(()), "{good}");
        }
        assert_eq!(strict(""), Err(UsernameError::Empty));
        assert_eq!(strict(&"x".repeat(65)), Err(UsernameError::TooLong));
        for bad in ["a-b", "a.b", "+49", "a b", "ä", "a\0", "a@b", "٣"] {
            assert_eq!(strict(bad), Err(UsernameError::ForbiddenCharacter), "{bad}");
        }
        assert!(Username::parse("+49-30.1", UsernameRule::Extended).is_ok());
        assert!(Username::parse("a@b", UsernameRule::Extended).is_err());
    }

    #[test]
    fn identifiers_sort_by_creation_and_read_back() {
        let first = CredentialId::new(Timestamp::from_seconds(1_000), [9; 10]);
        let second = CredentialId::new(Timestamp::from_seconds(1_001), [0; 10]);
        assert!(first < second);
        assert_eq!(CredentialId::parse(&first.to_string()), Some(first));
        assert_eq!(CredentialId::parse(&first.to_string().to_uppercase()), Some(first));
        assert_eq!(CredentialId::parse(&first.to_string().replace('-', "")), None);
        assert_eq!(CredentialId::parse("{aabbccdd-1234-5678-90ab-cdef12345678}"), None);
        assert_eq!(CredentialId::from_bytes(*first.as_bytes()), first);
    }
}
