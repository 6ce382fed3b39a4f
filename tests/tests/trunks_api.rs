//! Trunks over HTTP: exact key sets in create, get, list and update, both generations of clients, and every error.

use acceptance::{Api, Server};
use serde_json::{Value, json};

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
const KEYS: [&str; 18] = [
    "account_id",
    "concurrent_calls_limit",
    "cps_limit",
    "created_at",
    "description",
    "enable_transcription",
    "name",
    "pii_redaction",
    "recording",
    "recording_webhook_enabled",
    "secure",
    "transport",
    "trunk_direction",
    "trunk_domain",
    "trunk_id",
    "trunk_status",
    "updated_at",
    "webhook_method",
];
const ONLY_IN_LISTS: [&str; 5] =
    ["credential_uuid", "inbound_destination", "pii_entity_types", "primary_uri_uuid", "webhook_url"];

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn send(api: &Api, method: &str, path: &str, body: &Value) -> acceptance::Answer {
    api.send(method, &api.path(path), body.to_string().as_bytes())
}

fn text<'v>(object: &'v Value, key: &str) -> &'v str {
    object[key].as_str().unwrap_or_else(|| panic!("no {key} in {object}"))
}

/// A credential, an entry of the access list and two next hops.
fn furnish(api: &Api) -> [String; 4] {
    let credential = api.credential("lobby", "correct horse 1");
    let entry = send(api, "POST", "ip-acl", &json!({"ip_address": "192.0.2.1"})).expect(201);
    let hop =
        |uri: &str| text(&send(api, "POST", "origination-uris", &json!({"uri": uri})).expect(201), "id").to_owned();
    [credential, text(&entry, "id").to_owned(), hop("sip:gw1.example.com"), hop("sip:gw2.example.com")]
}

#[test]
fn a_trunk_has_the_same_18_fields_everywhere_and_five_more_in_lists() {
    let server = Server::start();
    let account = server.account("trunks");
    let api = server.api(&account);
    let [credential, entry, first, second] = furnish(&api);
    let body = json!({
        "name": "Voice agents", "trunk_direction": "outbound", "trunk_status": "enabled", "secure": true,
        "transport": "tcp", "inbound_destination": "lobby", "description": "a note", "concurrent_calls_limit": 7,
        "cps_limit": 3, "credential_uuid": credential, "ipacl_uuid": entry, "primary_uri_uuid": first,
        "fallback_uri_uuid": second, "recording": true, "enable_transcription": true, "pii_redaction": true,
        "pii_entity_types": "name,iban", "webhook_url": "https://hooks.example.com/calls", "webhook_method": "get",
        "recording_webhook_enabled": true,
    });
    let created = send(&api, "POST", "trunks", &body).expect(201);
    assert_eq!(keys(&created), KEYS);
    for (key, value) in body.as_object().expect("an object") {
        if KEYS.contains(&key.as_str()) && key != "webhook_method" {
            assert_eq!(&created[key], value, "{key}");
        }
    }
    assert_eq!((text(&created, "webhook_method"), text(&created, "account_id")), ("GET", account.auth_id.as_str()));
    let id = text(&created, "trunk_id");
    assert_eq!(text(&created, "trunk_domain"), format!("{}.sip.localhost", &id[..8]));

    let path = format!("trunks/{id}");
    assert_eq!(send(&api, "GET", &path, &Value::Null).expect(200), created);
    let listed = api.send("GET", &api.path("trunks"), b"").expect(200);
    assert_eq!(listed["meta"], json!({"limit": 20, "offset": 0, "total": 1}));
    let item = &listed["objects"][0];
    let mut expected: Vec<&str> = KEYS.into_iter().chain(ONLY_IN_LISTS).collect();
    expected.sort_unstable();
    assert_eq!(keys(item), expected);
    assert_eq!((text(item, "credential_uuid"), text(item, "primary_uri_uuid")), (credential.as_str(), first.as_str()));
    assert_eq!(text(item, "inbound_destination"), "lobby");

    let emptied = json!({"inbound_destination": "", "pii_entity_types": "", "webhook_url": "", "credential_uuid": "",
        "primary_uri_uuid": "", "enabled": false, "name": "Renamed"});
    let updated = send(&api, "PUT", &path, &emptied).expect(200);
    assert_eq!(keys(&updated), KEYS);
    assert_eq!((text(&updated, "trunk_status"), text(&updated, "name")), ("inactive", "Renamed"));
    assert!(text(&updated, "updated_at") > text(&created, "updated_at"));
    let listed = api.send("GET", &api.path("trunks/?limit=1"), b"").expect(200);
    assert_eq!(keys(&listed["objects"][0]), KEYS, "nothing that is not set");
    let attached = send(&api, "GET", &format!("{path}/attachments"), &Value::Null).expect(200);
    assert_eq!((&attached["ip_acls"], &attached["fallback_uri"]), (&json!([entry]), &json!(second)));

    let deleted = api.send("DELETE", &api.path(&path), b"");
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    for method in ["GET", "DELETE"] {
        assert_eq!(api.send(method, &api.path(&path), b"").expect_error(404)["error"], "Trunk not found");
    }
    send(&api, "PUT", &path, &json!({"name": "x"})).expect_error(404);
    assert_eq!(api.send("GET", &api.path(&format!("credentials/{credential}")), b"").status, 200, "it stays");
}

