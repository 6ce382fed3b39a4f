//! What was dialled, in one form, and whether it may be called.

use super::{CallRules, Digits};
use crate::E164;

/// Whom a call goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A number with its country code.
    International(E164),
    /// Digits as they were dialled, without the tech prefix: a number in the form of the next hop's own country.
    National(Box<str>),
    /// An emergency service, as it was dialled.
    Emergency(Digits),
}

/// Why a number may not be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DestinationRefused {
    /// It is no telephone number.
    #[error("what was dialled is no telephone number")]
    NotANumber,
    /// It is of another country, and none but the trunk's own is allowed.
    #[error("the trunk's rules allow no call to that country")]
    International,
    /// It begins with none of the allowed prefixes.
    #[error("the trunk's rules allow none of that prefix")]
    NotAllowed,
    /// It begins with a refused prefix.
    #[error("the trunk's rules refuse that prefix")]
    Refused,
}

/// Shortest number in national form that is not taken for a service or an extension.
const SHORTEST_SUBSCRIBER: usize = 7;

impl CallRules {
    /// Brings what was dialled into one form and decides whether it may be called.
    ///
    /// `-`, `.`, `(` and `)` are left out, then the tech prefix. A number with `+`, `00` or `011` in front has a
    /// country code. Where the trunk's own is known, one 0 in front stands for it, digits that begin with it and are
    /// long enough have it, and other long numbers get it; short ones stay as they were dialled.
    ///
    /// # Errors
    /// [`DestinationRefused`]; whether an emergency call can be made is for [`CallRules::emergency_uri`] to say.
    pub fn destination(&self, dialled: &str) -> Result<Destination, DestinationRefused> {
        let plain: String = dialled.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')')).collect();
        let plain = self.without_tech_prefix(&plain);
        if let Some(number) = self.emergency_numbers.iter().find(|number| number.as_str() == plain) {
            return Ok(Destination::Emergency(number.clone()));
        }
        let destination = self.normalised(plain)?;
        match &destination {
            Destination::International(number) => self.check_international(number)?,
            Destination::National(digits) => self.check_national(digits)?,
            Destination::Emergency(_) => {}
        }
        Ok(destination)
    }

    fn without_tech_prefix<'d>(&self, dialled: &'d str) -> &'d str {
        self.tech_prefix.as_ref().and_then(|prefix| dialled.strip_prefix(prefix.as_str())).unwrap_or(dialled)
    }

    fn normalised(&self, dialled: &str) -> Result<Destination, DestinationRefused> {
        let with_country_code = |digits: &str| {
            let parsed = E164::parse(&format!("+{digits}"));
            parsed.map(Destination::International).map_err(|_| DestinationRefused::NotANumber)
        };
        let prefixed = ["+", "011", "00"].into_iter().find_map(|prefix| dialled.strip_prefix(prefix));
        if let Some(digits) = prefixed {
            return with_country_code(digits);
        }
        if !(1..=20).contains(&dialled.len()) || !dialled.bytes().all(|b| b.is_ascii_digit()) {
            return Err(DestinationRefused::NotANumber);
        }
        let Some(home) = self.home_country_code.as_ref().map(Digits::as_str) else {
            return Ok(Destination::National(dialled.into()));
        };
        let national = dialled.strip_prefix('0');
        if national.is_none() && dialled.len() < SHORTEST_SUBSCRIBER {
            Ok(Destination::National(dialled.into()))
        } else if dialled.starts_with(home) && dialled.len() >= home.len() + SHORTEST_SUBSCRIBER {
            with_country_code(dialled)
        } else {
            with_country_code(&format!("{home}{}", national.unwrap_or(dialled)))
        }
    }

    fn check_international(&self, number: &E164) -> Result<(), DestinationRefused> {
        if begins_with_one_of(number.digits(), &self.refused_prefixes) {
            return Err(DestinationRefused::Refused);
        }
        let is_home = self.home_country_code.as_ref().is_some_and(|home| number.digits().starts_with(home.as_str()));
        if self.international || is_home || begins_with_one_of(number.digits(), &self.allowed_prefixes) {
            Ok(())
        } else {
            Err(DestinationRefused::International)
        }
    }

    /// Nobody knows the country of these digits; where prefixes are set, they are compared as dialled.
    fn check_national(&self, digits: &str) -> Result<(), DestinationRefused> {
        let unlimited = self.allowed_prefixes.is_empty() || self.home_country_code.is_some() || self.international;
        if begins_with_one_of(digits, &self.refused_prefixes) {
            Err(DestinationRefused::Refused)
        } else if unlimited || begins_with_one_of(digits, &self.allowed_prefixes) {
            Ok(())
        } else {
            Err(DestinationRefused::NotAllowed)
        }
    }
}

