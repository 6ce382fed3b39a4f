//! Telephone numbers, and where calls to them go.

use crate::{AccountId, OriginationUriId, Revision, Timestamp, TrunkId, Username};
use std::fmt;

/// A number in E.164 form: `+` and 3 to 15 digits, the first of them not 0.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct E164(Box<str>);

/// Why a text is not an [`E164`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number in E.164 form: '+', then 3 to 15 digits beginning with a country code, such as +4930123456")]
pub struct E164Error;

impl E164 {
    /// Parses the form with `+`, and only that.
    ///
    /// # Errors
    /// [`E164Error`] unless it has that form.
    pub fn parse(text: &str) -> Result<Self, E164Error> {
        let digits = text.strip_prefix('+').ok_or(E164Error)?;
        let well_formed =
            (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if well_formed { Ok(Self(text.into())) } else { Err(E164Error) }
    }

    /// The text, with its `+`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits after the `+`.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.0.strip_prefix('+').unwrap_or(&self.0)
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E164({})", self.0)
    }
}

/// Where a call to a number goes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum NumberTarget {
    /// Where its trunk sends inbound calls.
    #[default]
    Trunk,
    /// To the registered phones of that username of the account.
    Username(Username),
    /// To that origination URI of the account.
    OriginationUri(OriginationUriId),
}

/// In which header field a registered phone finds the number that was called; its Request-URI is its contact
/// otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CalledNumberIn {
    /// In the user part of the Request-URI, with the contact's host.
    RequestUri,
    /// In the To header field; the Request-URI is the contact.
    #[default]
    To,
}

impl CalledNumberIn {
    /// Every place.
    pub const ALL: [Self; 2] = [Self::RequestUri, Self::To];

    /// The name used in storage and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestUri => "request_uri",
            Self::To => "to",
        }
    }

    /// The place of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.as_str() == name)
    }
}

/// A number the operator has allocated to an account; unique in the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub e164: E164,
    /// Whose it is.
    pub account: AccountId,
    /// The trunk it is assigned to: calls to it come over that trunk, and the trunk's callers may show it.
    pub trunk: Option<TrunkId>,
    /// Where calls to it go.
    pub target: NumberTarget,
    /// Where phones find the number that was called.
    pub called_number_in: CalledNumberIn,
    /// When it was allocated.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// The revision that last wrote it; storage sets it, and a change made from an older one is refused.
    pub revision: Revision,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for good in ["+123", "+4930123456", "+123456789012345"] {
            assert_eq!(E164::parse(good).map(|number| number.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "+", "4930123456", "+12", "+0123", "+1234567890123456", "+49 30", "+49a", "++49", "+٤٩٣٠"] {
            assert_eq!(E164::parse(bad), Err(E164Error), "{bad}");
        }
        assert_eq!(E164::parse("+4930").unwrap().digits(), "4930");
        assert!(CalledNumberIn::ALL.into_iter().all(|place| CalledNumberIn::from_name(place.as_str()) == Some(place)));
    }
}
