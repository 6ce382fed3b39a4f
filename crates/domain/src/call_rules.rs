//! What the calls of a trunk may do: whom they may reach, and as whom.

use crate::OriginationUriId;
use crate::trunk::named;
use std::fmt;

mod destination;

pub use destination::{Destination, DestinationRefused};

named! {
    /// What happens to a caller's number that is not the trunk's.
    CallerIdentity {
        /// It is shown.
        Allow = "allow",
        /// One of the trunk's is shown instead.
        Replace = "replace",
        /// The call is refused.
        Reject = "reject",
    }
}

named! {
    /// What happens to a REFER within a call.
    ReferPolicy {
        /// It is refused.
        Refuse = "refuse",
        /// It is passed to the other side, which decides.
        Pass = "pass",
    }
}

/// Up to 15 digits, at least one: what a dialled number begins with, or a whole short number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits(Box<str>);

/// Why a text is not [`Digits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 15 digits, without '+', spaces or anything else")]
pub struct DigitsError;

impl Digits {
    /// Parses them.
    ///
    /// # Errors
    /// [`DigitsError`].
    pub fn parse(text: &str) -> Result<Self, DigitsError> {
        let well_formed = (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if well_formed { Ok(Self(text.into())) } else { Err(DigitsError) }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digits({})", self.0)
    }
}

/// A header field that may cross from one leg of a call to the other: `Identity`, `Privacy`, `Diversion`,
/// `History-Info`, a field beginning with `X-`, or `X-*` for all of those. Whatever decides anything (routes,
/// identities, credentials) cannot be named.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PassedHeader(Box<str>);

/// Why a text is not a [`PassedHeader`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be Identity, Privacy, Diversion, History-Info, a name beginning with X- of at most 64 letters, digits and '-', or X-*"
)]
pub struct PassedHeaderError;

impl PassedHeader {
    const NAMED: [&str; 4] = ["Identity", "Privacy", "Diversion", "History-Info"];

    /// Parses a name, in any case.
    ///
    /// # Errors
    /// [`PassedHeaderError`].
    pub fn parse(text: &str) -> Result<Self, PassedHeaderError> {
        if let Some(known) = Self::NAMED.iter().find(|known| known.eq_ignore_ascii_case(text)) {
            return Ok(Self((*known).into()));
        }
        let rest = text.get(..2).filter(|start| start.eq_ignore_ascii_case("x-")).and_then(|_| text.get(2..));
        let rest = rest.ok_or(PassedHeaderError)?;
        let plain = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if text.len() <= 64 && (plain || rest == "*") {
            Ok(Self(format!("X-{rest}").into()))
        } else {
            Err(PassedHeaderError)
        }
    }

    /// The name as it is written in messages, or `X-*`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it means a header field of that name.
    #[must_use]
    pub fn means(&self, name: &str) -> bool {
        let is_private = || name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"));
        if &*self.0 == "X-*" { is_private() } else { self.0.eq_ignore_ascii_case(name) }
    }
}

impl fmt::Debug for PassedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassedHeader({})", self.0)
    }
}

/// What the calls of a trunk may do. The default lets callers reach numbers of their own country's form only, shows
/// one of the trunk's numbers, and refuses emergency calls and transfers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRules {
    /// What happens to a caller's number that is not the trunk's.
    pub caller_identity: CallerIdentity,
    /// The country the trunk is in: its numbers may be called, and numbers in national form are taken for its own.
    pub home_country_code: Option<Digits>,
    /// Beginnings of further numbers that may be called, with country code.
    pub allowed_prefixes: Vec<Digits>,
    /// Beginnings of numbers that may not be called, whatever else is allowed; with country code.
    pub refused_prefixes: Vec<Digits>,
    /// Whether any country may be called.
    pub international: bool,
    /// Digits that are taken off what was dialled, where it begins with them.
    pub tech_prefix: Option<Digits>,
    /// Most minutes of answered calls that begin on one day (UTC).
    pub minutes_per_day: Option<u32>,
    /// Numbers of emergency services, as they are dialled.
    pub emergency_numbers: Vec<Digits>,
    /// Where emergency calls go, whatever the limits; without it they are refused, and the refusal says so.
    pub emergency_uri: Option<OriginationUriId>,
    /// What happens to a REFER within a call.
    pub refer: ReferPolicy,
    /// Whether both sides' session descriptions must ask for SRTP.
    pub require_srtp: bool,
    /// Header fields that cross besides those every call needs.
    pub passed_headers: Vec<PassedHeader>,
}

impl CallRules {
    /// Most entries in each list.
    pub const MOST: usize = 100;
    /// Most minutes a day that can be set.
    pub const MOST_MINUTES: u32 = 10_000_000;
}

impl Default for CallRules {
    fn default() -> Self {
        Self {
            caller_identity: CallerIdentity::Replace,
            home_country_code: None,
            allowed_prefixes: Vec::new(),
            refused_prefixes: Vec::new(),
            international: false,
            tech_prefix: None,
            minutes_per_day: None,
            emergency_numbers: ["112", "911"].map(|number| Digits(number.into())).to_vec(),
            emergency_uri: None,
            refer: ReferPolicy::Refuse,
            require_srtp: false,
            passed_headers: ["Identity", "Privacy"].map(|name| PassedHeader(name.into())).to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_may_cross() {
        for (text, printed) in [("privacy", "Privacy"), ("x-call-ID", "X-call-ID"), ("X-*", "X-*")] {
            assert_eq!(PassedHeader::parse(text).unwrap().as_str(), printed);
        }
        let long = format!("X-{}", "a".repeat(63));
        for bad in
            ["", "X-", "Route", "P-Asserted-Identity", "Authorization", "X-a:", "X-a\r\n", "X-a*", "*", "X-ä", &long]
        {
            assert_eq!(PassedHeader::parse(bad), Err(PassedHeaderError), "{bad:?}");
        }
        assert!(PassedHeader::parse("X-*").unwrap().means("x-anything"));
        assert!(!PassedHeader::parse("X-*").unwrap().means("Route"));
        assert!(PassedHeader::parse("X-A").unwrap().means("x-a"));
    }

    #[test]
    fn digits() {
        assert_eq!(Digits::parse("0049").map(|digits| digits.to_string()), Ok("0049".into()));
        for bad in ["", "+49", "49 30", "1234567890123456", "٣", "1\r\n"] {
            assert_eq!(Digits::parse(bad), Err(DigitsError), "{bad:?}");
        }
    }
}
