//! linphonec (Debian: linphone-cli), the console phone on liblinphone.

use super::renaming_relay::RenamingRelay;
use super::{Attempt, Settings, Trace};
use crate::bounded::{finish, read_lossy, try_wait_for};
use std::fs::{self, File};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

const REGISTER_LIMIT: Duration = Duration::from_secs(30);
const QUIT_LIMIT: Duration = Duration::from_secs(10);

/// Starts the phone, waits for the outcome of its registration, and makes it quit, which de-registers.
///
/// # Panics
/// When linphonec cannot be run.
#[must_use]
pub fn register(settings: &Settings) -> Attempt {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path();
    // Without these folders its database cannot be opened, and then it never goes on line.
    for needed in [".local/share/linphone", ".config/linphone"] {
        fs::create_dir_all(home.join(needed)).expect("a folder");
    }
    let (configuration, log) = (home.join("linphonerc"), home.join("log"));
    fs::write(&configuration, configuration_text(settings)).expect("a configuration file");
    let printed = File::create(home.join("printed")).expect("a file for the output");
    let mut phone = Command::new("linphonec")
        .arg("-c")
        .arg(&configuration)
        .args(["-d", "6", "-l"])
        .arg(&log)
        .env("HOME", home)
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .current_dir(home)
        .stdin(Stdio::piped())
        .stderr(printed.try_clone().expect("a second handle"))
        .stdout(printed)
        .spawn()
        .expect("linphonec, which can be started");
    let content = try_wait_for(REGISTER_LIMIT, || verdict(&read_lossy(&log)));
    if content == Some(true) {
        if let Some(mut keyboard) = phone.stdin.take() {
            // A phone that has ended already needs no command to do so.
            let _ = keyboard.write_all(b"quit\n");
        }
        finish(&mut phone, QUIT_LIMIT);
    } else {
        // After a refusal it asks for another password and would take the command for one.
        finish(&mut phone, Duration::ZERO);
    }
    let output = read_lossy(&log);
    Attempt { phone_is_content: content == Some(true), trace: Trace::read(&output), output }
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

/// Ports -1 are drawn by the phone; the network monitor must not decide, since a machine without a default route is off
/// line in its eyes.
fn configuration_text(settings: &Settings) -> String {
    let Settings { server, transport, domain, realm, username, password } = settings;
    let transport = transport.name();
    format!(
        "[sip]
sip_port=-1
sip_tcp_port=-1
sip_tls_port=-1
default_proxy=0
register_only_when_network_is_up=0
guess_hostname=0

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
reg_proxy=<sip:{server};transport={transport}>
reg_route=<sip:{server};transport={transport};lr>
reg_identity=sip:{username}@{domain}
reg_expires=120
reg_sendregister=1
publish=0
"
    )
}
