//! HTTPS: curl and the command line over it, certificates replaced while it serves, clients that are not welcome.

use acceptance::bounded::{Finished, run, wait_for};
use acceptance::tls::{Authority, Issued};
use acceptance::{Account, RawHttp, Server, binary};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);
/// The server gives a handshake this long.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

struct Https {
    server: Server,
    authority: Authority,
    /// Holds the authority's files.
    _folder: tempfile::TempDir,
    first: Issued,
}

impl Https {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new(folder.path());
        let first = authority.issue();
        authority.put(&first, &first);
        let [certificate, key] = authority.server_files();
        let options =
            ["--https-listen", "127.0.0.1:0", "--tls-certificate", certificate.as_str(), "--tls-key", key.as_str()];
        Self { server: Server::start_with(&options), authority, _folder: folder, first }
    }

    fn address(&self) -> SocketAddr {
        self.server.https().expect("an https address in listening.json")
    }

    fn curl(&self, path: &str, options: &[&str]) -> Finished {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--noproxy", "*", "--cacert"]).arg(self.authority.file());
        run(command.args(options).arg(format!("https://localhost:{}{path}", self.address().port())), LIMIT)
    }

    fn command(&self, account: &Account, arguments: &[&str]) -> Finished {
        let mut command = binary::command();
        command.arg("credential").args(arguments);
        command.args(["--json", "--url", &format!("https://localhost:{}", self.address().port())]);
        command.env("SIPWARDEN_AUTH_ID", &account.auth_id).env("SIPWARDEN_AUTH_TOKEN", &account.auth_token);
        run(&mut command, LIMIT)
    }

    /// The certificate that a new connection gets now.
    fn certificate(&self) -> Vec<u8> {
        self.authority.connect(self.address()).certificate()
    }

    fn wait_for_log(&self, words: &str) {
        wait_for(words, LIMIT, || self.server.stderr().contains(words).then_some(()));
    }
}

#[test]
fn credentials_are_made_over_https() {
    let https = Https::start();
    let account = https.server.account("secure");
    let path = format!("/api/v1/Account/{}/credentials", account.auth_id);
    let (id, token) = (format!("X-Auth-ID: {}", account.auth_id), format!("X-Auth-Token: {}", account.auth_token));
    let body = r#"{"username":"alice","password":"correct horse"}"#;
    let by_curl = https.curl(&path, &["-H", &id, "-H", &token, "-H", "Content-Type: application/json", "--data", body]);
    let created: Value = serde_json::from_str(&by_curl.stdout).unwrap_or_else(|error| panic!("{error}: {by_curl:?}"));
    assert_eq!((&created["username"], &created["password"]), (&"alice".into(), &"<redacted>".into()));

    let file = https.authority.file().display().to_string();
    let by_command = https.command(&account, &["create", "bob", "--generate", "--ca-file", &file]);
    assert_eq!(by_command.code(), Some(0), "{by_command:?}");
    let api = https.server.api(&account);
    assert_eq!(
        api.send("GET", &api.path("trunks/credentials"), b"").json()["meta"]["total"],
        2,
        "plain HTTP is served beside it"
    );
}

#[test]
fn a_server_that_nobody_vouches_for_gets_no_token() {
    let https = Https::start();
    let account = https.server.account("secure");
    let untrusted = https.command(&account, &["list"]);
    assert_eq!(untrusted.code(), Some(1), "{untrusted:?}");
    assert!(untrusted.stderr.contains("is not trusted") && untrusted.stderr.contains("--ca-file"), "{untrusted:?}");
    assert_eq!(untrusted.stderr.lines().count(), 1, "{untrusted:?}");
    let missing = https.command(&account, &["list", "--ca-file", "/nowhere/ca.pem"]);
    assert!(missing.code() == Some(1) && missing.stderr.contains("/nowhere/ca.pem"), "{missing:?}");
}

#[test]
fn a_certificate_is_replaced_under_way() {
    let https = Https::start();
    let mut old = https.authority.connect(https.address());
    assert!(old.is_served() && old.certificate() == https.first.der);

    let second = https.authority.issue();
    https.authority.put(&second, &second);
    let begun = Instant::now();
    let mut served = 0;
    while https.certificate() != second.der {
        let mut fresh = https.authority.connect(https.address());
        assert!(fresh.is_served() && old.is_served());
        served += 1;
        assert!(begun.elapsed() < LIMIT, "never replaced, after {served} connections");
    }
    assert!(old.is_served() && old.certificate() == https.first.der, "the connection before goes on");

    // A key that does not belong: the pair in use stays.
    let third = https.authority.issue();
    https.authority.put(&third, &second);
    https.wait_for_log("the TLS certificate before is kept");
    let log = https.server.stderr();
    assert!(log.contains("does not belong") && log.contains("put a certificate chain and the key"), "{log}");
    assert_eq!(https.certificate(), second.der);
    assert!(old.is_served());
    https.authority.put(&third, &third);
    wait_for("the third certificate", LIMIT, || (https.certificate() == third.der).then_some(()));
    assert!(old.is_served() && https.server.stderr().matches("is kept").count() == 1);
}

