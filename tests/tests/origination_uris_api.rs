//! Origination URIs and their secrets over HTTP: exact key sets in create, get, list and update, and every error.

use acceptance::{Answer, Api, Server};
use serde_json::{Value, json};

const KEYS: [&str; 10] = [
    "account_id",
    "created_at",
    "description",
    "enabled",
    "id",
    "priority",
    "transport",
    "updated_at",
    "uri",
    "weight",
];

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn send(api: &Api, method: &str, path: &str, body: &Value) -> Answer {
    api.send(method, &api.path(path), body.to_string().as_bytes())
}

#[test]
fn an_origination_uri_has_the_same_ten_fields_everywhere() {
    let server = Server::start();
    let account = server.account("hops");
    let api = server.api(&account);
    let created =
        send(&api, "POST", "origination-uris", &json!({"sip_uri": "sip:gw.example.com:5070", "name": "main"}));
    let created = created.expect(201);
    assert_eq!(keys(&created), KEYS);
    for (key, value) in [
        ("uri", json!("sip:gw.example.com:5070")),
        ("description", json!("main")),
        ("priority", json!(10)),
        ("weight", json!(10)),
        ("enabled", json!(true)),
        ("transport", json!("udp")),
        ("account_id", json!(account.auth_id)),
    ] {
        assert_eq!(created[key], value, "{key}");
    }
    let all = json!({"uri": "sips:[2001:db8::1]:5061;lr", "description": "spare", "priority": 0, "weight": 65535,
        "enabled": false, "transport": "tls"});
    let second = send(&api, "POST", "origination-uris", &all).expect(201);
    for (key, value) in all.as_object().expect("an object") {
        assert_eq!(&second[key], value, "{key}");
    }
    let listed = api.send("GET", &api.path("trunks/origination-uris"), b"").expect(200);
    assert_eq!(listed, json!({"meta": {"limit": 20, "offset": 0, "total": 2}, "objects": [created, second]}));
    let path = format!("origination-uris/{}", created["id"].as_str().expect("an id"));
    let updated = send(&api, "PUT", &path, &json!({"weight": 0, "uri": "sip:192.0.2.1"})).expect(200);
    assert_eq!(keys(&updated), KEYS);
    assert_eq!(
        (&updated["weight"], &updated["uri"], &updated["priority"]),
        (&json!(0), &json!("sip:192.0.2.1"), &json!(10))
    );
    assert_eq!(api.send("GET", &api.path(&path), b"").expect(200), updated);
    let deleted = api.send("DELETE", &api.path(&path), b"");
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    for method in ["GET", "DELETE"] {
        api.send(method, &api.path(&path), b"").expect_error(404);
    }
}

#[test]
fn every_error_names_its_field() {
    let server = Server::start();
    let account = server.account("errors");
    let api = server.api(&account);
    let made = send(&api, "POST", "origination-uris", &json!({"uri": "sip:gw.example.com"})).expect(201);
    let path = format!("origination-uris/{}", made["id"].as_str().expect("an id"));
    for (field, value) in [
        ("uri", json!("")),
        ("uri", json!(null)),
        ("uri", json!("gw.example.com")),
        ("uri", json!("http://gw.example.com")),
        ("uri", json!("tel:+4930123456")),
        ("uri", json!("sip:gw.example.com?Route=%3Csip:b%3E")),
        ("uri", json!("sip:gw.example.com\r\nRoute: <sip:b>")),
        ("uri", json!("sip:user:secret@gw.example.com")),
        ("uri", json!("sip:gw.example.com:0")),
        ("uri", json!(format!("sip:{}.example.com", "a".repeat(255)))),
        ("description", json!("a\nb")),
        ("priority", json!(65_536)),
        ("priority", json!(-1)),
        ("weight", json!("10")),
        ("enabled", json!(0)),
        ("transport", json!("sctp")),
        ("password", json!("secret")),
    ] {
        let mut body = json!({"uri": "sip:gw.example.com"});
        body[field] = value.clone();
        send(&api, "POST", "origination-uris", &body).expect_field_error(field);
        send(&api, "PUT", &path, &json!({field: value})).expect_field_error(field);
    }
    send(&api, "POST", "origination-uris", &json!({})).expect_field_error("sip_uri");
    send(&api, "POST", "origination-uris", &json!({"uri": "sip:a.example", "sip_uri": "sip:a.example"}))
        .expect_field_error("uri");
    let trunk = send(&api, "POST", "trunks", &json!({"name": "loop"})).expect(201);
    for ours in
        [&account.sip_domain, trunk["trunk_domain"].as_str().expect("a host"), "sip.localhost", "x.SIP.localhost"]
    {
        let body = json!({"uri": format!("sip:echo@{ours}:5060")});
        for (method, path) in [("POST", "origination-uris"), ("PUT", path.as_str())] {
            let said = send(&api, method, path, &body).expect_error(400);
            assert!(said["error"].as_str().is_some_and(|said| said.contains("leads to this server")), "{said}");
        }
    }
    assert_eq!(api.send("GET", &api.path(&path), b"").expect(200), made);
    api.send("GET", &api.path("origination-uris/x"), b"").expect_error(404);
}

#[test]
fn a_secret_is_shown_without_its_password_and_stored_sealed() {
    let server = Server::start();
    let api = server.api(&server.account("secrets"));
    let made = send(&api, "POST", "origination-uris", &json!({"uri": "sip:gw.example.com"})).expect(201);
    let path = format!("origination-uris/{}/secret", made["id"].as_str().expect("an id"));
    api.send("GET", &api.path(&path), b"").expect_error(404);
    api.send("DELETE", &api.path(&path), b"").expect_error(404);
    let secret = json!({"username": "trunk4711", "password": "needle in the database"});
    let shown = send(&api, "PUT", &path, &secret).expect(200);
    let expected = json!({"username": "trunk4711", "password": "<redacted>", "register": false, "expires_seconds": 0,
        "registration": null});
    assert_eq!(shown, expected);
    let registering = json!({"username": "trunk4711", "password": "needle in the database", "register": true, "expires_seconds": 600});
    let shown = send(&api, "PUT", &path, &registering).expect(200);
    assert_eq!((&shown["register"], &shown["expires_seconds"]), (&json!(true), &json!(600)));
    assert_eq!(api.send("GET", &api.path(&path), b"").expect(200), shown);
    for (field, value) in [
        ("username", json!("")),
        ("username", json!("a\"b")),
        ("username", json!("a\r\nb")),
        ("password", json!("")),
        ("password", json!("a\u{0}b")),
        ("password", json!(null)),
        ("register", json!("yes")),
        ("expires_seconds", json!(59)),
        ("realm", json!("x")),
    ] {
        let mut body = secret.clone();
        body[field] = value;
        send(&api, "PUT", &path, &body).expect_field_error(field);
    }
    let whole = api.send("GET", &api.path(path.trim_end_matches("/secret")), b"").expect(200);
    assert_eq!(keys(&whole), KEYS, "nothing of it in the object");
    for name in ["sipwarden.db", "sipwarden.db-wal"] {
        let stored = std::fs::read(server.data_dir().join(name)).unwrap_or_default();
        assert!(!stored.windows(6).any(|octets| octets == b"needle"), "{name}");
    }
    assert!(!server.stderr().contains("needle"));
    assert_eq!(api.send("DELETE", &api.path(&path), b"").status, 204);
    api.send("GET", &api.path(&path), b"").expect_error(404);
}
