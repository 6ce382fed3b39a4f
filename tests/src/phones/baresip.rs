//! baresip, with its SIP trace switched on and no audio, video or terminal.

use super::{Attempt, Settings, Trace};
use crate::bounded::{finish, read_lossy, terminate, try_wait_for};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const REGISTER_LIMIT: Duration = Duration::from_secs(20);
const QUIT_LIMIT: Duration = Duration::from_secs(10);

const CONFIGURATION: &str = "poll_method epoll
sip_listen 127.0.0.1:0
net_interface 127.0.0.1
call_max_calls 1
";

/// Starts the phone, waits for the outcome of its registration, and makes it quit, which de-registers.
///
/// # Panics
/// When baresip cannot be run.
#[must_use]
pub fn register(settings: &Settings) -> Attempt {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path();
    let write = |name: &str, text: &str| fs::write(home.join(name), text).expect("a configuration file");
    let modules = module_folder();
    let modules = modules.display();
    write(
        "config",
        &format!("{CONFIGURATION}module_path {modules}\nmodule g711.so\nmodule_app account.so\nmodule_app menu.so\n"),
    );
    write("accounts", &account_line(settings));
    write("contacts", "");
    let log = home.join("output");
    let output = File::create(&log).expect("a file for the output");
    let mut phone = Command::new("baresip")
        .args(["-s", "-f"])
        .arg(home)
        .env("HOME", home)
        .current_dir(home)
        .stdin(Stdio::null())
        .stderr(output.try_clone().expect("a second handle"))
        .stdout(output)
        .spawn()
        .expect("baresip, which can be started");
    let content = try_wait_for(REGISTER_LIMIT, || verdict(&read_lossy(&log)));
    terminate(&phone);
    finish(&mut phone, QUIT_LIMIT);
    let output = read_lossy(&log);
    Attempt { phone_is_content: content == Some(true), trace: Trace::read(&output), output }
}

fn account_line(settings: &Settings) -> String {
    let Settings { server, transport, domain, username, password, .. } = settings;
    let transport = transport.name();
    format!(
        "<sip:{username}@{domain}>;auth_user={username};auth_pass={password};\
         outbound=\"sip:{server};transport={transport}\";regint=120\n"
    )
}

/// What the phone itself says of its registration, once it says something.
fn verdict(output: &str) -> Option<bool> {
    if output.lines().any(|line| line.contains("} 200 OK")) {
        Some(true)
    } else if output.lines().any(|line| line.contains("reg: ") || line.contains(" failed: ") || is_refusal(line)) {
        Some(false)
    } else {
        None
    }
}

/// `sip:…@…: 401 Unauthorized (…)`, not the status line of the trace.
fn is_refusal(line: &str) -> bool {
    !line.starts_with("SIP/2.0") && line.contains('@') && line.contains(" 401 ")
}

/// Where Debian or another system keeps the modules.
fn module_folder() -> PathBuf {
    let candidates = ["/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules", "/usr/lib64/baresip/modules"];
    candidates.iter().map(Path::new).find(|path| path.is_dir()).expect("the modules of baresip").to_owned()
}
