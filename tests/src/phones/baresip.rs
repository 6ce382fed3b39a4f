//! baresip, with its SIP trace switched on and no audio, video or terminal.

use super::running_phone::{Quit, RunningPhone};
use super::{Attempt, Settings};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const REGISTER_LIMIT: Duration = Duration::from_secs(20);

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
    let phone = start(settings, 120);
    let content = phone.wait_for(REGISTER_LIMIT, verdict);
    phone.into_attempt(content == Some(true))
}

/// Starts the phone and leaves it running, registering for that many seconds at a time.
///
/// # Panics
/// When baresip cannot be run.
#[must_use]
pub fn start(settings: &Settings, expires_seconds: u32) -> RunningPhone {
    start_with(settings, expires_seconds, None)
}

/// What a phone does that takes part in a call: it plays a tone of 440 Hz and records all that it hears.
#[derive(Clone, Copy, Debug)]
pub struct Talk<'t> {
    /// Whom it calls; nobody, to answer whoever calls.
    pub dial: Option<&'t str>,
    /// The folder where it leaves its recordings, `dump-…-dec.wav`.
    pub recordings: &'t Path,
}

/// The same for a phone that talks.
///
/// # Panics
/// When baresip cannot be run.
#[must_use]
pub fn start_with(settings: &Settings, expires_seconds: u32, talk: Option<Talk<'_>>) -> RunningPhone {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a configuration file");
    let modules = module_folder();
    let authority = settings.authority_file(folder.path()).map(|path| format!("sip_cafile {}\n", path.display()));
    write(
        "config",
        &format!(
            "{CONFIGURATION}{}module_path {}\nmodule g711.so\n{}module_app account.so\nmodule_app menu.so\n",
            authority.unwrap_or_default(),
            modules.display(),
            talk.map(sound).unwrap_or_default(),
        ),
    );
    write("accounts", &account_line(settings, expires_seconds, if talk.is_some() { ";answermode=auto" } else { "" }));
    write("contacts", "");
    let mut command = Command::new("baresip");
    command.args(["-s", "-f"]).arg(folder.path());
    if let Some(dial) = talk.and_then(|talk| talk.dial) {
        command.args(["-e", &format!("/dial {dial}")]);
    }
    RunningPhone::start(command, folder, "printed", Quit::Signal)
}

/// The loudest stretch of 4,000 samples of what a phone heard, by the recordings in a folder: its mean square, as root, of
/// 32,768.
///
/// # Panics
/// When the folder cannot be read.
#[must_use]
pub fn loudness(recordings: &Path) -> f64 {
    let files = fs::read_dir(recordings).expect("a folder").map(|entry| entry.expect("an entry").path());
    let heard = files.filter(|file| file.to_string_lossy().ends_with("-dec.wav"));
    let loudest = heard.flat_map(|file| {
        let octets = fs::read(file).expect("a recording");
        let samples: Vec<f64> = octets
            .get(44..)
            .unwrap_or_default()
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]).into())
            .collect();
        samples.chunks_exact(4_000).map(|part| part.iter().map(|s| s * s).sum::<f64>() / 4_000.0).collect::<Vec<_>>()
    });
    loudest.fold(0.0, f64::max).sqrt()
}

/// Its tone wants 48 kHz; what it hears goes to nobody's ears, and into a file on the way.
fn sound(talk: Talk<'_>) -> String {
    format!(
        "module sndfile.so\nmodule ausine.so\nmodule aubridge.so\nsnd_path {}\naudio_source ausine,440\n\
         audio_player aubridge,nobody\nausrc_srate 48000\nauplay_srate 48000\n\
         ausrc_channels 2\n",
        talk.recordings.display()
    )
}

fn account_line(settings: &Settings, expires_seconds: u32, more: &str) -> String {
    let Settings { server, transport, domain, username, password, .. } = settings;
    let transport = transport.name();
    format!(
        "<sip:{username}@{domain}>;auth_user={username};auth_pass={password};\
         outbound=\"sip:{server};transport={transport}\";regint={expires_seconds}{more}\n"
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
