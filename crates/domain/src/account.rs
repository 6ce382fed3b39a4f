//! A tenant.

use crate::{AccountSettings, CallLimits, HostName, RealmId, Timestamp};
use std::fmt;
use uuid::Uuid;

/// The number storage gives an account. It shows only where clients expect a number: as the `id` of a sub-account and
/// of `auth/me`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AccountId(pub i64);

/// The account's public identifier, `MA_` and eight letters or digits unless the operator chose another.
///
/// It appears in paths, in `X-Auth-ID`, in the default realm and (lower-cased, `_` as `-`) in the account's SIP domain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthId(Box<str>);

/// Why a text is not an [`AuthId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an auth id is 3 to 32 letters, digits and '_', starting with a letter and ending with a letter or digit")]
pub struct AuthIdError;

impl AuthId {
    /// Most characters an auth id may have: its SIP domain label must stay a legal DNS label.
    pub const MAX_LENGTH: usize = 32;

    /// Parses the text form.
    ///
    /// # Errors
    /// [`AuthIdError`] unless the text has the form described there.
    pub fn parse(text: &str) -> Result<Self, AuthIdError> {
        let bytes = text.as_bytes();
        let inner_ok = bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
        let starts = bytes.first().is_some_and(u8::is_ascii_alphabetic);
        let ends = bytes.last().is_some_and(u8::is_ascii_alphanumeric);
        if (3..=Self::MAX_LENGTH).contains(&bytes.len()) && inner_ok && starts && ends {
            Ok(Self(text.into()))
        } else {
            Err(AuthIdError)
        }
    }

    /// A main account's identifier from eight random octets: `MA_` and eight of `A-Z0-9`.
    #[must_use]
    pub fn from_random(random: [u8; 8]) -> Self {
        Self::drawn("MA_", random)
    }

    /// A sub-account's identifier from eight random octets: `SA_` and eight of `A-Z0-9`.
    #[must_use]
    pub fn of_sub_account_from_random(random: [u8; 8]) -> Self {
        Self::drawn("SA_", random)
    }

    fn drawn(prefix: &str, random: [u8; 8]) -> Self {
        const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let mut text = String::with_capacity(11);
        text.push_str(prefix);
        for octet in random {
            let symbol = ALPHABET.get(usize::from(octet) % ALPHABET.len()).copied().unwrap_or(b'A');
            text.push(char::from(symbol));
        }
        Self(text.into_boxed_str())
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The label that stands for this account in a legal host name: lower case, `_` as `-`.
    #[must_use]
    pub fn to_domain_label(&self) -> String {
        self.0.to_ascii_lowercase().replace('_', "-")
    }
}

impl fmt::Display for AuthId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AuthId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthId({})", self.0)
    }
}

/// A tenant as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Storage's number for it.
    pub id: AccountId,
    /// Its public identifier.
    pub auth_id: AuthId,
    /// What people call it, 1 to 128 characters.
    pub name: Box<str>,
    /// The realm its credentials belong to; fixed for life, because HA1 binds to it.
    pub realm: RealmId,
    /// Its own legal SIP domain, which leads to the realm.
    pub sip_domain: HostName,
    /// The account whose tokens administer this one; a sub-account has no sub-accounts of its own.
    pub parent: Option<AccountId>,
    /// A disabled account authenticates nobody, over HTTP or SIP, and neither do its sub-accounts.
    pub enabled: bool,
    /// A second public identifier that clients of the hosted service expect, drawn at random.
    pub api_id: ApiId,
    /// What is known of whoever it belongs to.
    pub profile: AccountProfile,
    /// How many calls it may have, over all its trunks; the operator sets them.
    pub limits: CallLimits,
    /// What it decides about its own credentials and events.
    pub settings: AccountSettings,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
}

/// The `api_id` of an account: a UUID that authenticates nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ApiId(Uuid);

impl ApiId {
    /// A random identifier (RFC 9562 section 5.4).
    #[must_use]
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(random).into_uuid())
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

impl fmt::Display for ApiId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for ApiId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiId({self})")
    }
}

/// What is known of whoever an account belongs to. Stored and shown; nothing is decided by it, except that a
/// `rate_limit` other than 0 bounds the account's HTTP requests.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AccountProfile {
    /// An address for people to write to, at most 254 characters.
    pub email: Option<Box<str>>,
    /// A telephone number for people to call, at most 64 characters.
    pub phone: Option<Box<str>>,
    /// A note, at most 255 characters.
    pub description: Option<Box<str>>,
    /// A JSON object the parent keeps with a sub-account, at most 4096 octets; its meaning is the parent's.
    pub permissions: Option<Box<str>>,
    /// HTTP requests per minute its tokens may make together; 0 for what the server allows everybody.
    pub rate_limit: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auth_ids() {
        for good in ["MA_XXXXXXXX", "SA_12345678", "acme", "MA_a"] {
            assert!(AuthId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "MA", "_MA", "MA_", "MA-XXXX", "MA XX", "1MA", "MÄ_XXXX", &"A".repeat(33)] {
            assert!(AuthId::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(AuthId::parse("MA_AbC").map(|id| id.to_domain_label()), Ok("ma-abc".into()));
        let drawn = AuthId::from_random([0, 255, 36, 1, 2, 3, 4, 5]);
        assert_eq!(AuthId::parse(drawn.as_str()), Ok(drawn));
        assert!(AuthId::of_sub_account_from_random([0; 8]).as_str().starts_with("SA_"));
    }
}
