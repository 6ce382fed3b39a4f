//! sipsak, in its registration mode.

use super::{Attempt, Settings, Trace};
use crate::bounded::run;
use std::process::Command;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(40);

/// Takes back what `register` has registered.
///
/// # Panics
/// When sipsak cannot be run.
#[must_use]
pub fn unregister(settings: &Settings) -> Attempt {
    register_for(settings, "0")
}

/// Registers once, with the server's bare address as the domain, or with another and the server as outbound proxy.
///
/// sipsak sends the first four digits of a five-digit port in its URIs: also that must not disturb.
///
/// # Panics
/// When sipsak cannot be run.
#[must_use]
pub fn register(settings: &Settings) -> Attempt {
    register_for(settings, "120")
}

fn register_for(settings: &Settings, expires_seconds: &str) -> Attempt {
    let Settings { server, username, password, domain, .. } = settings;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bare_address = server.to_string();
    let mut command = Command::new("sipsak");
    command.args(["-U", "-x", expires_seconds, "-vvv", "-E", settings.transport.name()]);
    command.args(["-u", username, "-a", password]).arg("-C").arg(format!("sip:{username}@127.0.0.1:9"));
    // The proxy comes first: sipsak resolves the domain as soon as it reads it, unless it knows a proxy by then.
    if *domain != bare_address {
        command.arg("-p").arg(&bare_address);
    }
    command.arg("-s").arg(format!("sip:{username}@{domain}"));
    let finished = run(command.env("HOME", folder.path()).current_dir(folder.path()), LIMIT);
    let output = format!("{}{}\nsipsak ended with {:?}", finished.stdout, finished.stderr, finished.code());
    // A refused answer is shown on standard error only.
    Attempt { phone_is_content: finished.code() == Some(0), trace: Trace::read(&output), output }
}
