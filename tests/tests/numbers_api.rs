//! Numbers: allocated by the operator, listed, assigned and sent elsewhere by the tenant over HTTP, and every error.

use acceptance::{Account, Answer, Api, Server, binary};
use serde_json::{Value, json};

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
const KEYS: [&str; 9] = [
    "account_id",
    "called_number_in",
    "created_at",
    "e164",
    "target",
    "target_origination_uri",
    "target_username",
    "trunk_id",
    "updated_at",
];

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn send(api: &Api, method: &str, path: &str, body: &Value) -> Answer {
    api.send(method, &api.path(path), body.to_string().as_bytes())
}

fn allocate(server: &Server, number: &str, account: &Account) -> Value {
    let printed = binary::sipwarden_on(&server.data_dir(), &["number", "allocate", number, &account.auth_id, "--json"]);
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
}

fn trunk(api: &Api, name: &str) -> String {
    send(api, "POST", "trunks", &json!({"name": name})).expect(201)["trunk_id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_number_is_allocated_assigned_sent_elsewhere_and_released() {
    let server = Server::start();
    let account = server.account("numbers");
    let api = server.api(&account);
    let (allocated, second) = (allocate(&server, "+4930123456", &account), allocate(&server, "+4930123457", &account));
    assert_eq!(keys(&allocated), KEYS);
    assert_eq!((&allocated["trunk_id"], &allocated["target"]), (&json!(""), &json!("trunk")));
    let listed = api.send("GET", &api.path("numbers"), b"").expect(200);
    assert_eq!(listed, json!({"meta": {"limit": 20, "offset": 0, "total": 2}, "objects": [allocated, second]}));

    let (first, other) = (trunk(&api, "first"), trunk(&api, "other"));
    // As clients send the plus sign, as it may arrive too, and left out.
    for path in ["numbers/%2B4930123456/assign", "numbers/+4930123456/assign/", "numbers/4930123456/assign"] {
        let assigned = send(&api, "POST", path, &json!({"trunk_group_id": first})).expect(200);
        assert_eq!((keys(&assigned), &assigned["trunk_id"]), (KEYS.to_vec(), &json!(first)));
    }
    let taken = send(&api, "POST", "numbers/%2B4930123456/assign", &json!({"trunk_group_id": other}));
    let said = taken.expect_error(409);
    assert_eq!(said["error"], "The number is assigned to another trunk; unassign it first");

    let _credential = api.credential("lobby", "correct horse 1");
    let hop = send(&api, "POST", "origination-uris", &json!({"uri": "sip:gw.example.com"})).expect(201);
    for (body, expected) in [
        (
            json!({"target": "username", "target_username": "lobby", "called_number_in": "request_uri"}),
            ("username", "lobby", ""),
        ),
        (
            json!({"target": "origination_uri", "target_origination_uri": hop["id"]}),
            ("origination_uri", "", hop["id"].as_str().expect("an id")),
        ),
        (json!({"called_number_in": "to"}), ("origination_uri", "", hop["id"].as_str().expect("an id"))),
        (json!({"target": "trunk"}), ("trunk", "", "")),
    ] {
        let updated = send(&api, "PUT", "numbers/%2B4930123456", &body).expect(200);
        let told =
            ["target", "target_username", "target_origination_uri"].map(|key| updated[key].as_str().expect("a text"));
        assert_eq!((told, keys(&updated)), ([expected.0, expected.1, expected.2], KEYS.to_vec()));
        assert_eq!(api.send("GET", &api.path("numbers/%2B4930123456"), b"").expect(200), updated);
    }
    assert_eq!(api.send("DELETE", &api.path("numbers/%2B4930123456/assign"), b"").status, 204);
    send(&api, "POST", "numbers/%2B4930123456/assign", &json!({"trunk_group_id": other})).expect(200);
    // A deleted trunk lets go of its numbers.
    assert_eq!(api.send("DELETE", &api.path(&format!("trunks/{other}")), b"").status, 204);
    assert_eq!(api.send("GET", &api.path("numbers/%2B4930123456"), b"").expect(200)["trunk_id"], "");

    let again = binary::sipwarden(&[
        "number",
        "allocate",
        "+4930123456",
        &account.auth_id,
        "--data-dir",
        &server.data_dir().to_string_lossy(),
    ]);
    assert!(again.code() == Some(1) && again.stderr.contains("allocated already"), "{}", again.stderr);
    let _printed = binary::sipwarden_on(&server.data_dir(), &["number", "release", "+4930123456"]);
    api.send("GET", &api.path("numbers/%2B4930123456"), b"").expect_error(404);
}

#[test]
fn every_error_names_its_field() {
    let server = Server::start();
    let account = server.account("errors");
    let api = server.api(&account);
    let number = allocate(&server, "+4930123456", &account);
    let path = "numbers/%2B4930123456";
    for (field, value) in [("trunk_group_id", json!("x")), ("trunk_group_id", json!(null)), ("name", json!("x"))] {
        let mut body = json!({"trunk_group_id": NOBODY});
        body[field] = value;
        send(&api, "POST", &format!("{path}/assign"), &body).expect_field_error(field);
    }
    send(&api, "POST", &format!("{path}/assign"), &json!({})).expect_field_error("trunk_group_id");
    send(&api, "POST", &format!("{path}/assign"), &json!({"trunk_group_id": NOBODY})).expect_error(400);
    for (body, field) in [
        (json!({"target": "voicemail"}), "target"),
        (json!({"target": "username"}), "target_username"),
        (json!({"target_username": "lobby"}), "target_username"),
        (json!({"target": "trunk", "target_origination_uri": NOBODY}), "target_origination_uri"),
        (json!({"target": "username", "target_username": "a\r\nb"}), "target_username"),
        (json!({"called_number_in": "via"}), "called_number_in"),
        (json!({"trunk_id": NOBODY}), "trunk_id"),
    ] {
        send(&api, "PUT", path, &body).expect_field_error(field);
    }
    for body in [
        json!({"target": "username", "target_username": "nobody"}),
        json!({"target": "origination_uri", "target_origination_uri": NOBODY}),
    ] {
        send(&api, "PUT", path, &body).expect_error(400);
    }
    assert_eq!(api.send("GET", &api.path(path), b"").expect(200), number);
    let stranger = server.api(&server.account("stranger"));
    for missing in [path, "numbers/%2B999999999", "numbers/x", "numbers/%2B0"] {
        stranger.send("GET", &stranger.path(missing), b"").expect_error(404);
        send(&stranger, "PUT", missing, &json!({"target": "trunk"})).expect_error(404);
    }
}

#[test]
fn the_operator_sets_how_many_calls_an_account_may_have() {
    let server = Server::start();
    let account = server.account("limits");
    let api = server.api(&account);
    let limits = || {
        let me = api.send("GET", "/api/v1/auth/me", b"").expect(200);
        ["concurrent_calls_limit", "cps_limit", "base_concurrent_calls_limit", "base_cps_limit"]
            .map(|key| me[key].clone())
    };
    assert_eq!(limits(), [100, 20, 100, 20].map(|limit| json!(limit)));
    let set = ["account", "set-limits", &account.auth_id, "--concurrent-calls", "7"];
    let _printed = binary::sipwarden_on(&server.data_dir(), &set);
    assert_eq!(limits(), [7, 20, 7, 20].map(|limit| json!(limit)));
}
