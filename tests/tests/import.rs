//! Credentials of other systems come by the thousand: over the command line and over HTTP.

use acceptance::bounded::{Finished, run};
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::soak::import;
use acceptance::{Account, Server, binary};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);
const PASSWORD: &str = "correct horse battery staple";

fn credential(server: &Server, account: &Account, arguments: &[&str]) -> Finished {
    let url = format!("http://{}", server.http());
    let mut command = binary::command();
    let command = command
        .arg("credential")
        .args(arguments)
        .current_dir(server.scratch())
        .env("SIPWARDEN_URL", url)
        .env("SIPWARDEN_AUTH_ID", &account.auth_id)
        .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token);
    run(command, LIMIT)
}

fn register(server: &Server, domain: &str, username: &str, password: &str) -> u16 {
    HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), domain, username, password).register(60).status
}

#[test]
fn thousands_with_bad_rows_killed_half_way_and_started_again() {
    println!("{}", import::run(import::Import { rows: 3_000, source: import::Source::Csv }));
}

#[test]
fn a_table_of_mariadb_with_bad_rows_killed_half_way_and_started_again() {
    println!("{}", import::run(import::Import { rows: 2_000, source: import::Source::MariaDb }));
}

#[test]
fn a_dry_run_says_what_would_become_of_each_row_and_stores_nothing() {
    let server = Server::start();
    let account = server.account("dry");
    let rows = format!("user,secret,enabled,note\nalice,{PASSWORD},yes,desk\nbob,short,no,\ncarol,{PASSWORD},maybe,\n");
    fs::write(server.scratch().join("rows.csv"), rows).expect("a file");
    let dry = credential(&server, &account, &["import", "rows.csv", "--dry-run", "--json"]);
    assert_eq!(dry.code(), Some(1), "{dry:?}");
    let summary: Value = serde_json::from_str(&dry.stdout).expect("JSON");
    assert_eq!((&summary["dry_run"], &summary["created"], &summary["failed"]), (&json!(true), &json!(1), &json!(2)));
    assert!(dry.stderr.contains("row 3 (bob): password must have at least 8 characters; or give its hash"), "{dry:?}");
    assert!(dry.stderr.contains("row 4 (carol): enabled must be true or false, yes or no"), "{dry:?}");
    let api = server.api(&account);
    let list = || api.send("GET", &api.path("trunks/credentials"), b"").expect(200);
    assert_eq!(list()["meta"]["total"], 0);
    assert_eq!(register(&server, &account.sip_domain, "alice", PASSWORD), 401);
    let done = credential(&server, &account, &["import", "rows.csv", "--json"]);
    assert_eq!(done.code(), Some(1), "{done:?}");
    assert_eq!(list()["meta"]["total"], 1);
    assert_eq!(register(&server, &account.sip_domain, "alice", PASSWORD), 200);
}

#[test]
fn what_is_there_with_another_password_stays_or_gives_way_as_asked() {
    let server = Server::start();
    let account = server.account("conflict");
    let api = server.api(&account);
    let _id = api.credential("alice", "another password");
    let rows = server.scratch().join("rows.jsonl");
    fs::write(&rows, format!("{{\"username\":\"alice\",\"password\":\"{PASSWORD}\",\"description\":\"moved\"}}\n"))
        .expect("a file");
    let import = |more: &[&str]| credential(&server, &account, &[&["import", "rows.jsonl", "--json"], more].concat());
    let counted = |finished: &Finished, name: &str| -> Value {
        serde_json::from_str::<Value>(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))[name]
            .clone()
    };
    let refused = import(&[]);
    assert_eq!((refused.code(), counted(&refused, "failed")), (Some(1), json!(1)));
    assert!(refused.stderr.contains("username exists already with another password"), "{refused:?}");
    let skipped = import(&["--on-conflict", "skip"]);
    assert_eq!((skipped.code(), counted(&skipped, "existed")), (Some(0), json!(1)));
    assert_eq!(register(&server, &account.sip_domain, "alice", "another password"), 200);
    for (outcome, tries) in [("replaced", 1), ("existed", 2)] {
        let replaced = import(&["--on-conflict", "replace"]);
        assert_eq!((replaced.code(), counted(&replaced, outcome)), (Some(0), json!(1)), "try {tries}");
    }
    assert_eq!(register(&server, &account.sip_domain, "alice", "another password"), 401);
    assert_eq!(register(&server, &account.sip_domain, "alice", PASSWORD), 200);
}

#[test]
fn a_directory_of_freeswitch_moves_and_everything_is_exported_without_secrets() {
    let server = Server::start();
    let account = server.account_with(&["--name", "freeswitch", "--realm", "fs.example.com"]);
    let folder = server.scratch().join("conf/directory/default");
    fs::create_dir_all(&folder).expect("a folder");
    let vars = r#"<include><X-PRE-PROCESS cmd="set" data="default_password=Some!Secret1234"/></include>"#;
    fs::write(server.scratch().join("conf/vars.xml"), vars).expect("a file");
    let users = r#"<include><domain name="fs.example.com"><users>
        <user id="1000"><params><param name="password" value="$${default_password}"/></params></user>
        <user id="1001"><params><param name="a1-hash" value="HASH"/></params></user>
        </users></domain><domain name="other.example.com"><users>
        <user id="1002"><params><param name="password" value="Some!Secret1234"/></params></user>
        </users></domain></include>"#;
    let hash = import::ha1("1001", "fs.example.com", "Other!Secret5678");
    fs::write(folder.join("users.xml"), users.replace("HASH", &hash)).expect("a file");
    let arguments =
        ["import", "conf/directory", "--variables", "conf/vars.xml", "--only-realm", "fs.example.com", "--json"];
    let done = credential(&server, &account, &arguments);
    assert_eq!(done.code(), Some(0), "{done:?}");
    let summary: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!((&summary["created"], &summary["passed_over"]), (&json!(2), &json!(1)));
    for (username, password) in [("1000", "Some!Secret1234"), ("1001", "Other!Secret5678")] {
        assert_eq!(register(&server, "fs.example.com", username, password), 200, "{username}");
    }
    let csv = credential(&server, &account, &["export"]);
    let lines = credential(&server, &account, &["export", "--format", "jsonl"]);
    assert_eq!((csv.stdout.lines().count(), lines.stdout.lines().count()), (3, 2), "{csv:?} {lines:?}");
    let second: Value = serde_json::from_str(lines.stdout.lines().nth(1).expect("a second line")).expect("JSON");
    assert_eq!((&second["username"], &second["hashes"]), (&json!("1001"), &json!(["MD5"])));
    for text in [&csv.stdout, &lines.stdout, &server.stderr()] {
        assert!(!text.contains(&hash) && !text.contains("Secret"), "{text}");
    }
}

