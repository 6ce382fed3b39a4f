//! `sipwarden bench`: every mode and transport against a server of ours, what it says of one that is not as it should be,
//! and that it leaves nothing behind.

use acceptance::bounded::{Finished, finish, run, signal, wait_for};
use acceptance::sip::Transport;
use acceptance::tls::Authority;
use acceptance::{Account, Server, binary};
use serde_json::Value;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);
const PASSWORD: &str = "Correct!Horse7";

struct Bench {
    server: Server,
    account: Account,
}

impl Bench {
    fn new() -> Self {
        let server = Server::start_on_every_transport(&["--metrics-listen", "127.0.0.1:0", "--log", "warn"]);
        let account = server.account("bench");
        let data_dir = server.data_dir();
        let limits = ["account", "set-limits", &account.auth_id, "--concurrent-calls", "10000", "--cps", "10000"];
        let _said = binary::sipwarden_on(&data_dir, &limits);
        fs::write(server.scratch().join("authority.pem"), Authority::shared().pem()).expect("a file");
        Self { server, account }
    }

    fn command(&self, transport: Transport, options: &[&str]) -> Command {
        let mut command = binary::command();
        command
            .args(["bench", "--server", &self.server.sip(transport).to_string(), "--transport", transport.name()])
            .args(["--domain", &self.account.sip_domain, "--warm-up", "0", "--json"])
            .args(options)
            .env("SIPWARDEN_URL", format!("http://{}", self.server.http()))
            .env("SIPWARDEN_AUTH_ID", &self.account.auth_id)
            .env("SIPWARDEN_AUTH_TOKEN", &self.account.auth_token)
            .env("SIPWARDEN_CA_FILE", self.server.scratch().join("authority.pem"));
        command
    }

    fn run(&self, transport: Transport, options: &[&str]) -> Finished {
        run(self.command(transport, options).args(["--duration", "1"]), LIMIT)
    }

    fn ok(&self, transport: Transport, options: &[&str]) -> Value {
        let Finished { status, stdout, stderr } = self.run(transport, options);
        assert!(status.is_some_and(|status| status.success()), "{options:?}: {stdout}{stderr}");
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
    }

    fn credentials(&self) -> u64 {
        let api = self.server.api(&self.account);
        let list = api.send("GET", &api.path("trunks/credentials?limit=1"), b"").expect(200);
        list["meta"]["total"].as_u64().expect("a number")
    }

    fn bindings(&self) -> f64 {
        self.server.scrape().value("sipwarden_registrations", &[])
    }

    /// Nobody is there any more who was not before.
    fn is_clean(&self) {
        assert_eq!(self.credentials(), 0);
        wait_for("no bindings", LIMIT, || (self.bindings() == 0.0).then_some(()));
    }
}

fn count(result: &Value, name: &str) -> u64 {
    result[name].as_u64().unwrap_or_else(|| panic!("no {name} in {result}"))
}

#[test]
fn every_mode_over_every_transport() {
    let bench = Bench::new();
    let domain = &bench.account.sip_domain;
    let echo = format!("sip:echo@{domain}");
    for (transport, mode, more) in [
        (Transport::Udp, "register", &["--at-a-time", "8"][..]),
        (Transport::Udp, "preemptive", &["--rate", "50"]),
        (Transport::Udp, "invite", &["--at-a-time", "4"]),
        (Transport::Udp, "call", &["--at-a-time", "4"]),
        (Transport::Udp, "call", &["--at-a-time", "4", "--to", &echo]),
        (Transport::Tcp, "register", &["--rate", "100"]),
        (Transport::Tcp, "call", &["--at-a-time", "4"]),
        (Transport::Tls, "preemptive", &["--at-a-time", "4"]),
    ] {
        let case = format!("{mode} over {}", transport.name());
        let result = bench.ok(transport, &[&["--create", "20", "--mode", mode], more].concat());
        assert!(count(&result, "good") > 10, "{case}: {result}");
        assert_eq!(result["good"], result["begun"], "{case}: {result}");
        for name in ["unproven", "unbound", "unanswered", "failed"] {
            assert_eq!(count(&result, name), 0, "{case}: {result}");
        }
        assert!(count(&result["latency_us"], "p50") > 0, "{case}: {result}");
        assert_eq!(result["left"], serde_json::json!({ "bindings": 0, "credentials": 0 }), "{case}");
        if more.contains(&"50") {
            assert!((40..=50).contains(&count(&result, "good")), "{case}: {result}");
        }
    }
    bench.is_clean();
}

