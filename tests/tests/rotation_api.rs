//! Two passwords, ends, last uses and the report on them, over HTTP and by phones.

use acceptance::bounded::wait_for;
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Api, Server};
use serde_json::{Value, json};
use std::time::Duration;

const OLD: &str = "Correct!Horse7";
const NEW: &str = "Battery!Staple9";
/// What is written behind is written within seconds; more is for a busy machine.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);

fn send(api: &Api, method: &str, path: &str, body: &Value) -> Value {
    api.send(method, &api.path(path), body.to_string().as_bytes()).expect(200)
}

fn get(api: &Api, path: &str) -> Value {
    api.send("GET", &api.path(path), b"").expect(200)
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn phone(server: &Server, account: &Account, password: &str) -> HandmadePhone {
    HandmadePhone::new(Transport::Tcp, server.sip(Transport::Tcp), &account.sip_domain, "desk", password)
}

#[test]
fn both_passwords_register_and_devices_are_told_apart() {
    let mut server = Server::start();
    let account = server.account("rotation");
    let api = server.api(&account);
    let id = api.credential("desk", OLD);
    let (rotate, rotation) = (format!("credentials/{id}/rotate"), format!("credentials/{id}/rotation"));
    let mut old = phone(&server, &account, OLD);
    assert_eq!(old.register(600).status, 200);
    let rotated = send(&api, "POST", &rotate, &json!({"password": NEW, "overlap_seconds": 3600}));
    let all = ["credential_id", "devices", "generation", "overlap_until", "password_changed_at"];
    assert_eq!(keys(&rotated), all);
    let mut new = phone(&server, &account, NEW);
    assert_eq!((old.register(600).status, new.register(600).status), (200, 200));
    let shown = get(&api, &rotation);
    assert_eq!((keys(&shown), &shown["generation"]), (all.to_vec(), &json!(2)));
    let devices = &shown["devices"];
    assert_eq!((&devices["on_current"], &devices["on_previous"]), (&json!(1), &json!(1)), "{devices}");
    let contact = devices["previous"][0]["contact"].as_str().expect("a contact");
    assert_eq!(format!("<{contact}>"), old.contact());
    api.send("POST", &api.path(&rotate), b"{}").expect_error(409);

    // Killed, it knows as much; phones keep their flows no more, but both may come again.
    server.kill_dash_nine();
    server.start_again();
    let api = server.api(&account);
    let (mut old, mut new) = (phone(&server, &account, OLD), phone(&server, &account, NEW));
    assert_eq!((old.register(600).status, new.register(600).status), (200, 200));
    assert_eq!(api.send("DELETE", &api.path(&rotate), b"").status, 204);
    assert_eq!((phone(&server, &account, OLD).register(600).status, new.register(600).status), (401, 200));
    let shown = get(&api, &rotation);
    assert!(shown["overlap_until"].is_null() && shown["devices"]["on_previous"] == 0, "{shown}");
    let tried = send(&api, "POST", &format!("credentials/{id}/test"), &json!({"password": OLD}));
    assert_eq!((&tried["matches"], &tried["reason"]), (&json!(false), &json!("old_password")));
    wait_for("the reason in the log", NOTICED_WITHIN, || server.stderr().contains("old_password").then_some(()));
}

#[test]
fn a_credential_ends_when_it_is_said_to() {
    let server = Server::start();
    let account = server.account("expiry");
    let api = server.api(&account);
    let id = api.credential("desk", OLD);
    let details = format!("credentials/{id}/details");
    let all = [
        "credential_id",
        "description",
        "expires_at",
        "generation",
        "last_used",
        "overlap_until",
        "password_age_days",
        "password_changed_at",
        "password_score",
    ];
    let fresh = get(&api, &details);
    assert_eq!((keys(&fresh), &fresh["last_used"]), (all.to_vec(), &Value::Null));
    let mut desk = phone(&server, &account, OLD);
    assert_eq!(desk.register(600).status, 200);
    let used =
        wait_for("the last use", NOTICED_WITHIN, || Some(get(&api, &details)).filter(|it| it["last_used"].is_object()));
    assert_eq!(
        keys(&used["last_used"]),
        ["algorithm", "at", "generation", "method", "source", "transport", "user_agent"]
    );
    assert_eq!((&used["last_used"]["method"], &used["last_used"]["transport"]), (&json!("REGISTER"), &json!("tcp")));
    let report = get(&api, "reports/credentials?unused_for_days=0&older_than_days=3650");
    assert_eq!((&report["totals"]["credentials"], &report["totals"]["never_used"]), (&json!(1), &json!(0)));

    let in_three_seconds = ["-u", "-d", "+3 seconds", "+%Y-%m-%dT%H:%M:%SZ"];
    let moment = std::process::Command::new("date").args(in_three_seconds).output();
    let moment = String::from_utf8(moment.expect("date").stdout).expect("text");
    let set = send(&api, "PUT", &details, &json!({"expires_at": moment.trim()}));
    assert!(set["expires_at"].as_str().expect("a moment").starts_with(moment.trim().trim_end_matches('Z')), "{set}");
    let registrations = format!("credentials/{id}/registrations");
    wait_for("the end of its registrations", NOTICED_WITHIN, || {
        (get(&api, &registrations)["meta"]["total"] == 0).then_some(())
    });
    assert_eq!(phone(&server, &account, OLD).register(600).status, 401);
    wait_for("the reason in the log", NOTICED_WITHIN, || server.stderr().contains("credential_expired").then_some(()));
    let past = api.send("PUT", &api.path(&details), br#"{"expires_at":"2001-01-01T00:00:00Z"}"#).expect_error(400);
    assert!(past["error"].as_str().expect("a sentence").contains("in the future"), "{past}");
    send(&api, "PUT", &details, &json!({"expires_at": null}));
    assert_eq!(phone(&server, &account, OLD).register(600).status, 200);
}