#[test]
fn sighup_reloads_and_ends_nobody() {
    let mut https = Https::start();
    let [_, key] = https.authority.server_files();
    // Nothing has changed, so only the signal can be what makes it read them.
    https.server.hang_up();
    https.wait_for_log("new connections get the TLS certificate");
    assert!(!https.server.stderr().contains("chmod 600"));
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o644)).expect("another mode");
    https.wait_for_log("chmod 600");
    assert!(https.server.is_alive() && https.certificate() == https.first.der);

    let mut plain = Server::start();
    plain.hang_up();
    wait_for("a word about it", LIMIT, || plain.stderr().contains("no TLS certificate to reload").then_some(()));
    assert!(plain.is_alive());
    assert!(plain.stop().is_some_and(|status| status.success()));
}

/// What the server answers to the first octets of a connection, and that it closes then.
fn answer(address: SocketAddr, octets: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT).expect("a server");
    stream.set_read_timeout(Some(LIMIT)).expect("a time limit");
    stream.write_all(octets).expect("a server that reads");
    stream.shutdown(Shutdown::Write).expect("an open connection");
    let mut answer = Vec::new();
    // A reset is an end too.
    let ended = stream.read_to_end(&mut answer);
    assert!(ended.is_ok() || ended.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset));
    answer
}

/// A ClientHello of that version with what TLS 1.2 needs, and without the extension that leads on to 1.3.
fn client_hello(version: [u8; 2]) -> Vec<u8> {
    let random = [7; 32];
    let suites = [0xc0, 0x2f, 0xc0, 0x2b, 0xc0, 0x13, 0xc0, 0x09, 0x00, 0x2f];
    let (signatures, groups, points) =
        ([0, 13, 0, 6, 0, 4, 4, 3, 8, 4], [0, 10, 0, 4, 0, 2, 0, 23], [0, 11, 0, 2, 1, 0]);
    let extensions = [&signatures[..], &groups, &points].concat();
    let hello = [&version[..], &random, &[0, 0, 10], &suites, &[1, 0, 0, 24], &extensions].concat();
    let length = u8::try_from(hello.len()).expect("a short hello");
    [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length], hello.as_slice()].concat()
}

#[test]
fn old_tls_and_no_tls_are_refused() {
    let https = Https::start();
    let (alert, handshake, protocol_version) = (0x15, 0x16, 70);
    for old in [[3, 1], [3, 2]] {
        let said = answer(https.address(), &client_hello(old));
        assert_eq!((said.first(), said.last()), (Some(&alert), Some(&protocol_version)), "{said:?}");
    }
    let said = answer(https.address(), &client_hello([3, 3]));
    assert_eq!(said.first(), Some(&handshake), "the same with TLS 1.2 is answered: {said:?}");
    let said = answer(https.address(), b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(said.is_empty() || said.first() == Some(&alert), "{}", String::from_utf8_lossy(&said));
    for version in ["1.2", "1.3"] {
        let option = format!("--tlsv{version}");
        let alive = https.curl("/healthz", &[&option, "--tls-max", version, "--write-out", "%{http_version}"]);
        assert_eq!(alive.stdout, r#"{"status":"alive"}1.1"#, "{alive:?}");
    }
}

#[test]
fn clients_that_say_nothing_are_closed_and_others_served() {
    let https = Https::start();
    let begun = Instant::now();
    let mut silent: Vec<_> = (0..100).map(|_| RawHttp::connect(https.address())).collect();
    let alive = https.curl("/healthz", &[]);
    assert_eq!(alive.stdout, r#"{"status":"alive"}"#, "{alive:?}");
    assert!(silent.iter_mut().all(|connection| connection.is_closed_within(LIMIT)));
    assert!(begun.elapsed() >= HANDSHAKE_LIMIT, "closed early, after {:?}", begun.elapsed());
}

#[test]
fn what_https_lacks_is_said_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new(folder.path());
    let (one, other) = (authority.issue(), authority.issue());
    authority.put(&one, &other);
    let [certificate, key] = authority.server_files();
    let listen = ["--https-listen", "127.0.0.1:0"];
    for (options, mentions) in [
        (vec![], ["needs a certificate", "--tls-certificate and --tls-key"]),
        (vec!["--tls-certificate", &certificate], ["1 TLS certificates and 0 keys", "--tls-key for each"]),
        (vec!["--tls-certificate", &certificate, "--tls-key", &key], ["does not belong", "--tls-key"]),
        (vec!["--tls-certificate", &certificate, "--tls-key", "/nowhere"], ["/nowhere cannot be read", "--tls-key"]),
    ] {
        let mut command = binary::command();
        command.arg("serve").arg("--data-dir").arg(folder.path().join("data"));
        command.args(["--http-listen", "127.0.0.1:0", "--sip-listen", "udp:127.0.0.1:0"]);
        let refused = run(command.args(listen).args(&options), LIMIT);
        assert_eq!((refused.code(), refused.stderr.lines().count()), (Some(1), 1), "{options:?}: {refused:?}");
        assert!(mentions.iter().all(|words| refused.stderr.contains(words)), "{options:?}: {refused:?}");
    }
    assert!(!folder.path().join("data").exists(), "something was left behind");
}
