//! Moments as people read them.

use domain::Timestamp;

/// To the minute, in UTC.
pub(crate) fn moment(moment: Timestamp) -> String {
    let known = jiff::Timestamp::from_microsecond(moment.as_micros()).unwrap_or(jiff::Timestamp::MAX);
    known.strftime("%a %Y-%m-%d %H:%M UTC").to_string()
}
