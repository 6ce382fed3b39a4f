//! The JavaScript phones over WebSocket: JsSIP and SIP.js in node, JsSIP in headless Chromium; see `data/javascript`.

use super::running_phone::{Quit, RunningPhone};
use super::{Attempt, Settings, spoken};
use crate::data;
use serde_json::json;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A browser takes its time on a busy machine.
const REGISTER_LIMIT: Duration = Duration::from_secs(60);

/// Which phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// JsSIP in node.
    JsSip,
    /// SIP.js in node.
    SipJs,
    /// JsSIP in Chromium.
    Chromium,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::JsSip, Self::SipJs, Self::Chromium];

    const fn name(self) -> &'static str {
        match self {
            Self::JsSip => "jssip",
            Self::SipJs => "sipjs",
            Self::Chromium => "chromium",
        }
    }
}

/// Starts the phone, waits for the outcome of its registration, and makes it quit, which de-registers.
///
/// # Panics
/// When it cannot be run.
#[must_use]
pub fn register(kind: Kind, settings: &Settings) -> Attempt {
    let phone = start(kind, settings, 120);
    let content = phone.wait_for(REGISTER_LIMIT, spoken::verdict);
    phone.into_attempt(content == Some(true))
}

/// Starts the phone and leaves it running, registering for that many seconds at a time.
///
/// # Panics
/// When it cannot be run.
#[must_use]
pub fn start(kind: Kind, settings: &Settings, expires_seconds: u32) -> RunningPhone {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let modules = modules();
    let scheme = if settings.transport.name() == "wss" { "wss" } else { "ws" };
    let authority = settings.authority_file(folder.path()).map(|path| path.display().to_string());
    let given = json!({
        "url": format!("{scheme}://{}/", settings.server),
        "uri": format!("sip:{}@{}", settings.username, settings.domain),
        "username": settings.username,
        "password": settings.password,
        "expires": expires_seconds,
        "authority": authority,
        "modules": modules,
        "browser": "/usr/bin/chromium",
    });
    let mut command = Command::new("node");
    command.arg(data("javascript").join("phone.cjs")).arg(kind.name()).env("NODE_PATH", &modules);
    if let Some(authority) = authority {
        command.env("NODE_EXTRA_CA_CERTS", authority);
    }
    let mut phone = RunningPhone::start(command, folder, "printed", Quit::Line("quit")).read_by(spoken::messages);
    phone.type_line(&given.to_string());
    phone
}

/// Where `cargo xtask test` installs the libraries.
///
/// # Panics
/// When they are missing.
#[must_use]
pub fn modules() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test executable");
    // target/PROFILE/deps/TEST
    let installed = test.ancestors().nth(3).map(|target| target.join("javascript/node_modules"));
    installed.filter(|path| path.is_dir()).expect("the phones' libraries are missing: `cargo xtask test` installs them")
}