#[test]
fn both_generations_of_clients_create() {
    let server = Server::start();
    let account = server.account("generations");
    let api = server.api(&account);
    let plain = send(&api, "POST", "trunks", &json!({"name": "plain"})).expect(201);
    for (key, value) in [
        ("trunk_status", json!("active")),
        ("trunk_direction", json!("both")),
        ("secure", json!(false)),
        ("transport", json!("udp")),
        ("concurrent_calls_limit", json!(10)),
        ("cps_limit", json!(2)),
        ("description", json!("")),
        ("webhook_method", json!("POST")),
        ("recording", json!(false)),
    ] {
        assert_eq!(plain[key], value, "{key}");
    }
    let attached = send(&api, "GET", &format!("trunks/{}/attachments", text(&plain, "trunk_id")), &Value::Null);
    assert_eq!(attached.expect(200)["has_next_hop"], false, "a trunk without a next hop is created and says so");
    let older = json!({"name": "older", "trunk_type": "INBOUND", "max_concurrent_calls": 25});
    // Either case, with and without a slash, and never a redirect.
    for account_segment in ["Account", "account"] {
        for slash in ["", "/"] {
            let path = format!("/api/v1/{account_segment}/{}/trunks{slash}", account.auth_id);
            let created = api.send("POST", &path, older.to_string().as_bytes()).expect(201);
            assert_eq!(
                (text(&created, "trunk_direction"), &created["concurrent_calls_limit"]),
                ("inbound", &json!(25))
            );
            assert_eq!(keys(&created), KEYS);
        }
    }
    let ids: std::collections::BTreeSet<String> = api.send("GET", &api.path("trunks"), b"").expect(200)["objects"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|trunk| text(trunk, "trunk_domain").to_owned())
        .collect();
    assert_eq!(ids.len(), 5, "each has a host of its own");
}

#[test]
fn a_repeated_creation_creates_once() {
    let server = Server::start();
    let api = server.api(&server.account("repeats"));
    for (path, list, body) in [
        ("trunks", "trunks", json!({"name": "once"})),
        ("ip-acl", "trunks/ip-acl", json!({"ip_address": "192.0.2.1"})),
        ("origination-uris", "trunks/origination-uris", json!({"uri": "sip:gw.example.com"})),
    ] {
        let post = |body: &Value| {
            let headers = [("Idempotency-Key", path), ("Content-Type", "application/json")];
            api.send_with("POST", &api.path(path), &headers, body.to_string().as_bytes())
        };
        let (first, again) = (post(&body), post(&body));
        assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")), "{path}");
        assert_eq!(first.expect(201), again.expect(201), "{path}");
        assert_eq!(api.send("GET", &api.path(list), b"").expect(200)["meta"]["total"], 1, "{path}");
        let mut other = body.clone();
        other["description"] = json!("another");
        assert_eq!(post(&other).status, 422, "{path}");
    }
}

