//! Schemathesis against the served document: it generates requests that fit it and requests that do not, follows what one
//! operation tells to others, and checks every answer. A program we did not write judges whether the document is true.

use acceptance::bounded::run;
use acceptance::{Server, data};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The same requests every time.
const SEED: &str = "20261122";
/// Seconds it may generate for; the phases that are finite end sooner.
const BUDGET_SECONDS: u64 = 75;

#[test]
fn no_answer_contradicts_the_document() {
    let server = Server::start();
    let account = server.account("judged");
    let api = server.api(&account);
    let spare = api.send("POST", &api.path("tokens"), br#"{"label":"spare","scope":"read_only"}"#).expect(201);
    let finished = run(
        Command::new(program())
            .arg("--config-file")
            .arg(data("schemathesis.toml"))
            .args(["run", &format!("http://{}/openapi.json", server.http())])
            // An Idempotency-Key sent again gets the first answer again, for an object that may be deleted by now: after such
            // a 201 a 404 is right. That what is created is there at once is asserted by our own tests.
            .args(["--exclude-checks", "ensure_resource_availability"])
            // The operator's: off unless asked for, and proved by another token.
            .args(["--exclude-path-regex", "^/admin/"])
            .args(["--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"])
            .args(["--seed", SEED, "--max-examples", "25", "--max-time", &BUDGET_SECONDS.to_string()])
            .args(["--header", &format!("X-Auth-ID: {}", account.auth_id)])
            .args(["--header", &format!("X-Auth-Token: {}", account.auth_token)])
            .env("SIPWARDEN_AUTH_ID", &account.auth_id)
            .env("SPARE_TOKEN_ID", spare["id"].as_str().expect("an id"))
            .env("NO_COLOR", "1")
            .current_dir(server.scratch()),
        // Starting Python and reporting take their time on a busy machine.
        Duration::from_secs(BUDGET_SECONDS + 60),
    );
    assert_eq!(finished.code(), Some(0), "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stdout.contains("Stateful"), "every phase has to run: {}", finished.stdout);
}

fn program() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test executable");
    // target/PROFILE/deps/TEST
    let installed = test.ancestors().nth(3).map(|target| target.join("schemathesis/bin/schemathesis"));
    installed.filter(|path| path.is_file()).expect("schemathesis is not installed: `cargo xtask test` installs it")
}
