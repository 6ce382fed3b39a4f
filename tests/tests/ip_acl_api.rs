//! IP access lists over HTTP: exact key sets in create, get, list and update, and every error.

use acceptance::{Answer, Api, Server};
use serde_json::{Value, json};

const KEYS: [&str; 7] = ["account_id", "created_at", "description", "enabled", "id", "ip_address", "updated_at"];

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn send(api: &Api, method: &str, path: &str, body: &Value) -> Answer {
    api.send(method, &api.path(path), body.to_string().as_bytes())
}

#[test]
fn an_entry_has_the_same_seven_fields_everywhere() {
    let server = Server::start();
    let account = server.account("acl");
    let api = server.api(&account);
    for (sent, address, description) in [
        (json!({"ip_address": "192.0.2.7", "name": "gateway"}), "192.0.2.7", "gateway"),
        (json!({"ip_address": "192.0.2.0/24", "description": "office"}), "192.0.2.0/24", "office"),
        (json!({"ip_address": "2001:DB8::/32"}), "2001:db8::/32", ""),
        (json!({"ip_address": "192.0.2.9/32"}), "192.0.2.9", ""),
    ] {
        let created = send(&api, "POST", "ip-acl", &sent).expect(201);
        assert_eq!(keys(&created), KEYS);
        assert_eq!((&created["ip_address"], &created["description"]), (&json!(address), &json!(description)));
        assert_eq!((&created["enabled"], &created["account_id"]), (&json!(true), &json!(account.auth_id)));
        let path = format!("ip-acl/{}", created["id"].as_str().expect("an id"));
        assert_eq!(api.send("GET", &api.path(&path), b"").expect(200), created);
    }
    let listed = api.send("GET", &api.path("trunks/ip-acl/?limit=3&offset=1"), b"").expect(200);
    assert_eq!(listed["meta"], json!({"limit": 3, "offset": 1, "total": 4}));
    let objects = listed["objects"].as_array().expect("a list");
    assert!(objects.len() == 3 && objects.iter().all(|object| keys(object) == KEYS), "{listed}");

    let path = format!("ip-acl/{}", objects[0]["id"].as_str().expect("an id"));
    let updated = send(&api, "PUT", &path, &json!({"enabled": false, "ip_address": "198.51.100.0/28"})).expect(200);
    assert_eq!(keys(&updated), KEYS);
    assert_eq!((&updated["enabled"], &updated["ip_address"]), (&json!(false), &json!("198.51.100.0/28")));
    assert_eq!(updated["description"], "office", "what is absent stays");
    let deleted = api.send("DELETE", &api.path(&path), b"");
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    for method in ["GET", "DELETE"] {
        api.send(method, &api.path(&path), b"").expect_error(404);
    }
    send(&api, "PUT", &path, &json!({"enabled": true})).expect_error(404);
}

#[test]
fn every_error_names_its_field() {
    let server = Server::start();
    let api = server.api(&server.account("errors"));
    let entry = send(&api, "POST", "ip-acl", &json!({"ip_address": "192.0.2.1"})).expect(201);
    let path = format!("ip-acl/{}", entry["id"].as_str().expect("an id"));
    for (field, value) in [
        ("ip_address", json!("")),
        ("ip_address", json!(null)),
        ("ip_address", json!("gateway.example.com")),
        ("ip_address", json!("192.0.2.7/24")),
        ("ip_address", json!("0.0.0.0/0")),
        ("ip_address", json!("128.0.0.0/1")),
        ("ip_address", json!("::/0")),
        ("ip_address", json!("0.0.0.0")),
        ("ip_address", json!("224.0.0.1")),
        ("ip_address", json!("192.0.2.1\r\nX: y")),
        ("name", json!("a\u{1b}[2J")),
        ("description", json!("x".repeat(256))),
        ("enabled", json!("true")),
        ("port", json!(5060)),
    ] {
        let mut body = json!({"ip_address": "192.0.2.2"});
        body[field] = value.clone();
        send(&api, "POST", "ip-acl", &body).expect_field_error(field);
        send(&api, "PUT", &path, &json!({field: value})).expect_field_error(field);
    }
    send(&api, "POST", "ip-acl", &json!({})).expect_field_error("ip_address");
    send(&api, "POST", "ip-acl", &json!({"ip_address": "192.0.2.2", "name": "a", "description": "b"}))
        .expect_field_error("name");
    let said = send(&api, "POST", "ip-acl", &json!({"ip_address": "0.0.0.0/0"})).expect_error(400);
    assert!(said["error"].as_str().is_some_and(|said| said.contains("needs no password")), "{said}");
    assert_eq!(api.send("GET", &api.path(&path), b"").expect(200), entry);
    api.send("GET", &api.path("ip-acl/x"), b"").expect_error(404);
    api.send("GET", &api.path("ip-acl"), b"").expect_error(405);
}
