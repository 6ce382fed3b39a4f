//! What operators and packages rely on: limits of the process, readiness told to a service manager, configuration
//! looked at without using it, completions and man pages.

use acceptance::bounded::{Finished, finish, run, terminate, wait_for};
use acceptance::{Server, binary};
use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// The soft and hard value of a limit in a `/proc/PID/limits`.
fn limit(limits: &str, name: &str) -> (String, String) {
    let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {limits}"));
    let mut values = line.split_whitespace().map(str::to_owned);
    (values.next().expect("a soft limit"), values.next().expect("a hard limit"))
}

#[test]
fn a_server_leaves_no_core_and_may_open_all_files_it_can() {
    // The shell starts the server with limits that leave something to change.
    let lowered = "ulimit -S -c unlimited; ulimit -S -n 256; exec \"$0\" \"$@\"";
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut command = Command::new("sh");
    command.args(["-c", lowered]).arg(binary::path()).arg("serve").arg("--data-dir").arg(&data);
    command.args(["--http-listen", "127.0.0.1:0", "--sip-listen", "udp:127.0.0.1:0"]).stderr(Stdio::null());
    let mut child = command.spawn().expect("a server");
    wait_for("a ready server", LIMIT, || fs::read(data.join("listening.json")).ok());
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("the limits");
    terminate(&child);
    assert!(finish(&mut child, LIMIT).is_some_and(|status| status.success()));
    assert_eq!(limit(&limits, "Max core file size"), ("0".to_owned(), "0".to_owned()));
    let (soft, hard) = limit(&limits, "Max open files");
    assert_eq!(soft, hard);
    assert_ne!(soft, "256", "the hard limit is too low to see a difference");
}

#[test]
fn the_control_socket_and_key_commands_work_although_memory_may_not_be_read() {
    let server = Server::start();
    assert_eq!(server.account("beside").auth_id.get(..3), Some("MA_"));
    let key = server.data_dir().join("master.key");
    let by_command = Server::start_with(&["--master-key-command", &format!("cat '{}'", key.display())]);
    assert!(!by_command.data_dir().join("master.key").exists());
}

/// Serves with that `NOTIFY_SOCKET`, stops, and answers what was told.
fn told(name: &str, manager: &UnixDatagram) -> (String, String) {
    manager.set_read_timeout(Some(LIMIT)).expect("a time limit");
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut command = binary::command();
    command.arg("serve").arg("--data-dir").arg(&data).env("NOTIFY_SOCKET", name).stderr(Stdio::null());
    command.args(["--http-listen", "127.0.0.1:0", "--sip-listen", "udp:127.0.0.1:0"]);
    let mut child = command.spawn().expect("a server");
    let mut buffer = [0; 512];
    let receive =
        |buffer: &mut [u8]| manager.recv(buffer).map(|length| String::from_utf8_lossy(&buffer[..length]).into());
    let ready = receive(&mut buffer);
    let announced = data.join("listening.json").exists();
    // A signal right after readiness is an orderly end too.
    terminate(&child);
    let stopping = receive(&mut buffer);
    let ended = finish(&mut child, LIMIT);
    assert!(announced, "it said READY before it listened");
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
    (ready.expect("a notification in time"), stopping.expect("a notification in time"))
}

#[test]
fn the_service_manager_is_told() {
    let expected = ("READY=1".to_owned(), "STOPPING=1".to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let by_path = UnixDatagram::bind(&path).expect("a socket");
    assert_eq!(told(path.to_str().expect("a path"), &by_path), expected);
    let name = format!("sipwarden-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let hidden = UnixDatagram::bind_addr(&address).expect("a socket");
    assert_eq!(told(&format!("@{name}"), &hidden), expected);
}

#[test]
fn nobody_to_tell_is_no_reason_not_to_serve() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let log = folder.path().join("log");
    let mut command = binary::command();
    command.arg("serve").arg("--data-dir").arg(&data).env("NOTIFY_SOCKET", folder.path().join("nobody"));
    command.args(["--http-listen", "127.0.0.1:0", "--sip-listen", "udp:127.0.0.1:0"]);
    let mut child = command.stderr(fs::File::create(&log).expect("a file")).spawn().expect("a server");
    wait_for("the warning", LIMIT, || fs::read_to_string(&log).ok().filter(|log| log.contains("could not be told")));
    terminate(&child);
    assert!(finish(&mut child, LIMIT).is_some_and(|status| status.success()));
}

fn check(folder: &Path, arguments: &[&str]) -> Finished {
    let mut command = binary::command();
    command.current_dir(folder).env("SIPWARDEN_MIN_EXPIRES", "90").args(["config", "check"]);
    run(command.args(arguments), LIMIT)
}

#[test]
fn config_check_shows_what_serve_would_use_and_touches_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.toml"), "max_expires = 900\nmin_expires = 10\ndata_dir = \"data\"")
        .expect("a file");
    let good = check(folder.path(), &["--config", "a.toml", "--max-bindings", "3"]);
    assert_eq!(good.code(), Some(0), "{good:?}");
    for (option, source) in [
        ("data_dir = \"data\"", "file"),
        ("min_expires = 90", "environment"),
        ("max_expires = 900", "file"),
        ("max_bindings = 3", "command line"),
        ("nonce_lifetime = 3600", "default"),
    ] {
        let line = good.stdout.lines().find(|line| line.starts_with(option));
        assert!(line.is_some_and(|line| line.ends_with(&format!("# {source}"))), "{option}: {}", good.stdout);
    }
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "it left something behind");
    fs::write(folder.path().join("b.toml"), &good.stdout).expect("a file");
    let again = check(folder.path(), &["--config", "b.toml"]);
    let values = |text: &str| text.lines().map(|line| line.split('#').next().map(str::to_owned)).collect::<Vec<_>>();
    assert_eq!(values(&again.stdout), values(&good.stdout), "what it prints is no configuration");
}