fn begins_with_one_of(number: &str, prefixes: &[Digits]) -> bool {
    prefixes.iter().any(|prefix| number.starts_with(prefix.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(texts: &[&str]) -> Vec<Digits> {
        texts.iter().map(|text| Digits::parse(text).unwrap()).collect()
    }

    fn check(rules: &CallRules, table: &[(&str, Result<&str, DestinationRefused>)]) {
        for (dialled, expected) in table {
            let found = rules.destination(dialled).map(|destination| match destination {
                Destination::International(number) => number.to_string(),
                Destination::National(digits) => digits.into(),
                Destination::Emergency(number) => format!("emergency {number}"),
            });
            assert_eq!(found, expected.map(str::to_owned), "{dialled}");
        }
    }

    #[test]
    fn by_default_nothing_has_a_country_code() {
        check(
            &CallRules::default(),
            &[
                ("0301234567", Ok("0301234567")),
                ("2125551234", Ok("2125551234")),
                ("+4930123456", Err(DestinationRefused::International)),
                ("004930123456", Err(DestinationRefused::International)),
                ("01144930123456", Err(DestinationRefused::International)),
                ("112", Ok("emergency 112")),
                ("9-1-1", Ok("emergency 911")),
                ("", Err(DestinationRefused::NotANumber)),
                ("+", Err(DestinationRefused::NotANumber)),
                ("alice", Err(DestinationRefused::NotANumber)),
                ("123;phone-context=x", Err(DestinationRefused::NotANumber)),
                ("123456789012345678901", Err(DestinationRefused::NotANumber)),
            ],
        );
    }

    #[test]
    fn a_home_country_takes_national_numbers_for_its_own() {
        let rules = CallRules {
            home_country_code: Some(Digits::parse("49").unwrap()),
            refused_prefixes: digits(&["49900"]),
            ..CallRules::default()
        };
        check(
            &rules,
            &[
                ("030 123".trim_end_matches(" 123"), Ok("+4930")),
                ("(030)123-4567", Ok("+49301234567")),
                ("+49301234567", Ok("+49301234567")),
                ("0049301234567", Ok("+49301234567")),
                ("49301234567", Ok("+49301234567")),
                ("2125551234", Ok("+492125551234")),
                ("11833", Ok("11833")),
                ("0900123456", Err(DestinationRefused::Refused)),
                ("+49900123456", Err(DestinationRefused::Refused)),
                ("+12125551234", Err(DestinationRefused::International)),
            ],
        );
    }

    #[test]
    fn prefixes_allow_and_refuse() {
        let rules = CallRules { allowed_prefixes: digits(&["1212", "44"]), ..CallRules::default() };
        check(
            &rules,
            &[
                ("+12125551234", Ok("+12125551234")),
                ("12125551234", Ok("12125551234")),
                ("0114420123456", Ok("+4420123456")),
                ("+13125551234", Err(DestinationRefused::International)),
                ("3125551234", Err(DestinationRefused::NotAllowed)),
            ],
        );
        let abroad = CallRules {
            international: true,
            refused_prefixes: digits(&["882", "1900"]),
            tech_prefix: Some(Digits::parse("7788").unwrap()),
            ..CallRules::default()
        };
        check(
            &abroad,
            &[
                ("+882123456", Err(DestinationRefused::Refused)),
                ("1900555", Err(DestinationRefused::Refused)),
                ("7788004930123", Ok("+4930123")),
                ("7788112", Ok("emergency 112")),
                ("+4930123", Ok("+4930123")),
            ],
        );
    }
}
