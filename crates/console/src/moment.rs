//! Moments, as pages show them: in UTC, for the browser to show in its own zone.

use domain::Timestamp;
use std::fmt::{self, Display};

/// A moment that a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub Timestamp);

impl Moment {
    /// The last day that ends no later, as a date field has it.
    pub fn last_day(&self) -> String {
        printed(self.0.plus_seconds(-1), "%Y-%m-%d")
    }

    /// As `datetime` attributes have it.
    pub fn machine(&self) -> String {
        printed(self.0, "%Y-%m-%dT%H:%M:%SZ")
    }
}

/// For who has no script.
impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printed(self.0, "%Y-%m-%d %H:%M:%S UTC"))
    }
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

fn printed(at: Timestamp, format: &str) -> String {
    let moment = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    moment.strftime(format).to_string()
}

/// A length of time as people say it: the two largest units.
pub(crate) fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        (1, _, _) => format!("1 day {hours} h"),
        _ => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_spans_are_readable() {
        let moment = Moment(Timestamp::from_seconds(1_778_562_711));
        assert_eq!(moment.machine(), "2026-05-12T05:11:51Z");
        assert_eq!(moment.to_string(), "2026-05-12 05:11:51 UTC");
        let said = [0, 59, 61, 3_700, 90_000, 200_000].map(span);
        assert_eq!(said, ["0 s", "59 s", "1 min 1 s", "1 h 1 min", "1 day 1 h", "2 days"]);
    }
}
