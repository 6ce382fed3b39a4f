//! What phones on a library say, a line of JSON for each thing that happens: see `data/javascript` and `data/python`.

use crate::bounded::read_lossy;
use serde_json::Value;
use std::path::Path;

/// Their lines of JSON as SIP messages and as lines `event: …`; what is no JSON stays as it is.
#[must_use]
pub fn messages(printed: &Path) -> String {
    let mut text = String::new();
    for line in read_lossy(printed).lines() {
        let said: Value = serde_json::from_str(line).unwrap_or_default();
        let part = |key: &str| said[key].as_str().map(str::to_owned);
        let message = part("sent").or_else(|| part("received"));
        let event = part("event").map(|event| format!("event: {event}\n{line}"));
        text.push_str(&message.or(event).unwrap_or_else(|| line.to_owned()));
        text.push('\n');
    }
    text
}

/// What the phone itself says of its registration, once it says something.
#[must_use]
pub fn verdict(output: &str) -> Option<bool> {
    let said = |event: &str| output.lines().any(|line| line == format!("event: {event}"));
    if said("registered") {
        Some(true)
    } else if said("failed") || said("error") {
        Some(false)
    } else {
        None
    }
}
