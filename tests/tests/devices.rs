//! Devices: secrets of their own beside the credential's password, each revoked alone, over HTTP, the command line and by
//! phones.

use acceptance::bounded::wait_for;
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Api, Server, binary};
use serde_json::{Value, json};
use std::time::Duration;

const PASSWORD: &str = "Correct!Horse7";
/// What is written behind is written within seconds; more is for a busy machine.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);
/// An answer comes at once; more is for a busy machine.
const CLOSED_WITHIN: Duration = Duration::from_secs(10);

fn get(api: &Api, path: &str) -> Value {
    api.send("GET", &api.path(path), b"").expect(200)
}

fn device(api: &Api, credential: &str, label: &str) -> (String, String) {
    let body = json!({ "label": label }).to_string();
    let created =
        api.send("POST", &api.path(&format!("credentials/{credential}/devices")), body.as_bytes()).expect(201);
    let text = |name: &str| created[name].as_str().expect("a text").to_owned();
    (text("id"), text("password"))
}

fn phone(server: &Server, account: &Account, password: &str) -> HandmadePhone {
    HandmadePhone::new(Transport::Tcp, server.sip(Transport::Tcp), &account.sip_domain, "desk", password)
}

/// The first kept event of the credential that the test asks for.
fn event(api: &Api, credential: &str, reason: &str) -> Value {
    let path = format!("credentials/{credential}/events?reason={reason}");
    wait_for("the event", NOTICED_WITHIN, || get(api, &path)["objects"].get(0).cloned())
}

#[test]
fn each_device_registers_with_its_own_password_and_is_revoked_alone() {
    let mut server = Server::start();
    let account = server.account("devices");
    let api = server.api(&account);
    let id = api.credential("desk", PASSWORD);
    let (mobile, mobile_password) = device(&api, &id, "Ann's \"mobile\"");
    let (laptop, laptop_password) = device(&api, &id, "laptop");
    let mut phones = [PASSWORD, &mobile_password, &laptop_password].map(|password| phone(&server, &account, password));
    assert_eq!(phones.each_mut().map(|phone| phone.register(600).status), [200; 3]);
    // Each is named where it is online, in its event, and by its last use.
    let path = format!("credentials/{id}/registrations");
    let online = get(&api, &path);
    let mut named: Vec<_> =
        online["objects"].as_array().expect("a list").iter().map(|one| one["device"].clone()).collect();
    named.sort_by_key(ToString::to_string);
    assert_eq!(named, [json!("Ann's \"mobile\""), json!("laptop"), Value::Null]);
    let used = wait_for("the last use", NOTICED_WITHIN, || {
        Some(get(&api, &format!("credentials/{id}/devices/{laptop}"))).filter(|it| it["last_used"].is_object())
    });
    assert_eq!((&used["last_used"]["method"], &used["last_used"]["generation"]), (&json!("REGISTER"), &Value::Null));

    // Revoked, its connection ends and the others' stay.
    assert_eq!(api.send("DELETE", &api.path(&format!("credentials/{id}/devices/{mobile}")), b"").status, 204);
    assert!(phones[1].peer.is_closed_within(CLOSED_WITHIN));
    assert_eq!(get(&api, &path)["meta"]["total"], 2);
    assert_eq!((phones[0].register(600).status, phones[2].register(600).status), (200, 200));
    assert_eq!(phone(&server, &account, &mobile_password).register(600).status, 401);
    let refused = event(&api, &id, "credential_disabled");
    assert_eq!((&refused["remark"], &refused["device"]), (&json!("revoked_device"), &json!("Ann's \"mobile\"")));
    let sentence = refused["sentence"].as_str().unwrap_or_default();
    assert!(sentence.is_empty() || sentence.contains("which was revoked"), "{sentence}");
    let tried = api.send(
        "POST",
        &api.path(&format!("credentials/{id}/test")),
        json!({"password": laptop_password}).to_string().as_bytes(),
    );
    assert_eq!(tried.expect(200)["reason"], "ok");

    // Another password of the credential leaves devices alone; a disabled credential does not.
    let _updated = api.update(&id, &json!({"password": "Battery!Staple9"}));
    assert_eq!((phones[2].register(600).status, phone(&server, &account, PASSWORD).register(600).status), (200, 401));
    server.kill_dash_nine();
    server.start_again();
    let api = server.api(&account);
    assert_eq!(phone(&server, &account, &laptop_password).register(600).status, 200);
    assert_eq!(phone(&server, &account, &mobile_password).register(600).status, 401);
    let _disabled = api.update(&id, &json!({"enabled": false}));
    assert_eq!(phone(&server, &account, &laptop_password).register(600).status, 401);
    let _enabled = api.update(&id, &json!({"enabled": true}));
    assert_eq!(phone(&server, &account, &laptop_password).register(600).status, 200);
    let log = server.stderr();
    for secret in [&mobile_password, &laptop_password] {
        assert!(!log.contains(secret.as_str()), "a password in the log");
    }
}

