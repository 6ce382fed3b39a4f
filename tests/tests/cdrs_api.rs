//! Calls that are up and call records, as far as they show while nobody calls: shapes, errors, who may ask, the commands.

use acceptance::{Account, Server, binary};
use serde_json::{Value, json};

const NO_CALL: &str = "0197aabb-1234-7678-90ab-cdef12345678";
const HEADING: &str = "id,trunk_id,credential_id,username,direction,from,to,source,destination,caller_transport,\
    callee_transport,caller_call_id,callee_call_id,begun_at,ringing_at,answered_at,ended_at,duration_ms,\
    post_dial_delay_ms,hung_up_by,reason,sip_status,q850_cause\r\n";

fn run(server: &Server, account: &Account, arguments: &[&str]) -> (bool, String) {
    let output = binary::command()
        .args(arguments)
        .env("SIPWARDEN_URL", format!("http://{}", server.http()))
        .env("SIPWARDEN_AUTH_ID", &account.auth_id)
        .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token)
        .output()
        .expect("a binary that can be started");
    let said = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(said).expect("text"))
}

#[test]
fn an_account_without_calls_has_empty_lists() {
    let server = Server::start();
    let account = server.account("quiet");
    let api = server.api(&account);
    let get = |rest: &str| api.send("GET", &api.path(rest), b"");
    assert_eq!(get("calls").expect(200), json!({"meta": {"limit": 20, "offset": 0, "total": 0}, "objects": []}));
    assert_eq!(
        get("cdrs?limit=7").expect(200),
        json!({"meta": {"limit": 7, "next_cursor": Value::Null}, "objects": []})
    );
    let export = get("cdrs.csv");
    assert_eq!((export.status, export.body.as_slice()), (200, HEADING.as_bytes()));
    assert_eq!(export.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    let mut concurrency = get("concurrency").expect(200);
    assert!(concurrency["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{concurrency}");
    concurrency["request_id"] = "x".into();
    let expected = json!({"account_id": account.auth_id, "concurrent_calls": 0, "max_concurrent": 100,
        "utilization_pct": 0, "request_id": "x"});
    assert_eq!(concurrency, expected);
    for rest in [format!("calls/{NO_CALL}"), "calls/x".into(), format!("cdrs/{NO_CALL}"), "cdrs/x".into()] {
        get(&rest).expect_error(404);
    }
    api.send("DELETE", &api.path(&format!("calls/{NO_CALL}")), b"").expect_error(404);
    for (rest, field) in [
        ("calls?trunk_id=x", "trunk_id"),
        ("calls?limit=0", "limit"),
        ("cdrs?cursor=x", "cursor"),
        ("cdrs?from=x", "from"),
        ("cdrs?to=2026-13-01T00:00:00Z", "to"),
        ("cdrs?direction=x", "direction"),
        ("cdrs?answered=x", "answered"),
        ("cdrs.csv?credential_id=x", "credential_id"),
    ] {
        get(rest).expect_field_error(field);
    }
}

#[test]
fn a_credential_without_calls_ends_none_and_is_deleted() {
    let server = Server::start();
    let account = server.account("quiet");
    let api = server.api(&account);
    let id = api.credential("alice", "correct horse");
    let calls = api.path(&format!("credentials/{id}/calls"));
    assert_eq!(api.send("DELETE", &calls, b"").expect(200), json!({"ended": 0}));
    let path = api.path(&format!("credentials/{id}?end_calls=true"));
    api.send("PUT", &path, b"{}").expect_field_error("end_calls");
    let disabled = api.send("PUT", &path, br#"{"enabled":false}"#).expect(200);
    assert_eq!(disabled["enabled"], false);
    api.delete(&id);
    api.send("DELETE", &calls, b"").expect_error(404);
}

#[test]
fn the_commands_say_so() {
    let server = Server::start();
    let account = server.account("quiet");
    let said = |arguments: &[&str]| run(&server, &account, arguments);
    assert_eq!(said(&["calls"]), (true, "No call is up; `sipwarden cdrs` shows those that ended.\n".into()));
    assert_eq!(said(&["calls", "--json"]), (true, "{\"calls\":[]}\n".into()));
    assert_eq!(said(&["cdrs"]), (true, "No call has ended yet, or none that matches.\n".into()));
    assert_eq!(said(&["cdrs", "--csv", "--answered", "true"]), (true, HEADING.into()));
    for (arguments, part) in [
        (&["calls", "--end", NO_CALL][..], "Call not found"),
        (&["cdrs", "--from", "yesterday"], "from must be a moment like"),
        (&["cdrs", "--csv", "--from", "yesterday"], "from must be a moment like"),
    ] {
        let (succeeded, text) = said(arguments);
        assert!(!succeeded && text.contains(part), "{arguments:?}: {text}");
    }
}
