//! HTTP API tokens, of which only a hash is kept.

use crate::{AccountId, Timestamp};
use std::fmt;
use subtle::ConstantTimeEq;

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

/// One API token of an account, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Storage's number for it.
    pub id: i64,
    /// Whose requests it authenticates.
    pub account: AccountId,
    /// What the token is checked against.
    pub hash: ApiTokenHash,
    /// What people call it.
    pub label: Box<str>,
    /// When it was made.
    pub created_at: Timestamp,
}
