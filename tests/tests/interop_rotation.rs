//! SIPp phones through the rotation of the password that they share.

use acceptance::bounded::wait_for;
use acceptance::phones::{Settings, sipp};
use acceptance::sip::Transport;
use acceptance::{Account, Api, Server};
use serde_json::{Value, json};
use std::time::Duration;

const USERNAME: &str = "fleet";
const OLD: &str = "Correct!Horse7";
const NEW: &str = "Battery!Staple9";
const DEVICES: u32 = 50;
/// What ends by time, and what is logged, is seen within a second; more is for a busy machine.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);

fn send(api: &Api, method: &str, path: &str, body: &Value) -> Value {
    api.send(method, &api.path(path), body.to_string().as_bytes()).expect(200)
}

/// How many devices are registered with the present password, and with the one before.
fn devices(api: &Api, id: &str) -> (u64, u64) {
    let rotation = api.send("GET", &api.path(&format!("credentials/{id}/rotation")), b"").expect(200);
    let devices = &rotation["devices"];
    let listed = devices["previous"].as_array().expect("a list").len() as u64;
    let count = |name: &str| devices[name].as_u64().expect("a number");
    assert_eq!(count("on_previous"), listed, "{devices}");
    (count("on_current"), count("on_previous"))
}

fn fleet() -> (Server, Account, Settings) {
    // Fifty phones behind one address are no guessers, but each may be refused once.
    let server = Server::start_with(&["--max-bindings", "60"]);
    let account = server.account("fleet");
    let settings = Settings::new(&server, &account, Transport::Udp, USERNAME, OLD);
    (server, account, settings)
}

#[test]
fn no_registration_fails_while_phones_change_over_one_by_one() {
    let (server, account, old) = fleet();
    let api = server.api(&account);
    let id = api.credential(USERNAME, OLD);
    let new = old.clone().with_password(NEW);

    // The rotation comes while they register.
    let all = sipp::crowd(&old, 0..DEVICES, 4);
    let path = format!("credentials/{id}/rotate");
    let rotated = send(&api, "POST", &path, &json!({"password": NEW, "overlap_seconds": 600}));
    assert!(rotated["overlap_until"].is_string() && rotated.get("password").is_none(), "{rotated}");
    all.expect_registered();
    assert_eq!(devices(&api, &id), (0, u64::from(DEVICES)));

    // Half of them change over while the others go on as before.
    let changed = sipp::crowd(&new, 0..DEVICES / 2, 2);
    let unchanged = sipp::crowd(&old, DEVICES / 2..DEVICES, 2);
    changed.expect_registered();
    unchanged.expect_registered();
    assert_eq!(devices(&api, &id), (u64::from(DEVICES / 2), u64::from(DEVICES / 2)));
    sipp::crowd(&new, DEVICES / 2..DEVICES, 1).expect_registered();
    assert_eq!(devices(&api, &id), (u64::from(DEVICES), 0));
    let refused = |log: &str| log.contains("wrong_password") || log.contains("old_password");
    assert!(!refused(&server.stderr()), "{}", server.stderr());

    assert_eq!(api.send("DELETE", &api.path(&path), b"").status, 204);
    let late = sipp::play("refused.xml", &old);
    assert_eq!(late.trace.statuses(), [401, 401], "{}", late.output);
    assert!(late.phone_is_content, "{}", late.output);
    wait_for("the reason in the log", NOTICED_WITHIN, || server.stderr().contains("old_password").then_some(()));
    sipp::crowd(&new, 0..DEVICES, 1).expect_registered();
    assert_eq!(devices(&api, &id), (u64::from(DEVICES), 0));
}

#[test]
fn an_overlap_runs_out_by_itself() {
    let (mut server, account, old) = fleet();
    let api = server.api(&account);
    let id = api.credential(USERNAME, OLD);
    sipp::crowd(&old, 0..2, 1).expect_registered();
    let path = format!("credentials/{id}/rotate");
    let rotated = send(&api, "POST", &path, &json!({"overlap_seconds": 2}));
    assert_eq!(rotated["devices"]["on_previous"], 2, "{rotated}");
    let new = rotated["password"].as_str().expect("a password").to_owned();
    wait_for("the end of the overlap", NOTICED_WITHIN, || (devices(&api, &id) == (0, 0)).then_some(()));
    let registrations = format!("credentials/{id}/registrations");
    assert_eq!(send(&api, "GET", &registrations, &Value::Null)["meta"]["total"], 0);
    server.restart_in_place();
    let refused = sipp::play("refused.xml", &old);
    assert_eq!(refused.trace.statuses(), [401, 401], "{}", refused.output);
    sipp::crowd(&old.clone().with_password(&new), 0..1, 1).expect_registered();
}
