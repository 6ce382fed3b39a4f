//! What the `credential` commands print: for people, or the API's own JSON.

use crate::failure::Failure;
use serde_json::{Value, json};
use std::io::Write as _;

/// One credential.
pub(crate) fn print_credential(credential: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print(&format!("{credential}\n"));
    }
    let lines = ["id", "username", "realm", "enabled", "created_at", "updated_at"]
        .map(|name| format!("  {:<12} {}\n", name.replace('_', " "), plain(&credential[name])));
    print(&lines.concat())
}

/// A new credential and what to type into a phone; with `generated` the password, this once.
pub(crate) fn print_new(
    credential: &Value,
    (settings, url): (&Value, &str),
    (generated, as_json): (Option<&str>, bool),
) -> Result<(), Failure> {
    if as_json {
        let mut value = json!({ "credential": credential, "phone_settings": settings });
        if let (Some(object), Some(password)) = (value.as_object_mut(), generated) {
            object.insert("generated_password".into(), password.into());
        }
        return print(&format!("{value}\n"));
    }
    let mut text = format!("Created {}.\n", plain(&credential["id"]));
    if let Some(password) = generated {
        text += &format!("Password, shown this once: {password}\n");
    }
    text += "\nType into the phone:\n\n";
    for server in settings["servers"].as_array().into_iter().flatten() {
        let host = server["host"].as_str().unwrap_or_else(|| host_of(url));
        let place =
            format!("{host}, port {}, transport {}", server["port"], plain(&server["transport"]).to_uppercase());
        text += &format!("  {:<22} {place}\n", "SIP server / proxy");
        if let Some(url) = server["url"].as_str() {
            text += &format!("  {:<22} {url}\n", "WebSocket URL");
        }
    }
    for (label, value) in [
        ("Domain", &settings["domain"]),
        ("Username", &credential["username"]),
        ("Authentication name", &credential["username"]),
        ("Realm, if it asks", &credential["realm"]),
    ] {
        text += &format!("  {label:<22} {}\n", plain(value));
    }
    print(&text)
}

/// A page of credentials.
pub(crate) fn print_list(list: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print(&format!("{list}\n"));
    }
    let objects = list["objects"].as_array().map(Vec::as_slice).unwrap_or_default();
    if objects.is_empty() {
        return print("No credentials here; create one with `sipwarden credential create USERNAME --generate`.\n");
    }
    let row = |[id, username, state, created]: [&str; 4]| format!("{id:<36}  {username:<32}  {state:<8}  {created}\n");
    let mut text = row(["ID", "USERNAME", "STATE", "CREATED"]);
    for object in objects {
        let state = if object["enabled"] == true { "enabled" } else { "disabled" };
        let (id, username, created) = (plain(&object["id"]), plain(&object["username"]), plain(&object["created_at"]));
        text += &row([&id, &username, state, &created]);
    }
    text += &format!("{} of {}\n", objects.len(), list.pointer("/meta/total").unwrap_or(&Value::Null));
    print(&text)
}

/// What a credential demands.
pub(crate) fn print_requirements(requirements: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print(&format!("{requirements}\n"));
    }
    let networks: Vec<String> = requirements["networks"].as_array().into_iter().flatten().map(plain).collect();
    let networks = if networks.is_empty() { "all".to_owned() } else { networks.join(", ") };
    let secure = if requirements["secure_transport"] == true { "required" } else { "not required" };
    print(&format!(
        "  {:<12} {}\n  {:<12} {secure}\n  {:<12} {networks}\n",
        "algorithm",
        plain(&requirements["algorithm"]),
        "TLS",
        "networks"
    ))
}

/// A value for machines or a sentence for people.
pub(crate) fn print_one_line(value: &Value, sentence: &str, as_json: bool) -> Result<(), Failure> {
    if as_json { print(&format!("{value}\n")) } else { print(&format!("{sentence}\n")) }
}

pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The host of `http://host:port/…`.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => authority.get(..colon).unwrap_or(authority),
        _ => authority,
    }
}

pub(super) fn print(text: &str) -> Result<(), Failure> {
    std::io::stdout().write_all(text.as_bytes()).map_err(Failure::Output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_urls() {
        for (url, host) in [
            ("http://127.0.0.1:8080", "127.0.0.1"),
            ("https://sip.example.com/x", "sip.example.com"),
            ("http://[::1]:8080/", "[::1]"),
            ("http://[::1]", "[::1]"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}
