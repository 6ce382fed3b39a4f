//! The audit log of the built binary: what tenants and operators are shown, and tampering behind its back.

use acceptance::bounded::{Finished, run};
use acceptance::{Server, binary};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);
const PASSWORD: &str = "Correct!Horse7";

fn operator(server: &Server, arguments: &[&str]) -> Finished {
    run(binary::command().args(arguments).arg("--data-dir").arg(server.data_dir()), LIMIT)
}

fn listed(finished: &Finished) -> Vec<Value> {
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    let answer: Value = serde_json::from_str(&finished.stdout).expect("JSON");
    answer["records"].as_array().expect("records").clone()
}

/// Past the program, as somebody with the file could.
fn tamper(data_dir: &Path, sql: &str) {
    let program =
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.executescript(sys.argv[2])";
    let database = data_dir.join("sipwarden.db");
    let finished = run(Command::new("python3").args(["-c", program]).arg(database).arg(sql), LIMIT);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
}

#[test]
fn who_changed_what_is_shown_and_nobody_changes_that_unnoticed() {
    let mut server = Server::start();
    let account = server.account("audited");
    let api = server.api(&account);
    let id = api.credential("alice", PASSWORD);
    let change = json!({"password": "Another!Horse8", "enabled": false}).to_string();
    assert_eq!(api.send("PUT", &api.path(&format!("credentials/{id}")), change.as_bytes()).status, 200);
    assert_eq!(api.send("DELETE", &api.path(&format!("credentials/{id}")), b"").status, 204);

    let records = listed(&operator(&server, &["audit", "list", "--json", "--subject", &id]));
    let actions: Vec<_> = records.iter().map(|record| record["action"].as_str().expect("an action")).collect();
    assert_eq!(actions, ["credential.deleted", "credential.updated", "credential.created"]);
    assert_eq!(records[0]["actor"], account.auth_id);
    assert_eq!((&records[0]["source"], &records[0]["detail"]["username"]), (&json!("127.0.0.1"), &json!("alice")));
    assert!(!format!("{records:?}").contains("Horse"), "{records:?}");

    let mut own = binary::command();
    own.args(["audit", "own", "--json", "--url", &format!("http://{}", server.http())]);
    own.env("SIPWARDEN_AUTH_ID", &account.auth_id).env("SIPWARDEN_AUTH_TOKEN", &account.auth_token);
    let own = listed(&run(&mut own, LIMIT));
    assert_eq!(own[0], records[0]);
    let creation = own.last().expect("the account's creation");
    assert_eq!((&creation["actor"], &creation["source"]), (&json!("operator"), &json!("")));

    let sound = operator(&server, &["audit", "check"]);
    assert_eq!(sound.code(), Some(0), "{sound:?}");
    assert!(sound.stdout.contains("all as they were written"), "{sound:?}");
    let number = records[1]["id"].as_u64().expect("a number");
    tamper(
        &server.data_dir(),
        &format!(
            "DROP TRIGGER audit_log_is_not_rewritten; UPDATE audit_log SET actor = 'somebody' WHERE seq = {number}"
        ),
    );
    // Beside the running server, and without one.
    for _ in 0..2 {
        let found = operator(&server, &["audit", "check"]);
        assert_eq!(found.code(), Some(1), "{found:?}");
        let sentence = format!("record {number} of the audit log is not as it was written");
        assert!(found.stderr.contains(&sentence), "{found:?}");
        let _stopped = server.stop();
    }
}
