//! What may be said of whoever an account belongs to. Nothing is decided by it but the request rate.

use crate::Description;
use domain::AccountProfile;

/// An address for people to write to: at most 254 characters, `local@domain`; empty removes it. It is never written to,
/// so it is not proven to exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(Box<str>);

/// A telephone number for people to call: at most 64 characters of digits, letters, spaces and `+-().#*/,;=`; empty
/// removes it. It is never called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneNumber(Box<str>);

/// A JSON object of at most 4096 octets that a parent keeps with a sub-account; its meaning is the parent's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions(Option<Box<str>>);

/// HTTP requests per minute, at most [`RateLimit::MAX`]; 0 for what the server allows everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimit(u32);

/// Why a field of a profile was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Not an [`Email`].
    #[error("must be an address like name@example.com of at most 254 characters, or empty")]
    Email,
    /// Not a [`PhoneNumber`].
    #[error("must be a telephone number of at most 64 characters, or empty")]
    Phone,
    /// Not [`Permissions`].
    #[error("must be a JSON object of at most 4096 octets")]
    Permissions,
    /// Not a [`RateLimit`].
    #[error("must be a whole number of requests per minute from 0 (the server's own limit) to 1000000")]
    RateLimit,
}

impl Email {
    /// Most characters (RFC 3696 erratum 1690).
    pub const MAX_CHARACTERS: usize = 254;

    /// Parses an address; without trying to be RFC 5322, whose exotic forms nobody uses here.
    ///
    /// # Errors
    /// [`ProfileError::Email`].
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let unprintable = |character: char| character.is_control() || character.is_whitespace();
        let shaped = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        let good = text.chars().count() <= Self::MAX_CHARACTERS && !text.chars().any(unprintable) && shaped;
        if text.is_empty() || good { Ok(Self(text.into())) } else { Err(ProfileError::Email) }
    }
}

impl PhoneNumber {
    /// Most characters.
    pub const MAX_CHARACTERS: usize = 64;

    /// Parses a number as people write it.
    ///
    /// # Errors
    /// [`ProfileError::Phone`].
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let dialled = |byte: u8| byte.is_ascii_alphanumeric() || b" +-().#*/,;=".contains(&byte);
        let good = text.len() <= Self::MAX_CHARACTERS && text.bytes().all(dialled);
        if good { Ok(Self(text.into())) } else { Err(ProfileError::Phone) }
    }
}

impl Permissions {
    /// Most octets, written without spaces.
    pub const MAX_OCTETS: usize = 4096;

    /// No permissions: removes what was kept.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Takes a JSON object.
    ///
    /// # Errors
    /// [`ProfileError::Permissions`].
    pub fn from_object(object: &serde_json::Map<String, serde_json::Value>) -> Result<Self, ProfileError> {
        let text = serde_json::to_string(object).map_err(|_| ProfileError::Permissions)?;
        if text.len() <= Self::MAX_OCTETS { Ok(Self(Some(text.into()))) } else { Err(ProfileError::Permissions) }
    }

    /// Parses the text of a JSON object.
    ///
    /// # Errors
    /// [`ProfileError::Permissions`].
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        Self::from_object(&serde_json::from_str(text).map_err(|_| ProfileError::Permissions)?)
    }
}

impl RateLimit {
    /// More is as good as none.
    pub const MAX: u32 = 1_000_000;

    /// Takes a number of requests per minute.
    ///
    /// # Errors
    /// [`ProfileError::RateLimit`].
    pub fn new(per_minute: u64) -> Result<Self, ProfileError> {
        let number = u32::try_from(per_minute).map_err(|_| ProfileError::RateLimit)?;
        if number <= Self::MAX { Ok(Self(number)) } else { Err(ProfileError::RateLimit) }
    }
}

/// What to change about a profile; what is absent stays, what is empty is removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfilePatch {
    /// An address for people to write to.
    pub email: Option<Email>,
    /// A number for people to call.
    pub phone: Option<PhoneNumber>,
    /// A note.
    pub description: Option<Description>,
    /// What the parent keeps with a sub-account.
    pub permissions: Option<Permissions>,
    /// HTTP requests per minute.
    pub rate_limit: Option<RateLimit>,
}

impl ProfilePatch {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn applied_to(&self, mut profile: AccountProfile) -> AccountProfile {
        let unless_empty = |text: &str| (!text.is_empty()).then(|| Box::from(text));
        if let Some(Email(text)) = &self.email {
            profile.email = unless_empty(text);
        }
        if let Some(PhoneNumber(text)) = &self.phone {
            profile.phone = unless_empty(text);
        }
        if let Some(description) = &self.description {
            profile.description = unless_empty(description.as_str());
        }
        if let Some(Permissions(object)) = &self.permissions {
            profile.permissions.clone_from(object);
        }
        if let Some(RateLimit(per_minute)) = self.rate_limit {
            profile.rate_limit = per_minute;
        }
        profile
    }

    /// The names of the fields it changes, for the audit log: their values are about people.
    pub(crate) fn changed_fields(&self) -> impl Iterator<Item = &'static str> {
        let fields = [
            self.email.is_some().then_some("email"),
            self.phone.is_some().then_some("phone"),
            self.description.is_some().then_some("description"),
            self.permissions.is_some().then_some("permissions"),
            self.rate_limit.is_some().then_some("rate_limit"),
        ];
        fields.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        let long = format!("{}@example.com", "a".repeat(243));
        for bad in ["a", "@", "a@", "@b", "a b@c", "a@b\n", &long] {
            assert_eq!(Email::parse(bad), Err(ProfileError::Email), "{bad}");
        }
        assert!(Email::parse(&long[1..]).is_ok() && Email::parse("").is_ok());
        for bad in ["+49 30\n", "<script>", &"1".repeat(65)] {
            assert_eq!(PhoneNumber::parse(bad), Err(ProfileError::Phone), "{bad}");
        }
        assert!(PhoneNumber::parse("+49 (30) 123-45, ext. 6").is_ok());
        for bad in ["", "[]", "1", "{", "null", &format!("{{\"a\":\"{}\"}}", "x".repeat(4089))] {
            assert_eq!(Permissions::parse(bad), Err(ProfileError::Permissions), "{bad}");
        }
        assert!(Permissions::parse(&format!("{{\"a\":\"{}\"}}", "x".repeat(4088))).is_ok());
        assert_eq!(RateLimit::new(1_000_001), Err(ProfileError::RateLimit));
        assert_eq!(RateLimit::new(u64::MAX), Err(ProfileError::RateLimit));
    }

    #[test]
    fn what_is_absent_stays_and_what_is_empty_is_removed() {
        let full = ProfilePatch {
            email: Email::parse("a@b").ok(),
            phone: PhoneNumber::parse("110").ok(),
            description: Description::parse("note").ok(),
            permissions: Permissions::parse("{ \"calls\": true }").ok(),
            rate_limit: RateLimit::new(60).ok(),
        };
        let profile = full.applied_to(AccountProfile::default());
        assert_eq!(profile.permissions.as_deref(), Some("{\"calls\":true}"));
        assert_eq!(ProfilePatch::default().applied_to(profile.clone()), profile);
        let emptied = ProfilePatch {
            email: Email::parse("").ok(),
            phone: PhoneNumber::parse("").ok(),
            description: Description::parse("").ok(),
            permissions: Some(Permissions::none()),
            rate_limit: Some(RateLimit::default()),
        };
        assert_eq!(emptied.applied_to(profile), AccountProfile::default());
        assert_eq!(emptied.changed_fields().count(), 5);
    }
}
