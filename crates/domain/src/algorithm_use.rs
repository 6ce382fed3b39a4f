//! Which digest algorithms a credential's phones have used, and when.

use crate::{CredentialId, DigestAlgorithm, Timestamp};
use std::fmt;

/// A day of UTC, as days since 1970-01-01; reaches to the year 2149.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(pub u16);

/// Seconds of a day without leap seconds, as Unix time counts.
const SECONDS: u64 = 86_400;

impl Day {
    /// The day of that moment.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        Self(u16::try_from(moment.as_unix_seconds() / SECONDS).unwrap_or(u16::MAX))
    }

    /// The day that many days before, at the earliest the first one.
    #[must_use]
    pub const fn minus_days(self, days: u16) -> Self {
        Self(self.0.saturating_sub(days))
    }
}

/// `2026-11-22` (RFC 3339 section 5.6 `full-date`).
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Years that begin in March have their odd day at the end: counted from 0000-03-01, 400 years at a time.
        let days = u32::from(self.0) + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + u32::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Day({self})")
    }
}

/// That a credential was used with an algorithm, from one day to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlgorithmUse {
    /// The credential.
    pub credential: CredentialId,
    /// The algorithm, its `-sess` form included.
    pub algorithm: DigestAlgorithm,
    /// The first day it was used.
    pub first_day: Day,
    /// The last day it was used.
    pub last_day: Day,
    /// The User-Agent of the first use on the last day: what the phone claims, cut to 64 octets and without control
    /// characters.
    pub user_agent: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_dates() {
        for (seconds, date) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (86_400, "1970-01-02"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_709_164_800, "2024-02-29"),
            (1_735_689_599, "2024-12-31"),
            (1_735_689_600, "2025-01-01"),
            (1_795_305_600, "2026-11-22"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(Day::of(Timestamp::from_seconds(seconds)).to_string(), date, "{seconds}");
        }
        assert_eq!(Day(u16::MAX).to_string(), "2149-06-06");
        assert_eq!(Day(3).minus_days(7), Day(0));
    }
}
