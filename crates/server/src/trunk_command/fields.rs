//! `FIELD=VALUE` as the HTTP API's types.

use crate::failure::Failure;
use serde_json::{Map, Value, json};

const NUMBERS: [&str; 6] =
    ["concurrent_calls_limit", "cps_limit", "max_concurrent_calls", "minutes_per_day", "priority", "weight"];
const FLAGS: [&str; 8] = [
    "enabled",
    "enable_transcription",
    "international",
    "pii_redaction",
    "recording",
    "recording_webhook_enabled",
    "require_srtp",
    "secure",
];
const LISTS: [&str; 4] = ["allowed_prefixes", "emergency_numbers", "passed_headers", "refused_prefixes"];

/// A body of those pairs and of what was given by itself. What a field means is the server's to judge.
pub(super) fn body<const N: usize>(pairs: &[String], own: [(&str, String); N]) -> Result<Value, Failure> {
    let mut body: Map<String, Value> = own.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    for pair in pairs {
        let (name, text) = pair
            .split_once('=')
            .ok_or_else(|| Failure::Refused(format!("{pair} is not FIELD=VALUE; write it like description=lobby")))?;
        body.insert(name.to_owned(), value(name, text));
    }
    Ok(Value::Object(body))
}

fn value(name: &str, text: &str) -> Value {
    let number = || NUMBERS.contains(&name).then(|| text.parse::<u64>().ok()).flatten().map(Value::from);
    let flag = || FLAGS.contains(&name).then(|| text.parse::<bool>().ok()).flatten().map(Value::from);
    let list = || LISTS.contains(&name).then(|| text.split(',').filter(|entry| !entry.is_empty()).collect());
    number().or_else(flag).or_else(list).unwrap_or_else(|| json!(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_the_types_of_the_api() {
        let pairs = [
            "cps_limit=3",
            "secure=true",
            "description=true=1",
            "allowed_prefixes=44,1212",
            "emergency_numbers=",
            "weight=x",
        ];
        let pairs = pairs.map(str::to_owned);
        let expected = json!({"name": "n", "cps_limit": 3, "secure": true, "description": "true=1",
            "allowed_prefixes": ["44", "1212"], "emergency_numbers": [], "weight": "x"});
        assert_eq!(body(&pairs, [("name", "n".to_owned())]).unwrap(), expected);
        assert!(body(&["secure".to_owned()], []).is_err());
    }
}
