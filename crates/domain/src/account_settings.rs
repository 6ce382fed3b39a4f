//! What an account decides about its own credentials and events.

use crate::{Networks, PasswordScore};

/// The settings of an account. Its own tokens may change them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AccountSettings {
    /// How long its authentication events are kept.
    pub event_retention: EventRetention,
    /// Passwords that score below it are refused; those that are there already stay.
    pub minimum_password_score: PasswordScore,
    /// Sources whose wrong answers for its credentials count towards no ban, and that no ban keeps from them.
    pub never_banned: Networks,
}

/// Whole days that authentication events are kept: 1 to 3650.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct EventRetention(u16);

impl EventRetention {
    /// Most days.
    pub const MAX_DAYS: u16 = 3650;

    /// So many days, if that many may be kept.
    #[must_use]
    pub const fn of_days(days: u16) -> Option<Self> {
        if days >= 1 && days <= Self::MAX_DAYS { Some(Self(days)) } else { None }
    }

    /// How many days.
    #[must_use]
    pub const fn days(self) -> u16 {
        self.0
    }
}

impl Default for EventRetention {
    /// 30 days: a month of Mondays to compare with.
    fn default() -> Self {
        Self(30)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_has_both_ends() {
        for days in [1, 30, EventRetention::MAX_DAYS] {
            assert_eq!(EventRetention::of_days(days).map(EventRetention::days), Some(days));
        }
        for days in [0, EventRetention::MAX_DAYS + 1] {
            assert_eq!(EventRetention::of_days(days), None);
        }
        assert_eq!(AccountSettings::default().event_retention.days(), 30);
    }
}
