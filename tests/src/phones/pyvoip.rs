//! pyVoIP, a library for voice agents in Python, over UDP, the only transport it has; see `data/python`.
//!
//! It answers a challenge without `qop` whatever the challenge offers, and knows no domain but the server's address.

use super::running_phone::{Quit, RunningPhone};
use super::{Attempt, Settings, spoken};
use crate::data;
use crate::sip::{RawSip, Transport};
use serde_json::json;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const REGISTER_LIMIT: Duration = Duration::from_secs(40);

/// Starts the phone, waits for the outcome of its registration, and makes it quit, which de-registers.
///
/// # Panics
/// When it cannot be run.
#[must_use]
pub fn register(settings: &Settings) -> Attempt {
    let phone = start(settings, 120);
    let content = phone.wait_for(REGISTER_LIMIT, spoken::verdict);
    phone.into_attempt(content == Some(true))
}

/// Starts the phone and leaves it running, registering for that many seconds at a time; it refreshes five seconds
/// before they are over.
///
/// # Panics
/// When it cannot be run.
#[must_use]
pub fn start(settings: &Settings, expires_seconds: u32) -> RunningPhone {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let given = json!({
        "host": settings.server.ip().to_string(),
        "port": settings.server.port(),
        "own_port": RawSip::connect(Transport::Udp, settings.server).local().port(),
        "username": settings.username,
        "password": settings.password,
        "expires": expires_seconds,
    });
    let mut command = Command::new(python());
    command.arg(data("python/pyvoip_phone.py"));
    let mut phone = RunningPhone::start(command, folder, "printed", Quit::Line("quit")).read_by(spoken::messages);
    phone.type_line(&given.to_string());
    phone
}

/// Where `cargo xtask test` installs it.
fn python() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test executable");
    // target/PROFILE/deps/TEST
    let installed = test.ancestors().nth(3).map(|target| target.join("pyvoip/bin/python"));
    installed.filter(|path| path.is_file()).expect("pyVoIP is not installed: `cargo xtask test` installs it")
}