#[test]
fn an_account_moves_to_another_installation_with_its_secrets_sealed() {
    let (from, to) = (Server::start(), Server::start());
    let realm = ["--name", "moving", "--realm", "moving.example.com"];
    let (old, new) = (from.account_with(&realm), to.account_with(&realm));
    for username in ["alice", "bob"] {
        let _id = from.api(&old).credential(username, PASSWORD);
    }
    let hash = import::ha1("carol", "moving.example.com", PASSWORD);
    let row = format!("username,ha1_md5,description\ncarol,{hash},\"the \"\"lobby\"\"\"\n");
    fs::write(from.scratch().join("rows.csv"), row).expect("a file");
    assert_eq!(credential(&from, &old, &["import", "rows.csv"]).code(), Some(0));
    let export = |auth_id: &str| {
        run(binary::command().args(["account", "export", auth_id, "--data-dir"]).arg(from.data_dir()), LIMIT)
    };
    let exported = export(&old.auth_id);
    assert_eq!((exported.code(), exported.stdout.lines().count()), (Some(0), 3), "{exported:?}");
    assert!(!exported.stdout.contains(&hash), "{exported:?}");
    assert_eq!(export("MA_NOBODY00").code(), Some(1));
    let log = run(binary::command().args(["audit", "list", "--data-dir"]).arg(from.data_dir()), LIMIT);
    assert!(log.stdout.contains("credentials.exported_sealed"), "{log:?}");

    fs::write(to.scratch().join("moving.jsonl"), &exported.stdout).expect("a file");
    let key = |server: &Server| server.data_dir().join("master.key").display().to_string();
    let with_its_own = credential(&to, &new, &["import", "moving.jsonl", "--sealed-with", &key(&to)]);
    assert_eq!(with_its_own.code(), Some(1));
    assert!(with_its_own.stderr.contains("do not open with that key"), "{with_its_own:?}");
    let moved = credential(&to, &new, &["import", "moving.jsonl", "--sealed-with", &key(&from), "--json"]);
    assert_eq!(moved.code(), Some(0), "{moved:?}");
    for username in ["alice", "bob", "carol"] {
        assert_eq!(register(&to, "moving.example.com", username, PASSWORD), 200, "{username}");
    }
    // Sealed to its place: what belongs to one user opens as nobody else's.
    let swapped = exported.stdout.lines().next().expect("a line").replace("\"alice\"", "\"mallory\"");
    fs::write(to.scratch().join("swapped.jsonl"), format!("{swapped}\nnot one\n")).expect("a file");
    let refused = credential(&to, &new, &["import", "swapped.jsonl", "--sealed-with", &key(&from)]);
    assert_eq!(refused.code(), Some(1));
    for said in ["row has secrets that do not open with that key", "row is no line of `sipwarden account export`"] {
        assert!(refused.stderr.contains(said), "{said}: {refused:?}");
    }
}

#[test]
fn sources_that_cannot_be_read_say_what_mends_it() {
    let server = Server::start();
    let account = server.account("refused");
    fs::write(server.scratch().join("names.csv"), "name,pass\na,b\n").expect("a file");
    for (arguments, said) in [
        (&["import", "nothing.csv"][..], "give another file"),
        (&["import", "names.csv"], "--column username=NAME"),
        (&["import", "names.csv", "--column", "user=name"], "FIELD=NAME"),
        (&["import", "names.csv", "--table", "subscriber"], "--table goes with the URL of a database"),
        (&["import", "mysql://root@localhost/kamailio"], "--table subscriber"),
        (&["import", "sqlite:///nowhere/kamailio.db", "--table", "subscriber"], "the database says"),
        (&["import", "mysql://root@localhost/x?socket=/nowhere", "--table", "subscriber"], "the database says"),
    ] {
        let finished = credential(&server, &account, arguments);
        assert_eq!(finished.code(), Some(1), "{arguments:?}: {finished:?}");
        assert!(finished.stderr.contains(said), "{arguments:?}: {}", finished.stderr);
    }
    let api = server.api(&account);
    let settings = credential_settings(&server, &account, &["set", "--minimum-password-score", "3"]);
    assert_eq!(settings.code(), Some(0), "{settings:?}");
    let refused = api.create("weak", "password").expect_error(400);
    assert!(refused["error"].as_str().is_some_and(|said| said.contains("the account demands 3")), "{refused}");
}

fn credential_settings(server: &Server, account: &Account, arguments: &[&str]) -> Finished {
    let mut command = binary::command();
    let command = command
        .arg("settings")
        .args(arguments)
        .env("SIPWARDEN_URL", format!("http://{}", server.http()))
        .env("SIPWARDEN_AUTH_ID", &account.auth_id)
        .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token);
    run(command, LIMIT)
}
