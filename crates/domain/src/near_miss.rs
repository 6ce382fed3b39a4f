//! What nearly went right.

/// What a phone has nearly done right, or what stood between it and us: a closed set like that of the reasons. None of
/// them says anything about a password.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NearMiss {
    /// The answer was computed for another realm, which the record names.
    OtherRealm,
    /// The username has a domain, as `user@domain`; the part before it is a credential's.
    DomainInUsername,
    /// A credential's username differs in the case of its letters alone.
    LetterCase,
    /// The username is a credential's but for white space around it.
    WhiteSpace,
    /// The username is a SIP URI, as `sip:user@domain`, whose user is a credential's.
    UriAsUsername,
    /// No username was sent.
    NoUsername,
    /// The answer was made with MD5 where the realm offers better algorithms only.
    Md5Only,
    /// The phone did not answer a challenge without MD5.
    NoCommonAlgorithm,
    /// The same request came again and again: our answers do not seem to reach the phone.
    AnswerNotArriving,
    /// The nonce was ours and is past its lifetime.
    NonceExpired,
    /// The nonce is of before a restart, or of another node.
    NonceOfOtherBoot,
    /// The nonce was forgotten to make room for newer ones.
    NonceForgotten,
    /// The phone's Date header is off by minutes.
    ClockOff,
}

impl NearMiss {
    /// Every one.
    pub const ALL: [Self; 13] = [
        Self::OtherRealm,
        Self::DomainInUsername,
        Self::LetterCase,
        Self::WhiteSpace,
        Self::UriAsUsername,
        Self::NoUsername,
        Self::Md5Only,
        Self::NoCommonAlgorithm,
        Self::AnswerNotArriving,
        Self::NonceExpired,
        Self::NonceOfOtherBoot,
        Self::NonceForgotten,
        Self::ClockOff,
    ];

    /// The name used by API and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OtherRealm => "other_realm",
            Self::DomainInUsername => "domain_in_username",
            Self::LetterCase => "letter_case",
            Self::WhiteSpace => "white_space",
            Self::UriAsUsername => "uri_as_username",
            Self::NoUsername => "no_username",
            Self::Md5Only => "md5_only",
            Self::NoCommonAlgorithm => "no_common_algorithm",
            Self::AnswerNotArriving => "answer_not_arriving",
            Self::NonceExpired => "nonce_expired",
            Self::NonceOfOtherBoot => "nonce_of_other_boot",
            Self::NonceForgotten => "nonce_forgotten",
            Self::ClockOff => "clock_off",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|near_miss| near_miss.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for near_miss in NearMiss::ALL {
            assert_eq!(NearMiss::from_name(near_miss.as_str()), Some(near_miss));
        }
        assert_eq!(NearMiss::from_name(""), None);
    }
}
