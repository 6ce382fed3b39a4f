//! `sipwarden call`: what it measures against an echo that is not ours, and what it says when a call fails.

use acceptance::binary;
use acceptance::bounded::wait_for;
use std::io::Write as _;
use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const PASSWORD: &str = "Correct!Horse7";

fn call(arguments: &[&str], password: &str) -> Output {
    let mut child = binary::command()
        .arg("call")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a binary that can be started");
    // A command that refuses its arguments reads nothing.
    let _ = child.stdin.take().expect("a pipe").write_all(password.as_bytes());
    child.wait_with_output().expect("its output")
}

fn account<'a>(server: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let base = ["--server", server, "--domain", "sip.example.com", "--username", "alice", "--password-stdin"];
    [&base[..], more].concat()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// SIPp as somebody who answers, and who sends RTP back if told to.
struct Sipp {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Sipp {
    fn start(options: &[&str]) -> Self {
        let free = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port");
        let media = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port");
        let folder = tempfile::tempdir().expect("a folder");
        let child = Command::new("sipp")
            .args(["-sn", "uas", "-i", "127.0.0.1", "-mi", "127.0.0.1", "-nostdin", "-p", &free.port().to_string()])
            .args(["-mp", &media.port().to_string()])
            .args(options)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sipp, which cargo xtask test brings");
        let sipp = Self { child, address: free.to_string(), _folder: folder };
        wait_for("sipp's port", Duration::from_secs(10), || UdpSocket::bind(free).is_err().then_some(()));
        sipp
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_tone_that_comes_back_is_measured() {
    let sipp = Sipp::start(&["-rtp_echo"]);
    let output = call(&account(&sipp.address, &["--duration", "2"]), PASSWORD);
    let printed = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{printed}{}", text(&output.stderr));
    for line in
        ["->  INVITE sip:echo@sip.example.com (CSeq 1)", "<-  180 Ringing", "<-  200 OK", "->  ACK ", "->  BYE "]
    {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    for line in [
        "digest          none was asked for",
        "post-dial delay ",
        "heard           the tone that was sent",
        "RTP loss        0.0 %",
        "RTP jitter      ",
        "round trip      ",
    ] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
}

#[test]
fn without_audio_it_fails_and_says_what_to_do() {
    let sipp = Sipp::start(&[]);
    let output = call(&account(&sipp.address, &["--duration", "1"]), PASSWORD);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let sentence = "sip:echo@sip.example.com answered, but no audio came back; let UDP through to the media ports";
    assert!(said.contains(sentence), "{said}");
    assert!(text(&output.stdout).contains("heard           nothing"), "{}", text(&output.stdout));
}

#[test]
fn nobody_at_the_port_is_told() {
    let closed =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").to_string();
    for transport in ["udp", "tcp"] {
        let output = call(&account(&closed, &["--transport", transport]), PASSWORD);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
        assert!(said.contains("cannot be reached over") && said.contains("--server"), "{said}");
    }
    let output = call(&account("nowhere.invalid:5060", &[]), PASSWORD);
    let said = text(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("correct --server"), "{said}");
    let output = call(&account(&closed, &[]), "");
    let said = text(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("no password on standard input"), "{said}");
}

#[test]
fn misuse_exits_with_2() {
    let whole = account("127.0.0.1:5060", &[]);
    let without_password: Vec<&str> = whole.iter().copied().filter(|word| *word != "--password-stdin").collect();
    let cases = [
        vec![],
        without_password,
        account("127.0.0.1", &[]),
        account("127.0.0.1:0", &[]),
        account("127.0.0.1:5060", &["--to", "bob"]),
        account("127.0.0.1:5060", &["--to", "tel:+49"]),
        account("127.0.0.1:5060", &["--transport", "carrier-pigeon"]),
        account("127.0.0.1:5060", &["--duration", "0"]),
        account("127.0.0.1:5060", &["--password", "secret"]),
    ];
    for arguments in cases {
        let output = call(&arguments, PASSWORD);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
    }
}
