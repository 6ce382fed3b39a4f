//! Moments as text.

use domain::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::Serialize;
use utoipa::ToSchema;

/// Always six digits, like the documented API: clients parse with a fixed format.
const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// A moment in UTC with microseconds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(
    as = Moment,
    format = DateTime,
    pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z$",
    example = "2026-05-12T05:11:51.635106Z"
)]
pub(crate) struct Moment(String);

/// Reads a moment as clients write it (RFC 3339, any offset).
pub(crate) fn parsed(text: &str) -> Result<Timestamp, &'static str> {
    let moment: Result<jiff::Timestamp, _> = text.parse();
    moment
        .map(|moment| Timestamp::from_micros(moment.as_microsecond()))
        .map_err(|_| "must be a moment like 2026-05-12T05:11:51Z")
}

impl Moment {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Timestamp> for Moment {
    /// The nearest moment a calendar has for moments beyond.
    fn from(moment: Timestamp) -> Self {
        let micros = moment.as_micros();
        let nearest = if micros < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        Self(PRINTER.timestamp_to_string(&jiff::Timestamp::from_microsecond(micros).unwrap_or(nearest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (micros, expected) in [
            (1_778_562_711_635_106, "2026-05-12T05:11:51.635106Z"),
            (1_778_562_711_000_000, "2026-05-12T05:11:51.000000Z"),
            (1_778_562_711_100_000, "2026-05-12T05:11:51.100000Z"),
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (i64::MAX, "9999-12-30T22:00:00.999999Z"),
        ] {
            assert_eq!(Moment::from(Timestamp::from_micros(micros)).0, expected);
        }
    }
}
