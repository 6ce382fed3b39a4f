//! linphonec (Debian: linphone-cli), the console phone on liblinphone.

use super::renaming_relay::RenamingRelay;
use super::running_phone::{Quit, RunningPhone};
use super::{Attempt, Settings, Trace};
use crate::sip::Transport;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const REGISTER_LIMIT: Duration = Duration::from_secs(30);

/// Starts the phone, waits for the outcome of its registration, and makes it quit, which de-registers.
///
/// # Panics
/// When linphonec cannot be run.
#[must_use]
pub fn register(settings: &Settings) -> Attempt {
    let phone = start(settings, 120);
    let content = phone.wait_for(REGISTER_LIMIT, verdict) == Some(true);
    if content {
        return phone.into_attempt(content);
    }
    // After a refusal it asks for another password and would take the command for one.
    let output = phone.output();
    Attempt { phone_is_content: content, trace: Trace::read(&output), output }
}

/// Starts the phone with nothing but an address to fetch its configuration from, and waits for its registration.
///
/// # Panics
/// When linphonec cannot be run.
#[must_use]
pub fn register_from(configuration_url: &str) -> Attempt {
    let text = format!("{COMMON}\n[misc]\nuuid=00000000-0000-4000-8000-000000000002\nconfig-uri={configuration_url}\n");
    let phone = launch(|_| text.clone());
    let content = phone.wait_for(REGISTER_LIMIT, verdict) == Some(true);
    if content {
        return phone.into_attempt(content);
    }
    let output = phone.output();
    Attempt { phone_is_content: content, trace: Trace::read(&output), output }
}

/// Starts the phone and leaves it running, registering for that many seconds at a time.
///
/// # Panics
/// When linphonec cannot be run.
#[must_use]
pub fn start(settings: &Settings, expires_seconds: u32) -> RunningPhone {
    launch(|home| configuration_text(settings, home, expires_seconds))
}

fn launch(text: impl Fn(&Path) -> String) -> RunningPhone {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path();
    // Without these folders its database cannot be opened, and then it never goes on line.
    for needed in [".local/share/linphone", ".config/linphone"] {
        fs::create_dir_all(home.join(needed)).expect("a folder");
    }
    let (configuration, log) = (home.join("linphonerc"), home.join("log"));
    fs::write(&configuration, text(home)).expect("a configuration file");
    let mut command = Command::new("linphonec");
    command.arg("-c").arg(&configuration).args(["-d", "6", "-l"]).arg(&log);
    command.env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
    RunningPhone::start(command, folder, "log", Quit::Line("quit"))
}

/// The same with a name that no server knows: linphonec always announces itself as `Linphonec/VERSION`, from which a
/// server may guess what it can do, so a relay gives it another.
#[must_use]
pub fn register_incognito(settings: &Settings) -> Attempt {
    let (own, given) = ("User-Agent: Linphonec/", "User-Agent: Deskphone/");
    let relay = RenamingRelay::start(settings.transport, settings.server, own, given);
    register(&Settings { server: relay.address(), ..settings.clone() })
}

fn verdict(log: &str) -> Option<bool> {
    if log.contains("to [LinphoneRegistrationOk]") {
        Some(true)
    } else if log.contains("to [LinphoneRegistrationFailed]") {
        Some(false)
    } else {
        None
    }
}

/// What does not depend on an account.
const COMMON: &str = "[sip]
sip_port=-1
sip_tcp_port=-1
sip_tls_port=-1
register_only_when_network_is_up=0
guess_hostname=0

[rtp]
audio_rtp_port=-1
video_rtp_port=-1

[net]
dns_srv_enabled=0

[video]
enabled=0
";

/// Ports -1 are drawn by the phone; the network monitor must not decide, since a machine without a default route is off
/// line in its eyes.
fn configuration_text(settings: &Settings, home: &Path, expires_seconds: u32) -> String {
    let Settings { server, transport, domain, realm, username, password, .. } = settings;
    let authority =
        settings.authority_file(home).map(|path| format!("root_ca={}\n", path.display())).unwrap_or_default();
    // Of the names in a certificate it reads those of hosts only.
    let host = if *transport == Transport::Tls { format!("localhost:{}", server.port()) } else { server.to_string() };
    let transport = transport.name();
    format!(
        "[sip]
sip_port=-1
sip_tcp_port=-1
sip_tls_port=-1
default_proxy=0
register_only_when_network_is_up=0
guess_hostname=0
{authority}
[rtp]
audio_rtp_port=-1
video_rtp_port=-1

[net]
dns_srv_enabled=0

[video]
enabled=0

[misc]
uuid=00000000-0000-4000-8000-000000000001

[auth_info_0]
username={username}
userid={username}
passwd={password}
realm={realm}
available_algorithms=MD5,SHA-256

[proxy_0]
reg_proxy=<sip:{host};transport={transport}>
reg_route=<sip:{host};transport={transport};lr>
reg_identity=sip:{username}@{domain}
reg_expires={expires_seconds}
reg_sendregister=1
publish=0
"
    )
}
