//! The operator's commands: beside a running server, without one, and towards one elsewhere; and a tenant's own.

use acceptance::bounded::{Finished, run};
use acceptance::{Server, binary};
use serde_json::Value;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// How the commands reach the installation.
enum Way<'s> {
    DataDir(&'s Server),
    Remote { url: String, token: String },
}

impl Way<'_> {
    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = binary::command();
        command.args(arguments);
        match self {
            Self::DataDir(server) => command.arg("--data-dir").arg(server.data_dir()),
            Self::Remote { url, token } => command.args(["--url", url]).env("SIPWARDEN_OPERATOR_TOKEN", token),
        };
        run(&mut command, LIMIT)
    }

    fn text(&self, arguments: &[&str]) -> String {
        let finished = self.run(arguments);
        assert_eq!(finished.code(), Some(0), "{arguments:?}: {finished:?}");
        assert!(finished.stdout.ends_with('\n'), "{arguments:?}: {finished:?}");
        finished.stdout
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.text(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    fn refused(&self, arguments: &[&str], mention: &str) {
        let finished = self.run(arguments);
        assert_eq!(finished.code(), Some(1), "{arguments:?}: {finished:?}");
        assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
        assert!(finished.stderr.contains(mention), "{mention:?} is not in {finished:?}");
    }
}

/// Every command that asks the operator API, once as text and where it answers with something as JSON.
fn every_command(way: &Way<'_>, backup: &str) {
    let created = way.json(&["account", "create", "--name", "One", "--auth-id", "MA_ONE00001"]);
    let keys: Vec<_> = created.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["auth_id", "auth_token", "realm", "sip_domain"]);
    assert!(way.text(&["account", "create", "--name", "Two"]).contains("shown this once"));
    way.refused(&["account", "create", "--name", "x", "--auth-id", "MA_ONE00001"], "--auth-id");
    let listed = way.json(&["account", "list"]);
    let listed = listed["accounts"].as_array().expect("a list");
    assert!(listed.iter().any(|account| account["auth_id"] == "MA_ONE00001"), "{listed:?}");
    assert!(way.text(&["account", "list"]).starts_with("AUTH ID"));
    let id = "MA_ONE00001";
    assert!(way.text(&["account", "show", id]).contains("One"));
    let updated = way.json(&["account", "update", id, "--name", "First", "--phone", "+49 30 1"]);
    assert_eq!((&updated["name"], &updated["phone"]), (&"First".into(), &"+49 30 1".into()));
    assert_eq!(way.json(&["account", "disable", id])["enabled"], false);
    assert_eq!(way.json(&["account", "enable", id])["enabled"], true);
    way.refused(&["account", "show", "MA_NOBODY00"], "Account not found");

    let hosts = way.json(&["account", "host", "add", id, "pbx.one.example"]);
    assert!(hosts["hosts"].to_string().contains("pbx.one.example"), "{hosts}");
    assert!(way.text(&["account", "host", "list", id]).contains("pbx.one.example\n"));
    assert!(way.text(&["account", "host", "remove", id, "pbx.one.example"]).contains("no more"));

    let token = way.json(&["account", "token", "create", id, "--label", "second", "--scope", "read_only"]);
    let token_id = token["token"]["id"].as_str().expect("an id");
    assert!(way.text(&["account", "token", "list", id]).contains("read_only"));
    assert!(way.text(&["account", "token", "revoke", id, token_id]).contains("any more"));
    way.refused(&["account", "token", "revoke", id, token_id], "Token not found");

    let realm = created["realm"].as_str().expect("a realm");
    assert!(way.text(&["realm", "set-policy", realm, "rfc8760"]).contains("from now on"));
    assert!(way.text(&["realm", "list"]).contains("rfc8760"));
    assert_eq!(way.json(&["default-account", "set", id])["default_account"], id);
    assert_eq!(way.text(&["default-account", "show"]), format!("{id}\n"));
    assert_eq!(way.json(&["default-account", "clear"])["default_account"], Value::Null);

    let operator = way.json(&["operator-token", "create", "--label", "other"]);
    let operator_id = operator["token"]["id"].as_str().expect("an id");
    assert!(way.text(&["operator-token", "list"]).contains("other"));
    assert_eq!(way.json(&["operator-token", "revoke", operator_id])["revoked"], operator_id);

    assert!(way.text(&["backup", backup]).contains("master.key"));
    way.refused(&["backup", backup], "not overwritten");
    assert_eq!(way.json(&["keys", "rotate"])["old_keys"], "dropped");
    way.refused(&["account", "delete", id], "--yes");
    assert_eq!(way.json(&["account", "delete", id, "--yes"])["deleted"], id);
}

