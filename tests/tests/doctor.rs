//! `sipwarden doctor` before an installation, beside a server, and where something is wrong.

use acceptance::bounded::{Finished, run};
use acceptance::{Server, binary};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// What it finds of an installation in that directory: the exit code, and each subject with its grade and text.
fn doctor(server: &Server, options: &[&str]) -> (Finished, Vec<(String, String, String)>) {
    let addresses = ["--http-listen", "127.0.0.1:0", "--sip-listen", "udp:127.0.0.1:0"];
    let mut command = binary::command();
    command.args(["doctor", "--json", "--data-dir"]).arg(server.data_dir()).args(addresses).args(options);
    let finished = run(&mut command, LIMIT);
    let answer: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"));
    let text = |finding: &Value, field: &str| finding[field].as_str().expect("a text").to_owned();
    let findings = answer["findings"].as_array().expect("findings").iter();
    let findings = findings.map(|it| (text(it, "subject"), text(it, "grade"), text(it, "text"))).collect();
    (finished, findings)
}

fn assert_found(found: &(Finished, Vec<(String, String, String)>), expected: (&str, &str, &str)) {
    let (subject, grade, said) = expected;
    let is_it = |it: &&(String, String, String)| it.0 == subject && it.1 == grade && it.2.contains(said);
    assert!(found.1.iter().any(|it| is_it(&it)), "{expected:?} is not in {found:?}");
    let failed = found.1.iter().any(|it| it.1 == "failed");
    assert_eq!(found.0.code(), Some(i32::from(failed)), "{found:?}");
}

#[test]
fn it_says_what_is_right_and_what_mends_the_rest() {
    let mut server = Server::not_started();
    assert_found(&doctor(&server, &[]), ("database", "warning", "no database yet"));
    assert!(!server.data_dir().exists(), "it changes nothing");
    server.start_again();
    let beside = doctor(&server, &[]);
    assert_found(&beside, ("database", "ok", "a running server"));
    assert_found(&beside, ("ports", "ok", "held by the running server"));
    assert_found(&beside, ("master key", "ok", "opens the database"));
    assert_found(&beside, ("certificates", "warning", "--tls-certificate"));
    assert_found(&beside, ("DNS", "ok", "for this machine only"));
    let _stopped = server.stop();
    let alone = doctor(&server, &[]);
    assert_found(&alone, ("database", "ok", "0 credentials"));
    assert_found(&alone, ("ports", "ok", "free: udp:127.0.0.1:0"));

    let taken = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = format!("udp:{}", taken.local_addr().expect("an address"));
    assert_found(&doctor(&server, &["--sip-listen", &address]), ("ports", "failed", "end the program that has it"));
    assert_found(&doctor(&server, &["--nonce-lifetime", "1"]), ("configuration", "failed", "--nonce-lifetime"));
    assert_found(&doctor(&server, &["--sip-domain", "phones.invalid"]), ("DNS", "warning", "phones.invalid: "));

    let key = server.data_dir().join("master.key");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).expect("its mode");
    assert_found(&doctor(&server, &[]), ("master key", "failed", "chmod"));
    let other = Server::start();
    let foreign = fs::read(other.data_dir().join("master.key")).expect("another key");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).expect("its mode");
    let own = fs::read(&key).expect("the key");
    fs::write(&key, foreign).expect("the file");
    assert_found(&doctor(&server, &[]), ("master key", "failed", "not the one that this database was sealed with"));
    fs::write(&key, own).expect("the file");
    assert_found(&doctor(&server, &[]), ("master key", "ok", "opens the database"));
    fs::rename(&key, server.scratch().join("away")).expect("the key, moved");
    assert_found(&doctor(&server, &[]), ("master key", "failed", "restore it from your backup"));
    fs::write(server.data_dir().join("sipwarden.db"), b"not a database").expect("the file");
    let damaged = doctor(&server, &[]);
    assert_eq!(damaged.0.code(), Some(1), "{damaged:?}");
    assert!(damaged.0.stderr.contains("things are wrong"), "{damaged:?}");
}
