//! Bans as people meet them: listed with their cause, kept across restarts, lifted, and ended by a new password.

use acceptance::bounded::{Finished, run};
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Server, binary};
use serde_json::{Value, json};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);
const PASSWORD: &str = "Correct!Horse7";
/// Wrong answers that lead to a ban here.
const GUESSES: u32 = 5;

fn phone(server: &Server, account: &Account, username: &str, password: &str) -> HandmadePhone {
    HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, username, password)
}

/// Each from a port of its own, as a phone that is started anew.
fn guess(server: &Server, account: &Account, username: &str) {
    for _ in 0..GUESSES {
        assert_eq!(phone(server, account, username, "Wrong!Horse1").register(60).status, 401);
    }
}

fn registers(server: &Server, account: &Account, username: &str, password: &str) -> bool {
    phone(server, account, username, password).register(60).status == 200
}

fn operator(server: &Server, arguments: &[&str]) -> Finished {
    run(binary::command().args(arguments).arg("--data-dir").arg(server.data_dir()), LIMIT)
}

fn all_bans(server: &Server) -> Vec<Value> {
    let finished = operator(server, &["ban", "list", "--json"]);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    let answer: Value = serde_json::from_str(&finished.stdout).expect("JSON");
    answer["bans"].as_array().expect("bans").clone()
}

fn own_bans(server: &Server, account: &Account) -> Vec<Value> {
    let api = server.api(account);
    let answer = api.send("GET", &api.path("bans"), b"").expect(200);
    assert_eq!(answer["meta"]["total"], answer["objects"].as_array().expect("objects").len());
    answer["objects"].as_array().expect("objects").clone()
}

#[test]
fn a_ban_is_listed_survives_a_restart_and_is_lifted() {
    let limit = GUESSES.to_string();
    let mut server = Server::start_with(&["--throttle-limit", &limit]);
    let account = server.account("banned");
    let id = server.api(&account).credential("alice", PASSWORD);
    let other = server.account("neighbour");
    assert_eq!(own_bans(&server, &account), Vec::<Value>::new());
    guess(&server, &account, "alice");
    guess(&server, &account, "nobody_has_this");
    assert!(!registers(&server, &account, "alice", PASSWORD), "it is banned, right password or not");

    let own = own_bans(&server, &account);
    assert_eq!(own.len(), 1, "{own:?}");
    let ban = &own[0];
    let mut keys: Vec<_> = ban.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "auth_id",
        "began_at",
        "cause",
        "credential_id",
        "ends_at",
        "failures",
        "id",
        "kind",
        "seconds_left",
        "source",
        "username",
    ];
    assert_eq!(keys, expected);
    assert_eq!(
        (&ban["kind"], &ban["username"], &ban["source"]),
        (&json!("pair"), &json!("alice"), &json!("127.0.0.1"))
    );
    assert_eq!((&ban["credential_id"], &ban["auth_id"]), (&json!(id), &json!(account.auth_id)));
    assert_eq!(ban["failures"], GUESSES);
    assert!(ban["cause"].as_str().is_some_and(|cause| cause.contains("correct the password in that phone")), "{ban}");
    let all = all_bans(&server);
    assert_eq!(all.len(), 2, "{all:?}");
    let of_nobody = all.iter().find(|ban| ban["username"] == "nobody_has_this").expect("the invented name's");
    assert!(of_nobody["credential_id"].is_null() && of_nobody["auth_id"].is_null(), "{of_nobody}");
    assert_eq!(own_bans(&server, &other), Vec::<Value>::new());
    let api = server.api(&other);
    let foreign = api.send("DELETE", &api.path(&format!("bans/{}", ban["id"].as_str().expect("an id"))), b"");
    foreign.expect_error(404);

    // It is stored within a second or two; then nothing takes it away but its end.
    std::thread::sleep(Duration::from_millis(2_500));
    server.kill_dash_nine();
    server.start_again();
    assert_eq!(all_bans(&server).len(), 2);
    assert!(!registers(&server, &account, "alice", PASSWORD), "it is still banned");

    let api = server.api(&account);
    let kept = own_bans(&server, &account);
    assert_eq!((&kept[0]["id"], &kept[0]["ends_at"]), (&ban["id"], &ban["ends_at"]));
    let path = api.path(&format!("bans/{}", ban["id"].as_str().expect("an id")));
    assert_eq!(api.send("DELETE", &path, b"").status, 204);
    api.send("DELETE", &path, b"").expect_error(404);
    assert!(registers(&server, &account, "alice", PASSWORD), "at once");
    let lifted = operator(&server, &["ban", "lift", of_nobody["id"].as_str().expect("an id")]);
    assert_eq!(lifted.code(), Some(0), "{lifted:?}");
    server.kill_dash_nine();
    server.start_again();
    assert_eq!(all_bans(&server), Vec::<Value>::new(), "what was lifted stays lifted");
    let log = operator(&server, &["audit", "list", "--json", "--action", "ban.lifted"]);
    assert_eq!(log.stdout.matches("\"ban.lifted\"").count(), 2, "{log:?}");
}

