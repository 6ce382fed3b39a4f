//! `sipwarden credential …`: the same as the API, for people and scripts.

use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Server, binary};
use serde_json::Value;
use std::io::Write;
use std::process::{Output, Stdio};

struct Shell {
    server: Server,
    account: Account,
}

impl Shell {
    fn new() -> Self {
        let server = Server::start();
        let account = server.account("cli");
        Self { server, account }
    }

    fn run(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut child = binary::command()
            .arg("credential")
            .args(arguments)
            .env("SIPWARDEN_URL", format!("http://{}", self.server.http()))
            .env("SIPWARDEN_AUTH_ID", &self.account.auth_id)
            .env("SIPWARDEN_AUTH_TOKEN", &self.account.auth_token)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a binary that can be started");
        // A command that wants no input may have ended already.
        let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
        child.wait_with_output().expect("its output")
    }

    /// The output of a command that succeeds.
    fn ok(&self, arguments: &[&str], stdin: &str) -> String {
        let output = self.run(arguments, stdin);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// What a command that fails says, and that it exits 1.
    fn refused(&self, arguments: &[&str], stdin: &str) -> String {
        let output = self.run(arguments, stdin);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(said.lines().count(), 1, "{said}");
        said
    }

    fn register(&self, username: &str, password: &str) -> u16 {
        let address = self.server.sip(Transport::Udp);
        HandmadePhone::new(Transport::Udp, address, &self.account.sip_domain, username, password).register(60).status
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_credential_is_created_changed_and_deleted() {
    let shell = Shell::new();
    let created = json(&shell.ok(&["create", "alice", "--password-stdin", "--json"], "first password\n"));
    assert_eq!(created["credential"]["username"], "alice");
    assert_eq!(shell.register("alice", "first password"), 200);
    let again = json(&shell.ok(&["create", "alice", "--generate", "--if-not-exists", "--json"], ""));
    assert_eq!(again, created["credential"]);
    assert!(shell.refused(&["create", "alice", "--generate"], "").contains("Username already exists"));

    shell.ok(&["update", "alice", "--password-stdin", "--description", "front desk"], "second password");
    assert_eq!((shell.register("alice", "first password"), shell.register("alice", "second password")), (401, 200));
    assert_eq!(json(&shell.ok(&["disable", "alice", "--json"], ""))["enabled"], false);
    assert_eq!(shell.register("alice", "second password"), 401);
    assert_eq!(json(&shell.ok(&["enable", "alice", "--json"], ""))["enabled"], true);
    assert_eq!(shell.register("alice", "second password"), 200);

    let rotated = json(&shell.ok(&["rotate", "alice", "--json"], ""));
    let third = rotated["generated_password"].as_str().expect("a password");
    assert_eq!(rotated["credential"]["username"], "alice");
    assert_eq!((shell.register("alice", "second password"), shell.register("alice", third)), (401, 200));
    shell.ok(&["rotate", "alice", "--password-stdin"], "fourth password");
    assert_eq!((shell.register("alice", third), shell.register("alice", "fourth password")), (401, 200));

    let id = created["credential"]["id"].as_str().expect("an id");
    assert_eq!(json(&shell.ok(&["show", id, "--json"], ""))["username"], "alice");
    assert_eq!(json(&shell.ok(&["list", "--json"], ""))["meta"]["total"], 1);
    shell.ok(&["delete", id], "");
    assert!(shell.refused(&["show", "alice"], "").contains("credential list"));
}

#[test]
fn what_to_type_into_a_phone_is_printed_and_right() {
    let shell = Shell::new();
    let printed = shell.ok(&["create", "bob", "--generate"], "");
    let value = |label: &str| {
        let line = printed.lines().find(|line| line.trim_start().starts_with(label));
        line.map(|line| line.trim_start()[label.len()..].trim().to_owned())
            .unwrap_or_else(|| panic!("{label}: {printed}"))
    };
    let password = value("Password, shown this once:");
    assert_eq!((password.len(), value("Domain")), (20, shell.account.sip_domain.clone()));
    let udp = shell.server.sip(Transport::Udp);
    assert!(printed.contains(&format!("{}, port {}, transport UDP", udp.ip(), udp.port())), "{printed}");
    assert_eq!(shell.register(&value("Username"), &password), 200);
}

#[test]
fn bad_input_says_what_to_do() {
    let shell = Shell::new();
    for nobody in ["nobody", "n&limit=1000", "a b", ""] {
        assert!(shell.refused(&["show", nobody], "").contains("there is no credential"), "{nobody}");
    }
    assert!(shell.refused(&["create", "carol"], "").contains("--password-stdin"));
    assert!(shell.refused(&["create", "carol", "--password-stdin"], "short\n").contains("at least 8"));
    assert!(shell.refused(&["create", "with-dash", "--generate"], "").contains("letters"));
    assert!(shell.refused(&["update", "carol"], "").contains("nothing to change"));
    assert!(shell.refused(&["list", "--limit", "0"], "").contains("limit"));
    assert!(shell.refused(&["list", "--url", "http://127.0.0.1:1"], "").contains("start the server"));
    let both = shell.run(&["create", "carol", "--generate", "--password-stdin"], "");
    assert_eq!(both.status.code(), Some(2), "wrong usage");
}
