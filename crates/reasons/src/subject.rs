//! Who it was, and how often.

use crate::moment::moment;
use domain::AuthRecord;

/// "alice (Yealink SIP-T46S) at 10.0.0.7".
pub(crate) fn of(record: &AuthRecord) -> String {
    if record.source == AuthRecord::MANY_SOURCES {
        return "Several senders".to_owned();
    }
    let who = if record.username.is_empty() { "A sender" } else { &*record.username };
    let phone = if record.user_agent.is_empty() { String::new() } else { format!(" ({})", record.user_agent) };
    format!("{who}{phone} at {}", record.source.ip())
}

/// "; 37 times until Sun 2026-11-22 21:14 UTC", or nothing for a single attempt.
pub(crate) fn how_often(record: &AuthRecord) -> String {
    if record.attempts > 1 {
        format!("; {} times until {}", record.attempts, moment(record.last_at))
    } else {
        String::new()
    }
}
