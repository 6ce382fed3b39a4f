//! An account's webhook over HTTP: exact key sets, the secret shown once, and every error.

use acceptance::bounded::run;
use acceptance::trunked::send;
use acceptance::webhook_receiver::{Reply, WebhookReceiver};
use acceptance::{Api, Server, binary};
use serde_json::{Value, json};
use std::time::Duration;

const KEYS: [&str; 9] = [
    "account_id",
    "created_at",
    "deliveries",
    "enabled",
    "events",
    "previous_secret_valid_until",
    "secret",
    "updated_at",
    "url",
];
const URL: &str = "https://hooks.example.com/calls?key=1";
const PATH: &str = "call-webhook";
/// Longer than any command may take on a busy machine.
const COMMAND_LIMIT: Duration = Duration::from_secs(60);

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn put(api: &Api, body: &Value, status: u16) -> Value {
    send(api, "PUT", PATH, body).expect(status)
}

fn get(api: &Api) -> Value {
    send(api, "GET", PATH, &Value::Null).expect(200)
}

fn rotated(api: &Api) -> Value {
    api.send("POST", &api.path("call-webhook/rotate-secret"), b"").expect(200)
}

fn secret(object: &Value) -> String {
    let secret = object["secret"].as_str().expect("a text").to_owned();
    let hexadecimal = secret.strip_prefix("whsec_").unwrap_or_else(|| panic!("{secret}"));
    assert!(hexadecimal.len() == 64 && hexadecimal.bytes().all(|octet| octet.is_ascii_hexdigit()), "{secret}");
    secret
}

#[test]
fn a_webhook_has_the_same_fields_everywhere_and_shows_its_secret_once() {
    let mut server = Server::start();
    let account = server.account("told");
    let api = server.api(&account);
    for (method, path) in
        [("GET", PATH), ("DELETE", PATH), ("POST", "call-webhook/rotate-secret"), ("POST", "call-webhook/test")]
    {
        api.send(method, &api.path(path), b"").expect_error(404);
    }
    let created = put(&api, &json!({"url": URL}), 201);
    let first = secret(&created);
    let nothing = json!({"waiting": 0, "last_success_at": null, "last_failure": null});
    let all = json!(["call.ringing", "call.answered", "call.ended"]);
    for (key, value) in [
        ("account_id", json!(account.auth_id)),
        ("url", json!(URL)),
        ("events", all.clone()),
        ("enabled", json!(true)),
        ("previous_secret_valid_until", Value::Null),
        ("deliveries", nothing),
        ("updated_at", created["created_at"].clone()),
    ] {
        assert_eq!(created[key], value, "{key}");
    }
    let shown = get(&api);
    let mut expected = created.clone();
    expected["secret"] = json!("<redacted>");
    assert_eq!((keys(&created), &shown), (KEYS.to_vec(), &expected));

    let changed =
        put(&api, &json!({"url": URL, "events": ["call.ended", "call.ringing", "call.ended"], "enabled": false}), 200);
    assert_eq!((keys(&changed), &changed["secret"]), (KEYS.to_vec(), &json!("<redacted>")));
    assert_eq!((&changed["events"], &changed["enabled"]), (&json!(["call.ringing", "call.ended"]), &json!(false)));
    assert_eq!(changed["created_at"], created["created_at"]);
    let without = put(&api, &json!({"url": null}), 200);
    assert_eq!(
        (&without["url"], &without["events"], &without["enabled"]),
        (&Value::Null, &changed["events"], &json!(false))
    );
    let said = api.send("POST", &api.path("call-webhook/test"), b"").expect_error(409);
    assert!(said["error"].as_str().is_some_and(|said| said.contains("no URL")), "{said}");

    let second = rotated(&api);
    assert_eq!(keys(&second), KEYS);
    assert!(second["previous_secret_valid_until"].as_str() > second["updated_at"].as_str(), "{second}");
    let second = secret(&second);
    assert_ne!(second, first);
    assert_eq!(get(&api)["secret"], "<redacted>");
    server.restart();
    let api = server.api(&account);
    assert_eq!(get(&api)["events"], changed["events"], "a restart changes nothing");
    for name in ["sipwarden.db", "sipwarden.db-wal"] {
        let file = std::fs::read(server.data_dir().join(name)).unwrap_or_default();
        for secret in [&first, &second] {
            let is_there = file.windows(secret.len()).any(|octets| octets == secret.as_bytes());
            assert!(!is_there, "{name} holds a secret in the clear");
        }
    }
    assert!(!server.stderr().contains("whsec_"), "a secret was logged");

    let deleted = api.send("DELETE", &api.path(PATH), b"");
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    for (method, path) in [("GET", PATH), ("DELETE", PATH), ("POST", "call-webhook/test")] {
        api.send(method, &api.path(path), b"").expect_error(404);
    }
    let again = put(&api, &json!({"url": URL}), 201);
    assert_ne!(secret(&again), second);
    assert_eq!(again["events"], all);
}