#[test]
fn without_a_server() {
    let server = Server::not_started();
    let backup = server.scratch().join("backup.db");
    every_command(&Way::DataDir(&server), &backup.display().to_string());
    assert!(!server.data_dir().join("control.sock").exists());
}

#[test]
fn beside_a_server() {
    let server = Server::start();
    let backup = server.scratch().join("backup.db");
    every_command(&Way::DataDir(&server), &backup.display().to_string());
}

#[test]
fn towards_a_server_elsewhere() {
    let server = Server::start_with(&["--admin-api"]);
    let local = Way::DataDir(&server);
    let token = local.json(&["operator-token", "create", "--label", "remote"]);
    let token = token["bearer_token"].as_str().expect("a token").to_owned();
    let url = format!("http://{}", server.http());
    let backup = server.scratch().join("backup.db");
    every_command(&Way::Remote { url: url.clone(), token }, &backup.display().to_string());
    let wrong = Way::Remote { url, token: "0".repeat(64) };
    wrong.refused(&["account", "list"], "Authentication failed");
    let without = binary::sipwarden(&["account", "list", "--url", "http://127.0.0.1:9"]);
    assert!(without.code() == Some(1) && without.stderr.contains("SIPWARDEN_OPERATOR_TOKEN"), "{without:?}");
}

#[test]
fn a_backup_goes_to_standard_output_too() {
    let server = Server::start();
    let script = r#""$0" backup - --data-dir "$1" > "$2""#;
    let copy = server.scratch().join("copy.db");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script]).arg(binary::path()).arg(server.data_dir()).arg(&copy);
    let finished = run(&mut command, LIMIT);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert!(std::fs::read(&copy).expect("the copy").starts_with(b"SQLite format 3\0"));
}

#[test]
fn a_tenants_own_tokens_and_sub_accounts() {
    let server = Server::start();
    let account = server.account("tenant");
    let run = |arguments: &[&str]| {
        let mut command = binary::command();
        command
            .args(arguments)
            .env("SIPWARDEN_URL", format!("http://{}", server.http()))
            .env("SIPWARDEN_AUTH_ID", &account.auth_id)
            .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token);
        run(&mut command, LIMIT)
    };
    let ok = |arguments: &[&str]| -> Value {
        let finished = run(&[arguments, &["--json"]].concat());
        assert_eq!(finished.code(), Some(0), "{arguments:?}: {finished:?}");
        serde_json::from_str(&finished.stdout).expect("JSON")
    };
    let token = ok(&["token", "create", "--label", "CI", "--scope", "credentials_only"]);
    assert!(token["auth_token"].is_string());
    let id = token["id"].as_str().expect("an id");
    assert_eq!(ok(&["token", "list"])["tokens"].as_array().expect("a list").len(), 2);
    assert_eq!(ok(&["token", "revoke", id])["revoked"], id);
    let created = ok(&["sub-account", "create", "--name", "Branch"]);
    let sub = created["auth_credentials"]["auth_id"].as_str().expect("an auth id").to_owned();
    assert_eq!(ok(&["sub-account", "list"])["sub_accounts"][0]["auth_id"], *sub);
    assert_eq!(ok(&["sub-account", "show", &sub])["name"], "Branch");
    ok(&["sub-account", "disable", &sub]);
    assert_eq!(ok(&["sub-account", "show", &sub])["enabled"], false);
    ok(&["sub-account", "enable", &sub]);
    assert_eq!(run(&["sub-account", "delete", &sub]).code(), Some(1), "not without --yes");
    ok(&["sub-account", "delete", &sub, "--yes"]);
    assert_eq!(run(&["sub-account", "show", &sub]).code(), Some(1));
}

#[test]
fn a_command_on_its_own_leaves_one_whole_file() {
    let server = Server::not_started();
    let _account = server.account("alone");
    let log = server.data_dir().join("sipwarden.db-wal");
    let octets = std::fs::metadata(&log).map_or(0, |metadata| metadata.len());
    assert_eq!(octets, 0, "what was written is still in {}", log.display());
}
