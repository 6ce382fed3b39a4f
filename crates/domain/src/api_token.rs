//! HTTP API tokens, of which only a hash is kept.

use crate::{AccountId, Timestamp};
use std::fmt;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The SHA-256 of an API token. Tokens are 32 random octets, so a plain hash cannot be searched.
#[derive(Clone, Copy)]
pub struct ApiTokenHash([u8; 32]);

impl ApiTokenHash {
    /// Wraps a hash that was computed or read from storage.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The octets to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Compares in constant time: how much of a guess is right must not show.
impl PartialEq for ApiTokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for ApiTokenHash {}

impl fmt::Debug for ApiTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiTokenHash(..)")
    }
}

/// A token's public identifier, by which it is listed and revoked: a UUID that tells nothing of the token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(Uuid);

impl TokenId {
    /// An identifier for a token made at that moment, from ten random octets (RFC 9562 section 5.7).
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

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenId({self})")
    }
}

/// What requests with a token may do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TokenScope {
    /// Everything the account may.
    All,
    /// Read everything, change nothing.
    ReadOnly,
    /// Read and change credentials and what belongs to them (registrations, phone settings); nothing else.
    CredentialsOnly,
}

impl TokenScope {
    /// Every scope, in the order they are documented.
    pub const ALL: [Self; 3] = [Self::All, Self::ReadOnly, Self::CredentialsOnly];

    /// The stable name, in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::ReadOnly => "read_only",
            Self::CredentialsOnly => "credentials_only",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// One API token of an account, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its public identifier.
    pub id: TokenId,
    /// Whose requests it authenticates.
    pub account: AccountId,
    /// What the token is checked against.
    pub hash: ApiTokenHash,
    /// What people call it, 1 to 64 characters.
    pub label: Box<str>,
    /// What its requests may do.
    pub scope: TokenScope,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it authenticates nobody.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, as far as storage knows; uses of the last minute may be missing.
    pub last_used_at: Option<Timestamp>,
}

/// A token of whoever runs the installation, as stored; it authenticates requests to the operator API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorToken {
    /// Its public identifier.
    pub id: TokenId,
    /// What the token is checked against.
    pub hash: ApiTokenHash,
    /// What people call it, 1 to 64 characters; the audit log names it.
    pub label: Box<str>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it authenticates nobody.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, as far as storage knows; uses of the last minute may be missing.
    pub last_used_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back() {
        for scope in TokenScope::ALL {
            assert_eq!(TokenScope::from_name(scope.as_str()), Some(scope));
        }
        assert_eq!(TokenScope::from_name("ALL"), None);
    }

    #[test]
    fn identifiers_read_back() {
        let id = TokenId::new(Timestamp::from_seconds(1_000), [9; 10]);
        assert_eq!(TokenId::parse(&id.to_string()), Some(id));
        assert_eq!(TokenId::from_bytes(*id.as_bytes()), id);
        assert_eq!(TokenId::parse("7"), None);
    }

    #[test]
    fn hashes_show_nothing() {
        assert_eq!(format!("{:?}", ApiTokenHash::from_bytes([7; 32])), "ApiTokenHash(..)");
    }
}