#[test]
fn every_error_names_its_field_and_nothing_changes() {
    let server = Server::start();
    let api = server.api(&server.account("errors"));
    let [.., hop] = furnish(&api);
    let trunk = send(&api, "POST", "trunks", &json!({"name": "steady"})).expect(201);
    let path = format!("trunks/{}", text(&trunk, "trunk_id"));
    let wrong = [
        ("name", json!("")),
        ("name", json!("a\r\nb")),
        ("name", json!("x".repeat(129))),
        ("name", json!(null)),
        ("trunk_direction", json!("sideways")),
        ("trunk_status", json!("paused")),
        ("secure", json!("yes")),
        ("transport", json!("ws")),
        ("inbound_destination", json!("a b")),
        ("inbound_destination", json!("sip:")),
        ("inbound_destination", json!("sip:a.example\r\nRoute: <sip:b.example>")),
        ("description", json!("a\nb")),
        ("concurrent_calls_limit", json!(-1)),
        ("concurrent_calls_limit", json!(100_001)),
        ("cps_limit", json!(1.5)),
        ("cps_limit", json!(10_001)),
        ("credential_uuid", json!("x")),
        ("ipacl_uuid", json!(null)),
        ("primary_uri_uuid", json!("../x")),
        ("recording", json!(1)),
        ("pii_entity_types", json!("a\u{0}")),
        ("webhook_url", json!("ftp://hooks.example.com")),
        ("webhook_url", json!("http://127.0.0.1/")),
        ("webhook_url", json!("http://169.254.169.254/latest/meta-data")),
        ("webhook_url", json!("http://[::1]/")),
        ("webhook_url", json!("https://hooks.example.com/\r\nX: y")),
        ("webhook_method", json!("DELETE")),
        ("trunk_domain", json!("other.example")),
        ("color", json!("blue")),
    ];
    for (field, value) in &wrong {
        let mut body = json!({"name": "new"});
        body[*field] = value.clone();
        send(&api, "POST", "trunks", &body).expect_field_error(field);
        send(&api, "PUT", &path, &json!({*field: value})).expect_field_error(field);
    }
    for (body, field) in [
        (json!({}), "name"),
        (json!({"name": "a", "trunk_type": "INBOUND"}), "max_concurrent_calls"),
        (json!({"name": "a", "max_concurrent_calls": 3}), "trunk_type"),
        (
            json!({"name": "a", "trunk_type": "INBOUND", "max_concurrent_calls": 3, "trunk_direction": "both"}),
            "trunk_type",
        ),
        (json!({"name": "a", "enabled": true, "trunk_status": "active"}), "enabled"),
    ] {
        send(&api, "POST", "trunks", &body).expect_field_error(field);
    }
    for reference in [
        json!({"credential_uuid": NOBODY}),
        json!({"ipacl_uuid": NOBODY}),
        json!({"primary_uri_uuid": NOBODY}),
        json!({"fallback_uri_uuid": NOBODY}),
        json!({"inbound_destination": "nobody"}),
        json!({"inbound_destination": "sip:unknown.example.com"}),
    ] {
        let said = send(&api, "PUT", &path, &reference).expect_error(400);
        assert!(said["error"].as_str().is_some_and(|said| said.starts_with("This account has no such")), "{said}");
    }
    send(&api, "PUT", &path, &json!({"inbound_destination": "sip:gw2.example.com", "primary_uri_uuid": hop}))
        .expect(200);
    api.send("GET", &api.path("trunks/x"), b"").expect_error(404);
    api.send("PATCH", &api.path(&path), b"").expect_error(405);
    let listed = api.send("GET", &api.path("trunks"), b"").expect(200);
    assert_eq!(listed["meta"]["total"], 1);
}