#[test]
fn every_error_names_its_field_and_changes_nothing() {
    let server = Server::start();
    let api = server.api(&server.account("errors"));
    let _created = put(&api, &json!({"url": URL}), 201);
    let before = get(&api);
    for (field, value) in [
        ("url", json!("")),
        ("url", json!(7)),
        ("url", json!("hooks.example.com")),
        ("url", json!("ftp://hooks.example.com/")),
        ("url", json!("https://user:secret@hooks.example.com/")),
        ("url", json!("https://hooks.example.com/\r\nX: y")),
        ("url", json!("http://169.254.169.254/latest/meta-data")),
        ("url", json!("http://0x7f000001/")),
        ("url", json!(format!("https://hooks.example.com/{}", "a".repeat(2048)))),
        ("events", json!([])),
        ("events", json!(["call.started"])),
        ("events", json!(vec!["call.ended"; 6])),
        ("events", json!("call.ended")),
        ("events", json!([1])),
        ("events", json!(null)),
        ("enabled", json!("yes")),
        ("enabled", json!(null)),
        ("secret", json!("whsec_mine")),
        ("method", json!("POST")),
    ] {
        let mut body = json!({"url": URL});
        body[field] = value;
        send(&api, "PUT", PATH, &body).expect_field_error(field);
    }
    send(&api, "PUT", PATH, &json!({})).expect_field_error("url");
    assert_eq!(get(&api), before);
}

#[test]
fn a_webhook_is_its_accounts_and_that_accounts_parents() {
    let server = Server::start();
    let api = server.api(&server.account("own"));
    let other = server.api(&server.account("other"));
    let _created = put(&api, &json!({"url": URL}), 201);
    let path = api.path(PATH);
    for (method, path) in
        [("GET", path.clone()), ("PUT", path.clone()), ("DELETE", path.clone()), ("POST", format!("{path}/test"))]
    {
        other.send(method, &path, br#"{"url":null}"#).expect_error(403);
        api.send_as(method, &path, &[("Content-Type", "application/json")], br#"{"url":null}"#).expect_error(401);
    }
    other.send("GET", &other.path(PATH), b"").expect_error(404);
    for (scope, may_read) in [("read_only", true), ("credentials_only", false)] {
        let made = send(&api, "POST", "tokens", &json!({"label": scope, "scope": scope})).expect(201);
        let token = made["auth_token"].as_str().expect("a token").to_owned();
        let account = api.path("").split('/').nth(4).expect("an auth id").to_owned();
        let identity =
            [("X-Auth-ID", account.as_str()), ("X-Auth-Token", token.as_str()), ("Content-Type", "application/json")];
        assert_eq!(api.send_as("GET", &path, &identity, b"").status, if may_read { 200 } else { 403 }, "{scope}");
        for (method, path) in [
            ("PUT", path.clone()),
            ("DELETE", path.clone()),
            ("POST", format!("{path}/rotate-secret")),
            ("POST", format!("{path}/test")),
        ] {
            api.send_as(method, &path, &identity, br#"{"url":null}"#).expect_error(403);
        }
    }
    assert_eq!(get(&api)["url"], URL);
}

#[test]
fn the_command_line_does_the_same() {
    let server = Server::start_with(&["--webhook-allow-network", "127.0.0.0/8"]);
    let (account, receiver) = (server.account("cli"), WebhookReceiver::start());
    let webhook = |arguments: &[&str]| {
        let finished = run(
            binary::command()
                .arg("webhook")
                .args(arguments)
                .env("SIPWARDEN_URL", format!("http://{}", server.http()))
                .env("SIPWARDEN_AUTH_ID", &account.auth_id)
                .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token),
            COMMAND_LIMIT,
        );
        (finished.code(), finished.stdout, finished.stderr)
    };
    let ok = |arguments: &[&str]| {
        let (code, stdout, stderr) = webhook(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
        stdout
    };
    let refused = |arguments: &[&str], part: &str| {
        let (code, _, stderr) = webhook(arguments);
        assert!(code == Some(1) && stderr.contains(part), "{arguments:?}: {code:?} {stderr}");
    };
    refused(&["show"], "no webhook");
    let made = ok(&["set", &receiver.url("/cli"), "--event", "call.ended"]);
    assert!(made.contains("whsec_") && made.contains("not shown again"), "{made}");
    assert!(ok(&["test"]).starts_with("Taken: 200 after "), "the receiver takes everything");
    assert_eq!(receiver.accepted(1)[0].event(), "webhook.test");
    receiver.answer_with(Reply::Status("500 Oops"));
    refused(&["test"], "answered with 500");
    let shown: Value = serde_json::from_str(&ok(&["show", "--json"])).expect("JSON");
    assert_eq!((keys(&shown), &shown["events"]), (KEYS.to_vec(), &json!(["call.ended"])));
    assert!(ok(&["rotate-secret"]).contains("whsec_"));
    let off: Value = serde_json::from_str(&ok(&["set", "--no-url", "--enabled", "off", "--json"])).expect("JSON");
    assert_eq!((&off["url"], &off["enabled"], &off["secret"]), (&Value::Null, &json!(false), &json!("<redacted>")));
    refused(&["set", "ftp://hooks.example.com/"], "http://");
    assert_eq!(webhook(&["set"]).0, Some(2), "a URL or --no-url");
    assert!(ok(&["delete"]).contains("gone"));
    refused(&["delete"], "no webhook");
}
