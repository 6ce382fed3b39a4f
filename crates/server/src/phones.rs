//! `sipwarden phones …`, over HTTP: who is online.
//!
//! What a phone says of itself is shown to a person at a terminal, who may paste it into a spreadsheet: neither may be
//! steered by it.

use crate::api_client::ApiClient;
use crate::cli::ServerAccess;
use crate::credential_command::{find, path_of};
use crate::failure::Failure;
use crate::operator_commands::table::{Column, table};
use crate::operator_commands::{print, segment};
use crate::tenant_cli::{PhonesCommand, PhonesFilter, PhonesOptions};
use domain::starts_a_formula;
use serde_json::{Value, json};

const COLUMNS: [Column; 6] = [
    ("USERNAME", "username"),
    ("CONTACT", "contact"),
    ("TRANSPORT", "transport"),
    ("SOURCE", "source"),
    ("EXPIRES", "expires_at"),
    ("USER-AGENT", "user_agent"),
];
/// Most registrations of one page.
const PAGE: usize = 1000;

pub(crate) async fn run(options: PhonesOptions) -> Result<(), Failure> {
    let PhonesOptions { command, filter, access } = options;
    match (command, access) {
        (Some(PhonesCommand::Remove { credential, registration, access }), _) => {
            remove(&credential, registration.as_deref(), &access).await
        }
        (None, Some(access)) => list(&filter, &access).await,
        (None, None) => Err(Failure::Refused("give --auth-id and --auth-token, or set SIPWARDEN_AUTH_ID".into())),
    }
}

async fn list(filter: &PhonesFilter, access: &ServerAccess) -> Result<(), Failure> {
    let client = client(access);
    let PhonesFilter { username, transport, source } = filter;
    let filters: String = [("username", username), ("transport", transport), ("source", source)]
        .into_iter()
        .filter_map(|(name, value)| Some(format!("&{name}={}", segment(value.as_deref()?))))
        .collect();
    let (mut phones, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("registrations?limit={PAGE}&cursor={}{filters}", segment(&cursor));
        let mut answer = client.call("GET", &path, None).await?.accepted()?;
        let Some(Value::Array(page)) = answer.get_mut("objects").map(Value::take) else {
            return Err(Failure::Refused("the answer is not of this API".into()));
        };
        phones.extend(page);
        match answer.pointer("/meta/next_cursor").and_then(Value::as_str) {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    print(access.json, &json!({ "phones": phones }), || match phones.as_slice() {
        [] => "No phone is online; `sipwarden credential create` prints what to type into one.\n".into(),
        phones => table(&COLUMNS, &phones.iter().map(harmless).collect::<Vec<_>>()),
    })
}

async fn remove(credential: &str, registration: Option<&str>, access: &ServerAccess) -> Result<(), Failure> {
    let client = client(access);
    let found = find(&client, credential).await?;
    let mut path = format!("{}/registrations", path_of(&found)?);
    if let Some(registration) = registration {
        path = format!("{path}/{}", segment(registration));
    }
    client.call("DELETE", &path, None).await?.accepted()?;
    let ended = json!({ "credential": found.get("id"), "registration": registration });
    print(access.json, &json!({ "ended": ended }), || {
        "Ended. Phones may register again; `sipwarden credential disable` keeps them out.\n".into()
    })
}

/// An object with every text made fit to be shown.
pub(crate) fn harmless(phone: &Value) -> Value {
    let Some(fields) = phone.as_object() else { return Value::Null };
    let shown = |value: &Value| value.as_str().map_or_else(|| value.clone(), |text| Value::String(shown(text)));
    Value::Object(fields.iter().map(|(name, value)| (name.clone(), shown(value))).collect())
}

/// A text without what a terminal obeys (control characters, and those that turn the direction of writing), and with an
/// apostrophe before what a spreadsheet would take for a formula.
fn shown(text: &str) -> String {
    let apostrophe = if starts_a_formula(text) { "'" } else { "" };
    format!("{apostrophe}{}", harmless_text(text))
}

/// A text without what a terminal obeys.
pub(crate) fn harmless_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_obeyed(character) { shown.extend(character.escape_unicode()) } else { shown.push(character) }
    }
    shown
}

/// Whether a terminal does something else with it than showing it.
fn is_obeyed(character: char) -> bool {
    let turns_direction = matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}');
    character.is_control() || turns_direction || matches!(character, '\u{2028}' | '\u{2029}')
}

fn client(access: &ServerAccess) -> ApiClient {
    ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_phone_says_steers_nothing() {
        for (text, expected) in [
            ("Yealink SIP-T46U 108.86.0.45", "Yealink SIP-T46U 108.86.0.45"),
            ("sip:alice@192.0.2.7", "sip:alice@192.0.2.7"),
            ("Telefon \u{e4}\u{4e2d}", "Telefon \u{e4}\u{4e2d}"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\u{9b}31m\u{7}\r\nb", "a\\u{9b}31m\\u{7}\\u{d}\\u{a}b"),
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("\t=1", "'\\u{9}=1"),
            ("a\u{202e}b", "a\\u{202e}b"),
        ] {
            assert_eq!(shown(text), expected);
        }
        assert_eq!(harmless(&json!({ "a": "=1", "b": null, "c": 2 })), json!({ "a": "'=1", "b": null, "c": 2 }));
    }
}