#[test]
fn config_check_refuses_what_serve_refuses() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.toml"), "sip_listn = []").expect("a file");
    for (arguments, mentions) in [
        (&["--config", "a.toml"][..], "sip_listn"),
        (&["--config", "missing.toml"], "missing.toml"),
        (&["--sip-listen", "tls:127.0.0.1:5061"], "--tls-certificate"),
        (&["--sip-listen", "sctp:127.0.0.1:5061"], "--sip-listen"),
        (&["--log", "a=b=c"], "write info"),
        (&["--sip-workers", "64"], "--sip-workers"),
    ] {
        let checked = check(folder.path(), arguments);
        let mut serve = binary::command();
        let served = run(
            serve.current_dir(folder.path()).env("SIPWARDEN_MIN_EXPIRES", "90").arg("serve").args(arguments),
            LIMIT,
        );
        assert_eq!((checked.code(), served.code()), (Some(1), Some(1)), "{arguments:?}: {checked:?} {served:?}");
        assert_eq!(checked.stderr, served.stderr);
        assert!(checked.stderr.contains(mentions) && checked.stderr.lines().count() == 1, "{checked:?}");
        assert!(checked.stdout.is_empty());
    }
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "something was left behind");
}

#[test]
fn the_example_is_a_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let example = binary::sipwarden(&["config", "example"]);
    assert_eq!(example.code(), Some(0), "{example:?}");
    let edited = example.stdout.replace("#nonce_lifetime = 3600", "nonce_lifetime = 600");
    fs::write(folder.path().join("a.toml"), edited).expect("a file");
    let checked = check(folder.path(), &["--config", "a.toml"]);
    assert_eq!(checked.code(), Some(0), "{checked:?}");
    assert!(checked.stdout.contains("nonce_lifetime = 600"), "{}", checked.stdout);
}

#[test]
fn completions_and_man_pages_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        let script = binary::sipwarden(&["completions", shell]);
        assert_eq!(script.code(), Some(0), "{script:?}");
        assert!(script.stdout.contains("quickstart") && script.stdout.contains("sip-listen"), "{shell}");
    }
    let bash = binary::sipwarden(&["completions", "bash"]).stdout;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("sipwarden.bash");
    fs::write(&file, bash).expect("a file");
    let completing = "source \"$0\"\nCOMP_WORDS=(sipwarden quick) COMP_CWORD=1\n_sipwarden sipwarden quick sipwarden\n\
                      echo \"${COMPREPLY[@]}\"";
    let completed = Command::new("bash").args(["-c", completing]).arg(&file).output().expect("bash");
    assert_eq!(String::from_utf8_lossy(&completed.stdout).trim(), "quickstart", "{completed:?}");
    let page = binary::sipwarden(&["man"]).stdout;
    assert!(page.contains(".TH sipwarden 1") && page.contains("sipwarden\\-serve(1)"), "{page}");
    let serve = binary::sipwarden(&["man", "serve"]).stdout;
    assert!(serve.contains(".TH sipwarden-serve 1") && serve.contains("SIPWARDEN_SIP_LISTEN"), "{serve}");
    assert_eq!(binary::sipwarden(&["man", "nonsense"]).code(), Some(1));
    assert_eq!(binary::sipwarden(&["completions", "nonsense"]).code(), Some(2));
}