#[test]
fn phones_of_a_file_leave_no_binding_and_the_knee_is_found() {
    let bench = Bench::new();
    let api = bench.server.api(&bench.account);
    let rows: String = (0..10)
        .map(|number| {
            let _id = api.credential(&format!("phone_{number}"), PASSWORD);
            format!("phone_{number},{PASSWORD}\n")
        })
        .collect();
    let file = bench.server.scratch().join("phones.csv");
    fs::write(&file, format!("username,password\n{rows}")).expect("a file");
    let file = file.to_str().expect("a path");
    let result = bench.ok(Transport::Udp, &["--csv", file, "--users", "8", "--knee"]);
    // Ten phones wait for their answers half of the time, so the knee is theirs.
    assert!(result["knee"].as_f64().is_some_and(|knee| knee > 0.0), "{result}");
    let rungs = result["rungs"].as_array().expect("rates");
    assert!(rungs.len() > 4 && rungs.iter().any(|rung| rung["good"] == false), "{result}");
    assert_eq!(result["left"]["bindings"], 0, "{result}");
    assert_eq!(bench.bindings(), 0.0);

    fs::write(file, rows.replace(PASSWORD, "Wrong!Horse7").replacen("phone", "username,password\nphone", 1))
        .expect("a file");
    let refused = bench.run(Transport::Udp, &["--csv", file]);
    assert_eq!(refused.code(), Some(1), "{refused:?}");
    for said in ["ended with 401", "look whether the passwords and --domain are right"] {
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
    }
    assert!(!refused.stderr.contains("Wrong!Horse7") && !refused.stdout.contains("Wrong!Horse7"));
    fs::write(file, "username,password\nphone_1\n").expect("a file");
    let unreadable = bench.run(Transport::Udp, &["--csv", file]);
    assert!(
        unreadable.stderr.contains("row 2 has 1 cells, and the heading has 2; correct it"),
        "{}",
        unreadable.stderr
    );
}

#[test]
fn interrupted_it_clears_away() {
    let bench = Bench::new();
    let mut command = bench.command(Transport::Udp, &["--create", "30", "--duration", "600"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a child");
    wait_for("phones", LIMIT, || (bench.bindings() == 30.0).then_some(()));
    signal(&child, "INT");
    let ended = finish(&mut child, LIMIT).expect("it ends");
    let output = child.wait_with_output().expect("its output");
    assert!(ended.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let result: Value = serde_json::from_slice(&output.stdout).expect("the result so far");
    assert_eq!(result["left"], serde_json::json!({ "bindings": 0, "credentials": 0 }), "{result}");
    bench.is_clean();
}

#[test]
fn what_cannot_be_is_said() {
    let bench = Bench::new();
    let nobody = "127.0.0.1:9";
    for (options, code, said) in [
        (&["--create", "1", "--server", nobody][..], 2, "cannot be used multiple times"),
        (&[], 2, "--csv <FILE>"),
        (&["--create", "1", "--username-pattern", "same"], 2, "one {} in it"),
        (&["--create", "1", "--knee", "--rate", "5"], 2, "cannot be used with"),
        (&["--csv", "/nowhere.csv"], 1, "give another file"),
        (&["--create", "1", "--mode", "invite", "--expect", "486"], 1, "ended with 404"),
    ] {
        let finished = bench.run(Transport::Udp, options);
        assert_eq!(finished.code(), Some(code), "{options:?}: {finished:?}");
        assert!(finished.stderr.contains(said), "{options:?}: {}", finished.stderr);
    }
    let api = bench.server.api(&bench.account);
    let id = api.credential("bench_2", PASSWORD);
    let taken = bench.run(Transport::Udp, &["--create", "3"]);
    assert!(taken.stderr.contains("there is a credential bench_2 already"), "{}", taken.stderr);
    api.delete(&id);
    bench.is_clean();
    let file = bench.server.scratch().join("one.csv");
    fs::write(&file, format!("username,password\nalice,{PASSWORD}\n")).expect("a file");
    let mut elsewhere = binary::command();
    elsewhere.args(["bench", "--server", nobody, "--domain", "h", "--duration", "1", "--csv"]).arg(file);
    let finished = run(&mut elsewhere, LIMIT);
    assert!(
        finished.stderr.contains("nobody listens at 127.0.0.1:9 over UDP; start the server"),
        "{}",
        finished.stderr
    );
}
