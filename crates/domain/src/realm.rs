//! The digest realm: what HA1 binds a username and password to.

use crate::HostName;
use std::fmt;

/// The number storage gives a realm.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RealmId(pub i64);

/// The realm string of a challenge, byte for byte as HA1 was computed over it.
///
/// 1 to 128 printable ASCII characters other than `"` and `\`, so that it never needs escaping in a quoted string
/// and two spellings of one realm cannot exist.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RealmName(Box<str>);

/// Why a text is not a [`RealmName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a realm is 1 to 128 printable ASCII characters without '\"' and '\\', not starting or ending with a space")]
pub struct RealmNameError;

impl RealmName {
    /// Most characters a realm may have.
    pub const MAX_LENGTH: usize = 128;

    /// Parses a realm.
    ///
    /// # Errors
    /// [`RealmNameError`] unless the text has the form described there.
    pub fn parse(text: &str) -> Result<Self, RealmNameError> {
        let printable = text.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\');
        let trimmed = text.trim_matches(' ').len() == text.len();
        if (1..=Self::MAX_LENGTH).contains(&text.len()) && printable && trimmed {
            Ok(Self(text.into()))
        } else {
            Err(RealmNameError)
        }
    }

    /// The realm as it stands in challenges.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The realm as a host, if it has the form of one: phones commonly take their domain as the realm and back.
    #[must_use]
    pub fn as_host(&self) -> Option<HostName> {
        HostName::parse(&self.0).ok()
    }
}

impl fmt::Display for RealmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RealmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RealmName({})", self.0)
    }
}

/// Which digest algorithms a realm's challenges offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ChallengePolicy {
    /// One challenge: SHA-256 where the User-Agent is known to answer it, else MD5. Two challenges in one answer
    /// break some phone in either order.
    #[default]
    Compatible,
    /// SHA-256 only.
    Sha256,
    /// SHA-512-256, SHA-256 and MD5, strongest first (RFC 8760 section 2.4).
    Rfc8760,
}

impl ChallengePolicy {
    /// All policies, in the order they are documented.
    pub const ALL: [Self; 3] = [Self::Compatible, Self::Sha256, Self::Rfc8760];

    /// The name used in storage, on the command line and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Sha256 => "sha256",
            Self::Rfc8760 => "rfc8760",
        }
    }

    /// The policy of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == name)
    }
}

/// A realm as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// Storage's number for it.
    pub id: RealmId,
    /// The string HA1 binds to.
    pub name: RealmName,
    /// What its challenges offer.
    pub challenge_policy: ChallengePolicy,
    /// What else it offers and accepts.
    pub rules: DigestRules,
}

/// What a realm's digest does besides its policy; by default nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DigestRules {
    /// Whether challenges offer `qop=auth-int` beside `auth`, and answers with it are accepted (RFC 7616 section 3.4.3).
    pub auth_int: bool,
    /// Whether answers without `qop` (RFC 2069) are accepted; a nonce is then good once.
    pub without_qop: bool,
    /// Whether MD5 was retired: storage keeps no HA1 under it for any credential that is written from then on.
    pub md5_retired: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms() {
        for good in ["MA_XXXXXXXX.sip.localhost", "asterisk", "VoIP Realm 7", "a"] {
            assert!(RealmName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", " a", "a ", "a\"b", "a\\b", "a\nb", "ä", "a\u{7f}", &"r".repeat(129)] {
            assert!(RealmName::parse(bad).is_err(), "{bad}");
        }
        let realm = RealmName::parse("MA_X1.sip.localhost").unwrap();
        assert_eq!(realm.as_host().map(|h| h.to_string()), Some("ma_x1.sip.localhost".into()));
        assert_eq!(RealmName::parse("VoIP Realm").unwrap().as_host(), None);
    }

    #[test]
    fn policy_names_round_trip() {
        for policy in ChallengePolicy::ALL {
            assert_eq!(ChallengePolicy::from_name(policy.as_str()), Some(policy));
        }
        assert_eq!(ChallengePolicy::from_name("md5"), None);
    }
}