#[test]
fn they_go_through_a_change_of_keys_and_the_end_of_md5() {
    let server = Server::start();
    let account = server.account("devices");
    let api = server.api(&account);
    let id = api.credential("desk", PASSWORD);
    let (_, password) = device(&api, &id, "kitchen");
    let rotated = binary::sipwarden_on(&server.data_dir(), &["keys", "rotate"]);
    assert!(rotated.contains("key"), "{rotated}");
    assert_eq!(phone(&server, &account, &password).register(600).status, 200);
    let mut restarted = server;
    restarted.kill_dash_nine();
    restarted.start_again();
    assert_eq!(phone(&restarted, &account, &password).register(600).status, 200);
    let _said = binary::sipwarden_on(&restarted.data_dir(), &["realm", "retire-md5", "--yes", &account.realm]);
    let mut kitchen = phone(&restarted, &account, &password);
    assert_eq!(kitchen.challenge("").algorithm, "SHA-256");
    assert_eq!(kitchen.register(600).status, 200);
}

#[test]
fn ten_at_most_however_many_ask_at_once() {
    let server = Server::start();
    let account = server.account("devices");
    let id = server.api(&account).credential("desk", PASSWORD);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..16)
            .map(|number| {
                let (server, account, id) = (&server, &account, &id);
                scope.spawn(move || {
                    let (api, body) = (server.api(account), json!({ "label": format!("phone {number}") }).to_string());
                    api.send("POST", &api.path(&format!("credentials/{id}/devices")), body.as_bytes()).status
                })
            })
            .collect();
        asked.into_iter().map(|asked| asked.join().expect("an answer")).collect()
    });
    let count = |status: u16| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((count(201), count(409)), (10, 6), "{statuses:?}");
    let listed = get(&server.api(&account), &format!("credentials/{id}/devices"));
    assert_eq!(listed["objects"].as_array().map(Vec::len), Some(10));
}

#[test]
fn the_command_line_does_the_same() {
    let server = Server::start();
    let account = server.account("devices");
    let _id = server.api(&account).credential("desk", PASSWORD);
    let run = |arguments: &[&str]| {
        let output = binary::command()
            .arg("device")
            .args(arguments)
            .env("SIPWARDEN_URL", format!("http://{}", server.http()))
            .env("SIPWARDEN_AUTH_ID", &account.auth_id)
            .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token)
            .output()
            .expect("a binary that can be started");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (code, created) = run(&["create", "desk", "kitchen"]);
    let password = created.lines().find_map(|line| line.strip_prefix("Password, shown this once: "));
    assert!(code == Some(0) && created.contains("Authentication name    desk"), "{created}");
    let password = password.expect("a password");
    assert_eq!(phone(&server, &account, password).register(600).status, 200);
    assert_eq!(run(&["rename", "desk", "kitchen", "hall"]).0, Some(0));
    let (_, listed) = run(&["list", "desk"]);
    assert!(listed.contains("hall") && !listed.contains("kitchen") && !listed.contains(password), "{listed}");
    let (code, said) = run(&["revoke", "desk", "kitchen"]);
    assert!(code == Some(1) && said.contains("sipwarden device list"), "{said}");
    let (code, rotated) = run(&["rotate", "desk", "hall"]);
    let second = rotated.lines().find_map(|line| line.strip_prefix("Password, shown this once: "));
    let second = second.unwrap_or_else(|| panic!("{code:?}: {rotated}"));
    assert_eq!(phone(&server, &account, password).register(600).status, 401);
    assert_eq!(phone(&server, &account, second).register(600).status, 200);
    assert_eq!(run(&["create", "desk", "Reception", "--mac", "80:5e:c0:12:ab:cd", "--format", "snom"]).0, Some(0));
    let (_, rotated) = run(&["rotate", "desk", "Reception"]);
    assert!(rotated.contains("805ec012abcd") && !rotated.contains("Password"), "{rotated}");
    assert_eq!((run(&["revoke", "desk", "Reception"]).0, run(&["revoke", "desk", "hall"]).0), (Some(0), Some(0)));
    assert_eq!(phone(&server, &account, second).register(600).status, 401);
    let (_, listed) = run(&["list", "desk", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&listed).expect("JSON"), json!({ "devices": [] }));
}