#[test]
fn attachments_and_rules_have_resources_of_their_own() {
    let server = Server::start();
    let api = server.api(&server.account("attached"));
    let [credential, entry, first, second] = furnish(&api);
    let trunk = send(&api, "POST", "trunks", &json!({"name": "attached"})).expect(201);
    let path = format!("trunks/{}", text(&trunk, "trunk_id"));
    let attachments = json!({"credentials": [credential, credential], "ip_acls": [entry], "primary_uri": first,
        "origination_uris": [second, first]});
    let attached = send(&api, "PUT", &format!("{path}/attachments"), &attachments).expect(200);
    let expected = json!({"credentials": [credential], "ip_acls": [entry], "primary_uri": first, "fallback_uri": "",
        "origination_uris": [second, first], "has_next_hop": true});
    assert_eq!(attached, expected);
    for (field, value) in [
        ("credentials", json!([1])),
        ("credentials", json!(["x"])),
        ("ip_acls", json!("x")),
        ("primary_uri", json!("x")),
        ("origination_uris", json!((0..101).map(|_| NOBODY).collect::<Vec<_>>())),
        ("name", json!("x")),
    ] {
        send(&api, "PUT", &format!("{path}/attachments"), &json!({field: value})).expect_field_error(field);
    }
    send(&api, "PUT", &format!("{path}/attachments"), &json!({"ip_acls": [NOBODY]})).expect_error(400);
    assert_eq!(send(&api, "GET", &format!("{path}/attachments"), &Value::Null).expect(200), expected);
    // What is deleted is detached.
    for deleted in [format!("origination-uris/{first}"), format!("credentials/{credential}"), format!("ip-acl/{entry}")]
    {
        assert_eq!(api.send("DELETE", &api.path(&deleted), b"").status, 204);
    }
    let left = send(&api, "GET", &format!("{path}/attachments"), &Value::Null).expect(200);
    let expected = json!({"credentials": [], "ip_acls": [], "primary_uri": "", "fallback_uri": "",
        "origination_uris": [second], "has_next_hop": true});
    assert_eq!(left, expected);

    let rules = format!("{path}/rules");
    let default = json!({"caller_identity": "replace", "home_country_code": "", "allowed_prefixes": [],
        "refused_prefixes": [], "international": false, "tech_prefix": "", "minutes_per_day": 0,
        "emergency_numbers": ["112", "911"], "emergency_uri": "", "refer": "refuse", "require_srtp": false,
        "passed_headers": ["Identity", "Privacy"]});
    assert_eq!(send(&api, "GET", &rules, &Value::Null).expect(200), default);
    let set = json!({"caller_identity": "reject", "home_country_code": "49", "allowed_prefixes": ["1212"],
        "refused_prefixes": ["49900"], "international": true, "tech_prefix": "77", "minutes_per_day": 600,
        "emergency_numbers": ["110"], "emergency_uri": second, "refer": "pass", "require_srtp": true,
        "passed_headers": ["X-*"]});
    assert_eq!(send(&api, "PUT", &rules, &set).expect(200), set);
    for (field, value) in [
        ("caller_identity", json!("hide")),
        ("home_country_code", json!("+49")),
        ("home_country_code", json!("0049")),
        ("allowed_prefixes", json!(["+1"])),
        ("allowed_prefixes", json!(["0"])),
        ("allowed_prefixes", json!(["1234567890123456"])),
        ("allowed_prefixes", json!(["49\r\nX: y"])),
        ("refused_prefixes", json!([""])),
        ("tech_prefix", json!("#31#")),
        ("minutes_per_day", json!(-1)),
        ("emergency_numbers", json!(["one one two"])),
        ("emergency_uri", json!("x")),
        ("refer", json!("maybe")),
        ("passed_headers", json!(["Route"])),
        ("passed_headers", json!(["P-Asserted-Identity"])),
        ("passed_headers", json!(["X-a: b"])),
    ] {
        send(&api, "PUT", &rules, &json!({field: value})).expect_field_error(field);
    }
    assert_eq!(send(&api, "GET", &rules, &Value::Null).expect(200), set);
    send(&api, "PUT", &rules, &json!({"emergency_uri": NOBODY})).expect_error(400);
}
