//! The life of a credential over HTTP, and that every error of every route has the same form.

use acceptance::{Answer, Api, RawHttp, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const PASSWORD: &str = "correct horse 1";
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

#[test]
fn a_credential_lives_from_create_to_delete() {
    let server = Server::start();
    let api = server.api(&server.account("life"));
    let created = api.create("office_phone_01", PASSWORD).expect(201);
    let id = created["id"].as_str().expect("an id");
    let path = api.path(&format!("credentials/{id}"));
    assert_eq!(api.send("GET", &path, b"").expect(200), created);

    let disabled = api.update(id, &json!({"enabled": false}));
    assert_eq!(differences(&created, &disabled), ["enabled", "updated_at"].map(str::to_owned).into());
    assert!(disabled["updated_at"].as_str() > created["updated_at"].as_str(), "{disabled}");
    let renewed = api.update(id, &json!({"password": "another horse 2", "enabled": true}));
    assert_eq!(differences(&created, &renewed), ["updated_at".to_owned()].into());
    let described = api.update(id, &json!({"description": "The phone at the door"}));
    assert_eq!(differences(&renewed, &described).into_iter().filter(|key| key != "updated_at").count(), 0);
    assert_eq!(described.as_object().map(serde_json::Map::len), Some(8), "{described}");
    assert_eq!(api.send("GET", &path, b"").expect(200), described);

    api.delete(id);
    api.send("GET", &path, b"").expect_error(404);
    api.send("PUT", &path, br#"{"enabled":true}"#).expect_error(404);
    api.send("DELETE", &path, b"").expect_error(404);
    // A name is free again once its credential is gone, and what comes next is another credential.
    let next = api.create("office_phone_01", PASSWORD).expect(201);
    assert_ne!(next["id"], created["id"]);
}

#[test]
fn a_wrong_update_changes_nothing() {
    let server = Server::start();
    let api = server.api(&server.account("updates"));
    let created = api.create("steady", PASSWORD).expect(201);
    let path = api.path(&format!("credentials/{}", created["id"].as_str().expect("an id")));
    for (body, field) in [
        (json!({"username": "other"}), "username"),
        (json!({"username": "steady", "enabled": false}), "username"),
        (json!({"enabled": "no"}), "enabled"),
        (json!({"enabled": null}), "enabled"),
        (json!({"password": "short12"}), "password"),
        (json!({"password": 12_345_678}), "password"),
        (json!({"description": 1}), "description"),
        (json!({"realm": "other"}), "realm"),
    ] {
        api.send("PUT", &path, body.to_string().as_bytes()).expect_field_error(field);
    }
    assert_eq!(api.send("GET", &path, b"").expect(200), created);
}

#[test]
fn lists_have_their_page_and_total() {
    let server = Server::start();
    let api = server.api(&server.account("lists"));
    let other = server.api(&server.account("neighbour"));
    let _theirs = other.credential("not_listed", PASSWORD);
    let list = |query: &str| api.send("GET", &api.path(&format!("trunks/credentials{query}")), b"").expect(200);
    assert_eq!(list(""), json!({"meta": {"limit": 20, "offset": 0, "total": 0}, "objects": []}));
    let made: BTreeSet<String> = (0..23).map(|number| api.credential(&format!("user_{number}"), PASSWORD)).collect();

    let first = list("");
    assert_eq!(first["meta"], json!({"limit": 20, "offset": 0, "total": 23}));
    let rest = list("?limit=20&offset=20");
    assert_eq!(rest["meta"], json!({"limit": 20, "offset": 20, "total": 23}));
    let ids: Vec<String> = [&first, &rest].into_iter().flat_map(object_ids).collect();
    assert_eq!((ids.len(), ids.into_iter().collect::<BTreeSet<_>>()), (23, made), "each once over both pages");

    assert_eq!(list("?limit=1000")["objects"].as_array().map(Vec::len), Some(23));
    assert_eq!(list("?limit=1")["objects"][0], first["objects"][0]);
    let beyond = list("?offset=1000");
    assert_eq!((&beyond["meta"]["total"], &beyond["objects"]), (&json!(23), &json!([])));
    let object = &first["objects"][0];
    let id = object["id"].as_str().expect("an id");
    assert_eq!(*object, api.send("GET", &api.path(&format!("credentials/{id}")), b"").expect(200));
}

#[test]
fn usernames_are_unique_within_the_account_and_case_sensitive() {
    let server = Server::start();
    let (one, two) = (server.account("one"), server.account("two"));
    let (one, two) = (server.api(&one), server.api(&two));
    one.create("same", PASSWORD).expect(201);
    two.create("same", PASSWORD).expect(201);
    one.create("SAME", PASSWORD).expect(201);
    one.create("same", "another password").expect_error(409);
}

#[test]
fn usernames_are_unique_within_a_shared_realm() {
    let server = Server::start();
    let shared = |name: &str| server.api(&server.account_with(&["--name", name, "--realm", "voip.example.test"]));
    let (one, two) = (shared("one"), shared("two"));
    assert_eq!(one.create("same", PASSWORD).expect(201)["realm"], "voip.example.test");
    two.create("same", PASSWORD).expect_error(409);
    assert_eq!(two.create("different", PASSWORD).expect(201)["realm"], "voip.example.test");
}

#[test]
fn both_spellings_of_a_path_lead_to_the_same_place() {
    let server = Server::start();
    let account = server.account("spellings");
    let api = server.api(&account);
    let mut number = 0;
    for word in ["Account", "account"] {
        for slash in ["", "/"] {
            number += 1;
            let path = |rest: &str| format!("/api/v1/{word}/{}/{rest}{slash}", account.auth_id);
            let body = json!({"username": format!("user_{number}"), "password": PASSWORD}).to_string();
            let created = api.send("POST", &path("credentials"), body.as_bytes()).expect(201);
            let one = path(&format!("credentials/{}", created["id"].as_str().expect("an id")));
            assert_eq!(api.send("GET", &one, b"").expect(200), created);
            assert_eq!(api.send("PUT", &one, br#"{"enabled":false}"#).expect(200)["enabled"], false);
            let listed = api.send("GET", &path("trunks/credentials"), b"").expect(200);
            assert_eq!(listed["meta"]["total"], 1);
            let deleted = api.send("DELETE", &one, b"");
            assert_eq!((deleted.status, deleted.body.as_slice()), (204, &b""[..]));
        }
    }
}

#[test]
fn headers_that_real_clients_send_do_not_disturb() {
    let server = Server::start();
    let api = server.api(&server.account("clients"));
    let body = json!({"username": "sdk", "password": PASSWORD}).to_string();
    let headers = [
        ("Authorization", "Bearer something-the-generated-client-adds"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Accept", "*/*"),
    ];
    let created = api.send_with("POST", &api.path("credentials"), &headers, body.as_bytes()).expect(201);
    let path = api.path(&format!("credentials/{}", created["id"].as_str().expect("an id")));
    let json = [("Content-Type", "application/json")];
    api.send_with("GET", &path, &json, b"").expect(200);
    assert_eq!(api.send_with("DELETE", &path, &json, b"").status, 204);
}

#[test]
fn who_may_not_is_told_so_alike() {
    let server = Server::start();
    let (mine, theirs) = (server.account("mine"), server.account("theirs"));
    let (api, other) = (server.api(&mine), server.api(&theirs));
    let id = other.credential("their_phone", PASSWORD);
    let path = api.path("trunks/credentials");
    let wrong = |id: &str, token: &str| api.send_as("GET", &path, &[("X-Auth-ID", id), ("X-Auth-Token", token)], b"");
    let answers = [
        api.send_as("GET", &path, &[], b""),
        api.send_as("GET", &path, &[("X-Auth-ID", &mine.auth_id)], b""),
        api.send_as("GET", &path, &[("X-Auth-Token", &mine.auth_token)], b""),
        wrong(&mine.auth_id, "wrong"),
        wrong(&mine.auth_id, &theirs.auth_token),
        wrong("MA_NOBODY00", &mine.auth_token),
        wrong("", ""),
        wrong("../..", "' OR 1=1 --"),
    ];
    for answer in &answers {
        answer.expect_error(401);
    }
    // Unknown and wrong must look the same.
    assert!(answers[3..].iter().all(|answer| answer.body == answers[3].body), "{answers:?}");
    // 403 whether the account and the object exist or not, so that nothing can be found out.
    let elsewhere = |auth_id: &str, rest: &str| format!("/api/v1/Account/{auth_id}/{rest}");
    let forbidden: Vec<Value> = [
        elsewhere(&theirs.auth_id, "trunks/credentials"),
        elsewhere("MA_NOBODY00", "trunks/credentials"),
        elsewhere(&theirs.auth_id, &format!("credentials/{id}")),
        elsewhere(&theirs.auth_id, &format!("credentials/{NOBODY}")),
        elsewhere("MA_NOBODY00", &format!("credentials/{NOBODY}")),
    ]
    .iter()
    .map(|path| api.send("GET", path, b"").expect_error(403))
    .collect();
    assert!(forbidden.iter().all(|body| *body == forbidden[0]), "{forbidden:?}");
    // Within one's own account another's object does not exist.
    api.send("GET", &api.path(&format!("credentials/{id}")), b"").expect_error(404);
    api.send("DELETE", &api.path(&format!("credentials/{id}")), b"").expect_error(404);
    other.send("GET", &other.path(&format!("credentials/{id}")), b"").expect(200);
}

#[test]
fn every_error_has_its_body_and_request_id() {
    let server = Server::start();
    let api = server.api(&server.account("errors"));
    let id = api.credential("there", PASSWORD);
    let (collection, one) = (api.path("credentials"), api.path(&format!("credentials/{id}")));
    let body = json!({"username": "there", "password": PASSWORD}).to_string();
    api.send("POST", &collection, b"{").expect_error(400);
    api.send_as("POST", &collection, &[("Content-Type", "application/json")], body.as_bytes()).expect_error(401);
    api.send("GET", &api.path(&format!("credentials/{NOBODY}")), b"").expect_error(404);
    for path in [
        "/api",
        "/nothing",
        "/api/v1/nothing",
        "/api/v1/Account",
        &api.path("nothing"),
        "/api/v2/Account/x/credentials",
    ] {
        api.send("GET", path, b"").expect_error(404);
        api.send("POST", path, b"{}").expect_error(404);
        api.send("DELETE", path, b"").expect_error(404);
    }
    api.create("there", PASSWORD).expect_error(409);
    api.send_with("POST", &collection, &[("Content-Type", "text/plain")], body.as_bytes()).expect_error(415);
    api.send_with("PUT", &one, &[("Content-Type", "text/plain")], b"{\"enabled\":false}").expect_error(415);
    expect_method_refused(&api, "PATCH", &one, &["GET", "PUT", "DELETE"]);
    expect_method_refused(&api, "POST", &one, &["GET", "PUT", "DELETE"]);
    expect_method_refused(&api, "DELETE", &collection, &["POST"]);
    expect_method_refused(&api, "PUT", &collection, &["POST"]);
    expect_method_refused(&api, "POST", &api.path("trunks/credentials"), &["GET"]);
    expect_method_refused(&api, "BREW", &one, &["GET", "PUT", "DELETE"]);
}

#[test]
fn request_ids_are_echoed_when_sane_and_replaced_when_not() {
    let server = Server::start();
    let api = server.api(&server.account("ids"));
    let path = api.path("trunks/credentials");
    let with = |id: &str| api.send_with("GET", &path, &[("X-Request-ID", id)], b"");
    for sane in ["abc-123_DEF", "0b1f7d9e-4a53-4a6b-9f6b-3f0c1f6f2a11"] {
        assert_eq!(with(sane).expect_request_id(), sane);
    }
    for strange in ["two words", "a\"b", "<script>", &"x".repeat(300)] {
        assert_ne!(with(strange).expect_request_id(), strange);
    }
    let drawn: BTreeSet<String> = (0..5).map(|_| api.send("GET", &path, b"").expect_request_id().to_owned()).collect();
    assert_eq!(drawn.len(), 5, "request ids repeat: {drawn:?}");
}

#[test]
fn health_and_readiness_are_told_without_identity() {
    let server = Server::start();
    for path in ["/healthz", "/readyz"] {
        let mut connection = RawHttp::connect(server.http());
        connection.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        let answer = connection.read_answer(Duration::from_secs(10)).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.shown());
    }
}

fn expect_method_refused(api: &Api, method: &str, path: &str, allowed: &[&str]) {
    let answer: Answer = api.send(method, path, if method == "DELETE" || method == "BREW" { b"" } else { b"{}" });
    answer.expect_error(405);
    let allow: BTreeSet<&str> = answer.header("allow").unwrap_or_default().split(',').map(str::trim).collect();
    assert!(allowed.iter().all(|method| allow.contains(method)), "{method} {path}: {}", answer.shown());
    assert!(!allow.contains(method), "{method} {path}: {}", answer.shown());
}

fn object_ids(list: &Value) -> Vec<String> {
    let objects = list["objects"].as_array().expect("objects");
    objects.iter().map(|object| object["id"].as_str().expect("an id").to_owned()).collect()
}

/// The keys whose values differ.
fn differences(one: &Value, other: &Value) -> BTreeSet<String> {
    let (one, other) = (one.as_object().expect("an object"), other.as_object().expect("an object"));
    assert!(one.keys().eq(other.keys()), "{one:?} {other:?}");
    one.iter().filter(|(key, value)| other[*key] != **value).map(|(key, _)| key.clone()).collect()
}