#[test]
fn an_office_that_is_never_banned_locks_nobody_out() {
    let limit = GUESSES.to_string();
    let server = Server::start_with(&["--throttle-limit", &limit]);
    let (account, other) = (server.account("office"), server.account("neighbour"));
    for account in [&account, &other] {
        let _id = server.api(account).credential("alice", PASSWORD);
        guess(&server, account, "alice");
        assert!(!registers(&server, account, "alice", PASSWORD));
    }
    let api = server.api(&account);
    let told = api.send("PUT", &api.path("settings"), br#"{"never_ban":["127.0.0.0/8"]}"#).expect(200);
    assert_eq!(told["never_ban"], json!(["127.0.0.0/8"]));
    assert!(registers(&server, &account, "alice", PASSWORD), "at once, also by a ban that had begun");
    for _ in 0..3 {
        guess(&server, &account, "alice");
    }
    assert!(registers(&server, &account, "alice", PASSWORD));
    assert!(!registers(&server, &other, "alice", PASSWORD), "it is the account's own list");
    let settings = run(
        binary::command()
            .args(["settings", "set", "--ban-anybody"])
            .env("SIPWARDEN_URL", format!("http://{}", server.http()))
            .env("SIPWARDEN_AUTH_ID", &account.auth_id)
            .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token),
        LIMIT,
    );
    assert_eq!(settings.code(), Some(0), "{settings:?}");
    guess(&server, &account, "alice");
    assert!(!registers(&server, &account, "alice", PASSWORD));
}

#[test]
fn a_new_password_and_enabling_again_end_a_ban() {
    let limit = GUESSES.to_string();
    let server = Server::start_with(&["--throttle-limit", &limit]);
    let account = server.account("banned");
    let api = server.api(&account);
    let id = api.credential("bob", PASSWORD);
    let change = |body: Value| {
        let answer = api.send("PUT", &api.path(&format!("credentials/{id}")), body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.shown());
    };
    guess(&server, &account, "bob");
    assert_eq!(own_bans(&server, &account).len(), 1);
    change(json!({"password": "Another!Horse8"}));
    assert_eq!(own_bans(&server, &account), Vec::<Value>::new());
    assert!(registers(&server, &account, "bob", "Another!Horse8"));
    // From where it has worked it goes on working; so the next guesses are for another name.
    let second = api.credential("carol", PASSWORD);
    guess(&server, &account, "carol");
    assert_eq!(own_bans(&server, &account).len(), 1);
    for enabled in [false, true] {
        let body = json!({ "enabled": enabled }).to_string();
        let answer = api.send("PUT", &api.path(&format!("credentials/{second}")), body.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.shown());
    }
    assert_eq!(own_bans(&server, &account), Vec::<Value>::new());
    assert!(registers(&server, &account, "carol", PASSWORD));
}
