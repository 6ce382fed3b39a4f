//! `sipwarden quickstart`: the whole story on one machine, also where the usual ports are taken.

use acceptance::binary;
use acceptance::bounded::{finish, read_lossy, run, terminate, try_wait_for};
use std::fs::{self, File};
use std::net::{TcpListener, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// Takes the usual ports; where somebody has them already, they are just as taken.
fn take_usual_ports() -> (Vec<TcpListener>, Option<UdpSocket>) {
    let listeners = ["127.0.0.1:8080", "127.0.0.1:5060"].into_iter().filter_map(|port| TcpListener::bind(port).ok());
    (listeners.collect(), UdpSocket::bind("127.0.0.1:5060").ok())
}

#[test]
fn it_shows_every_step_and_ends_well() {
    let _taken = take_usual_ports();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let finished = run(binary::command().args(["quickstart", "--exit"]).current_dir(folder.path()), LIMIT);
    let printed = format!("{}{}", finished.stdout, finished.stderr);
    assert_eq!(finished.code(), Some(0), "{printed}");
    for shown in
        ["REGISTER", "401", "200", "MD5", "SHA-256", "INVITE sip:echo@", "the tone that was sent", "round trip"]
    {
        assert!(finished.stdout.contains(shown), "{shown} is not shown:\n{printed}");
    }
    for reason in [["wrong_password", "wrong password"], ["credential_disabled", "credential disabled"]] {
        assert!(reason.iter().any(|reason| finished.stdout.contains(reason)), "{reason:?} is not shown:\n{printed}");
    }
    assert!(!printed.contains("panicked"), "{printed}");
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0, "it left files in the working directory");
}

#[test]
fn without_exit_it_goes_on_serving_and_its_curl_works() {
    let _taken = take_usual_ports();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("output");
    let mut quickstart = binary::command()
        .arg("quickstart")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(File::create(&output).expect("a file for the output"))
        .stderr(File::create(folder.path().join("errors")).expect("a file for the errors"))
        .spawn()
        .expect("a binary that can be started");
    let curl = try_wait_for(LIMIT, || ready_curl(&read_lossy(&output)));
    let created = curl.as_ref().map(|curl| {
        let script = format!("{curl} --silent --show-error --noproxy '*' --max-time 30");
        run(Command::new("bash").arg("-c").arg(script), LIMIT)
    });
    terminate(&quickstart);
    let ended = finish(&mut quickstart, Duration::from_secs(15));
    let printed = read_lossy(&output);
    let created = created.unwrap_or_else(|| panic!("no ready curl was printed:\n{printed}"));
    let body: serde_json::Value = serde_json::from_str(&created.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{curl:?}\n{}{}\n{printed}", created.stdout, created.stderr));
    assert_eq!(body["password"], "<redacted>", "{curl:?}: {body}");
    assert!(ended.is_some_and(|status| status.success()), "after SIGTERM: {ended:?}\n{printed}");
    for setting in ["Username", "Password", "Domain"] {
        assert!(printed.to_lowercase().contains(&setting.to_lowercase()), "{setting} is not printed:\n{printed}");
    }
}

/// The command that starts with `curl`, with all its continued lines, once its last line is there.
fn ready_curl(printed: &str) -> Option<String> {
    let start = printed.lines().position(|line| line.trim_start().starts_with("curl "))?;
    let mut command = String::new();
    for line in printed.lines().skip(start) {
        command.push_str(line);
        let quotes = command.matches('\'').count();
        if !line.trim_end().ends_with('\\') && quotes.is_multiple_of(2) {
            return Some(command);
        }
        command.push('\n');
    }
    None
}
