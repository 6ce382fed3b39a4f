//! Twinkle on the console (Debian: twinkle-console), without sound.

use super::running_phone::{Quit, RunningPhone};
use super::{Attempt, Settings};
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const REGISTER_LIMIT: Duration = Duration::from_secs(20);
const TRACE: &str = ".twinkle/twinkle.log";

/// Starts the phone, waits for the outcome of its registration, and makes it quit, which de-registers.
///
/// # Panics
/// When twinkle-console cannot be run.
#[must_use]
pub fn register(settings: &Settings) -> Attempt {
    let phone = start(settings, 120);
    let content = phone.wait_for(REGISTER_LIMIT, verdict);
    phone.into_attempt(content == Some(true))
}

/// Starts the phone and leaves it running, registering for that many seconds at a time.
///
/// # Panics
/// When twinkle-console cannot be run.
#[must_use]
pub fn start(settings: &Settings, expires_seconds: u32) -> RunningPhone {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let own = folder.path().join(".twinkle");
    fs::create_dir(&own).expect("a folder");
    let port = free_port();
    let system = format!(
        "dev_ringtone=alsa:null\ndev_speaker=alsa:null\ndev_mic=alsa:null\nvalidate_audio_dev=no\n\
         log_sip=yes\nlog_max_size=20\nstart_user_profile=phone\nsip_udp_port={port}\nsip_port={port}\n"
    );
    fs::write(own.join("twinkle.sys"), system).expect("a configuration file");
    let Settings { server, transport, domain, username, password, .. } = settings;
    let transport = transport.name();
    let profile = format!(
        "user_name={username}\nuser_domain={domain}\nauth_name={username}\nauth_pass={password}\n\
         use_outbound_proxy=yes\noutbound_proxy={server}\nall_requests_to_proxy=yes\nsip_transport={transport}\n\
         register_at_startup=yes\nregistration_time={expires_seconds}\npublish_enabled=no\n"
    );
    fs::write(own.join("phone.cfg"), profile).expect("a configuration file");
    RunningPhone::start(Command::new("twinkle-console"), folder, TRACE, Quit::Line("quit"))
}

/// A port for both UDP and TCP, since it takes no zero for "any port": below those that the system gives to others meanwhile.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let first = 20_000 + std::process::id() % 8_000;
    let mut ports =
        (0..4_000_u32).filter_map(|_| u16::try_from(first + NEXT.fetch_add(1, Ordering::Relaxed) % 4_000).ok());
    let is_free =
        |port: &u16| UdpSocket::bind(("0.0.0.0", *port)).is_ok() && TcpListener::bind(("0.0.0.0", *port)).is_ok();
    ports.find(is_free).expect("a free port")
}

/// What became of its first registration, from the answers in its trace: what it prints comes by a terminal library.
fn verdict(trace: &str) -> Option<bool> {
    let trace = super::Trace::read(trace);
    if !trace.accepted_registers().is_empty() {
        return Some(true);
    }
    (trace.statuses().len() >= 2).then_some(false)
}
