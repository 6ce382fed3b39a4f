//! SIPp (Debian: sip-tester), driven by scenarios in `data/sipp`.

use super::running_phone::{Quit, RunningPhone};
use super::{Attempt, Settings, Trace};
use crate::bounded::{finish, read_lossy, run, wait_for};
use crate::data;
use crate::sip::Transport;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(30);
/// sipp looks for a free port by itself, and two of them at a time find the same one: TCP lets both bind and then one
/// listen.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Plays one scenario once. The phone is content when every message was as the scenario says.
///
/// # Panics
/// When sipp cannot be run.
#[must_use]
pub fn play(scenario: &str, settings: &Settings) -> Attempt {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    let Settings { username, password, domain, .. } = settings;
    // A keyword is not replaced inside another, so the whole authentication stands in the data file.
    let fields = format!("{username};[authentication username={username} password={password}];{domain}");
    fs::write(path("fields.csv"), format!("SEQUENTIAL\n{fields}\n")).expect("a data file");
    let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let finished = run(
        Command::new("sipp")
            .arg(settings.server.to_string())
            .arg("-sf")
            .arg(data("sipp").join(scenario))
            .arg("-inf")
            .arg(path("fields.csv"))
            .args(["-t", if settings.transport == Transport::Udp { "u1" } else { "t1" }])
            .args(["-m", "1", "-i", "127.0.0.1", "-nostdin", "-timeout", "20", "-timeout_error"])
            .args(["-recv_timeout", "10000"])
            .args(["-trace_msg", "-message_file", "messages.log", "-trace_err", "-error_file", "errors.log"])
            .env("HOME", folder.path())
            .env("TERM", "dumb")
            .current_dir(folder.path()),
        LIMIT,
    );
    drop(turn);
    let messages = read_lossy(&path("messages.log"));
    let output = format!("sipp ended with {:?}\n{}\n{messages}", finished.code(), read_lossy(&path("errors.log")));
    Attempt { phone_is_content: finished.code() == Some(0), trace: Trace::read(&messages), output }
}

/// Phones of one credential, each of which registers once a second over UDP with a contact of its own.
pub struct Crowd {
    child: Child,
    folder: TempDir,
    limit: Duration,
}

/// Lets the phones of those numbers register for so many seconds.
///
/// # Panics
/// When sipp cannot be run.
#[must_use]
pub fn crowd(settings: &Settings, devices: Range<u32>, seconds: u32) -> Crowd {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Settings { username, password, domain, .. } = settings;
    let rate = devices.len().to_string();
    let device = |number| {
        format!("{username};[authentication username={username} password={password}];{domain};device{number}\n")
    };
    let fields: String = devices.clone().map(device).collect();
    fs::write(folder.path().join("fields.csv"), format!("SEQUENTIAL\n{fields}")).expect("a data file");
    let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let free = UdpSocket::bind("127.0.0.1:0").expect("a socket").local_addr().expect("an address");
    let count = (devices.end - devices.start) * seconds;
    let output = |name: &str| fs::File::create(folder.path().join(name)).expect("a file for the output");
    let child = Command::new("sipp")
        .arg(settings.server.to_string())
        .arg("-sf")
        .arg(data("sipp").join("device.xml"))
        .args(["-inf", "fields.csv", "-t", "u1", "-i", "127.0.0.1", "-p", &free.port().to_string(), "-nostdin"])
        .args(["-r", &rate, "-rp", "1000", "-m", &count.to_string(), "-l", "1000", "-recv_timeout", "10000"])
        .args(["-trace_err", "-error_file", "errors.log"])
        .env("HOME", folder.path())
        .env("TERM", "dumb")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(output("out"))
        .stderr(output("err"))
        .spawn()
        .expect("sipp");
    // Once nobody else can take its port, it has it.
    wait_for("sipp on its port", LIMIT, || UdpSocket::bind(free).err());
    drop(turn);
    Crowd { child, folder, limit: LIMIT + Duration::from_secs(u64::from(seconds)) }
}

impl Crowd {
    /// Waits until all have registered for the last time.
    ///
    /// # Panics
    /// When one registration failed, or sipp does not end.
    pub fn expect_registered(mut self) {
        let ended = finish(&mut self.child, self.limit);
        let said = read_lossy(&self.folder.path().join("errors.log"));
        assert_eq!(ended.and_then(|status| status.code()), Some(0), "{said}");
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = finish(&mut self.child, Duration::ZERO);
    }
}

/// Leaves one running over UDP that answers as a scenario says, such as `gateway.xml`, and where it is reached.
///
/// # Panics
/// When sipp cannot be run.
#[must_use]
pub fn serve(scenario: &str) -> (RunningPhone, SocketAddr) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let free = UdpSocket::bind("127.0.0.1:0").expect("a socket").local_addr().expect("an address");
    let mut command = Command::new("sipp");
    command.arg("-sf").arg(data("sipp").join(scenario)).args(["-t", "u1", "-i", "127.0.0.1", "-nostdin"]);
    command.args(["-p", &free.port().to_string(), "-trace_msg", "-message_file", "messages.log"]);
    let running = RunningPhone::start(command, folder, "messages.log", Quit::Signal);
    // Once nobody else can take its port, it has it.
    wait_for("sipp on its port", LIMIT, || UdpSocket::bind(free).err());
    drop(turn);
    (running, free)
}
