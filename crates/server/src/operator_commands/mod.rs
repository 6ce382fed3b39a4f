//! The operator's commands: each asks the operator API and prints the answer, as text that ends with what to do.

mod account;
mod account_export;
pub(crate) mod account_token;
pub(crate) mod algorithms;
mod backup;
mod default_account;
mod host;
mod keys;
mod operator_token;
mod realm;
pub(crate) mod table;

pub(crate) use account::account;
pub(crate) use backup::backup;
pub(crate) use default_account::default_account;
pub(crate) use keys::keys;
pub(crate) use operator_token::operator_token;
pub(crate) use realm::realm;

use crate::cli::Installation;
use crate::failure::Failure;
use crate::operator_client::{Ask, OperatorClient};
use serde_json::{Map, Value};
use std::io::Write as _;

/// Most objects of one page.
pub(crate) const PAGE: usize = 1000;

/// A question of one answer.
pub(crate) async fn ask(
    installation: Installation,
    method: &'static str,
    (path, body): (&str, Option<Value>),
) -> Result<Value, Failure> {
    let mut client = OperatorClient::reach(installation).await?;
    let answer = client.ask(Ask { method, path, body }).await;
    client.close().await;
    answer
}

/// Every object of a list, page by page.
pub(crate) async fn all_objects(installation: Installation, path: &str) -> Result<Vec<Value>, Failure> {
    let mut client = OperatorClient::reach(installation).await?;
    let mut objects = Vec::new();
    loop {
        let page = format!("{path}?limit={PAGE}&offset={}", objects.len());
        let mut answer = client.ask(Ask { method: "GET", path: &page, body: None }).await?;
        let Some(Value::Array(page)) = answer.get_mut("objects").map(Value::take) else {
            return Err(Failure::Refused("the answer is not of this API".into()));
        };
        let last = page.len() < PAGE;
        objects.extend(page);
        if last {
            client.close().await;
            return Ok(objects);
        }
    }
}

/// Prints JSON if that was asked for, else the text.
pub(crate) fn print(json: bool, value: &Value, text: impl FnOnce() -> String) -> Result<(), Failure> {
    let printed = if json { format!("{value}\n") } else { text() };
    std::io::stdout().write_all(printed.as_bytes()).map_err(Failure::Output)
}

/// An object of the fields that were given.
pub(crate) fn given<const N: usize>(fields: [(&str, Option<String>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?)))).collect()
}

/// A text field of an answer, empty where there is none.
pub(crate) fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A path segment, percent-encoded.
pub(crate) fn segment(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            encoded.push(char::from(octet));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{octet:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_hold_anything() {
        assert_eq!(segment("MA_1.a-b~"), "MA_1.a-b~");
        assert_eq!(segment("a/b ä?#%"), "a%2Fb%20%C3%A4%3F%23%25");
    }
}
