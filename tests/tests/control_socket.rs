//! A server and one-off commands on the same data directory, whichever comes first; and who may open the socket between
//! them.

use acceptance::bounded::{StopWhenDropped, finish, read_lossy, terminate, wait_for};
use acceptance::raw_http::RawHttp;
use acceptance::{Server, binary};
use serde_json::Value;
use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
const RACES: usize = 20;

fn started(command: &mut Command, output: &Path) -> Child {
    let file = || File::create(output).expect("a file for the output");
    command.stdin(Stdio::null()).stdout(file()).stderr(file()).spawn().expect("a binary that can be started")
}

fn serve(data: &Path, stderr: &Path) -> Child {
    let mut command = binary::command();
    command.arg("serve").arg("--data-dir").arg(data);
    started(command.args(["--http-listen", "127.0.0.1:0", "--sip-listen", "udp:127.0.0.1:0"]), stderr)
}

/// One status line over HTTP, asked as that account.
fn lists_its_credentials(data: &Path, account: &Value) -> bool {
    let announced: Value = serde_json::from_str(&read_lossy(&data.join("listening.json"))).expect("listening.json");
    let address = announced["http"][0].as_str().expect("an address").parse().expect("an address");
    let mut connection = RawHttp::connect(address);
    let (id, token) = (account["auth_id"].as_str().expect("an id"), account["auth_token"].as_str().expect("a token"));
    let request = format!(
        "GET /api/v1/Account/{id}/trunks/credentials HTTP/1.1\r\nHost: localhost\r\nX-Auth-ID: {id}\r\n\
         X-Auth-Token: {token}\r\nConnection: close\r\n\r\n"
    );
    connection.send(request.as_bytes());
    connection.read_answer(LIMIT).is_some_and(|answer| answer.status == 200)
}

#[test]
fn a_server_and_a_command_started_at_once_both_succeed() {
    for race in 0..RACES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let (server_output, command_output) = (folder.path().join("serve"), folder.path().join("create"));
        let create = || {
            let mut command = binary::command();
            command.args(["account", "create", "--name", "raced", "--json", "--data-dir"]).arg(&data);
            started(&mut command, &command_output)
        };
        // Either order of starting; which of them gets the lock is for the system to say.
        let (mut server, mut command) = if race % 2 == 0 {
            let server = serve(&data, &server_output);
            (server, create())
        } else {
            let command = create();
            (serve(&data, &server_output), command)
        };
        let ended = finish(&mut command, LIMIT);
        let said = read_lossy(&command_output);
        assert!(ended.is_some_and(|status| status.success()), "race {race}: {said}");
        let account: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("race {race}: {error}: {said}"));
        wait_for("listening.json", LIMIT, || {
            let ended = server.try_wait().expect("a child that can be waited for");
            assert!(ended.is_none(), "race {race}: serve ended: {}", read_lossy(&server_output));
            data.join("listening.json").exists().then_some(())
        });
        assert!(lists_its_credentials(&data, &account), "race {race}");
        terminate(&server);
        assert!(finish(&mut server, LIMIT).is_some_and(|status| status.success()), "race {race}");
    }
}

#[test]
fn the_socket_is_never_open_to_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Made by somebody who did not think of others.
    let data = folder.path().join("data");
    fs::create_dir(&data).expect("a directory");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).expect("a mode");
    let stop = AtomicBool::new(false);
    let socket = data.join("control.sock");
    let modes = std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut modes = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                // Any socket there is, under whatever name.
                let entries = fs::read_dir(&data).expect("the directory").filter_map(Result::ok);
                for metadata in entries.filter_map(|entry| entry.metadata().ok()) {
                    let mode = metadata.permissions().mode() & 0o7777;
                    if metadata.file_type().is_socket() && !modes.contains(&mode) {
                        modes.push(mode);
                    }
                }
            }
            modes
        });
        let stopping = StopWhenDropped(&stop);
        for _ in 0..5 {
            let mut server = serve(&data, &folder.path().join("serve"));
            wait_for("listening.json", LIMIT, || data.join("listening.json").exists().then_some(()));
            terminate(&server);
            assert!(finish(&mut server, LIMIT).is_some_and(|status| status.success()));
            fs::remove_file(&socket).expect("the socket of a server that is gone");
        }
        drop(stopping);
        watching.join().expect("the watcher")
    });
    assert_eq!(modes, [0o600]);
}

#[test]
fn an_export_sets_up_a_shell() {
    let server = Server::start();
    let script = r#"eval "$(sipwarden account create --name 'A & B' --export --data-dir "$1")" &&
        sipwarden credential create alice --generate >/dev/null && sipwarden credential list --json && echo "$SIPWARDEN_URL""#;
    let folder = binary::path().parent().expect("its folder").display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").expect("a PATH"));
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(server.data_dir()).env("PATH", path).env_remove("SIPWARDEN_URL");
    let finished = acceptance::bounded::run(&mut command, LIMIT);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert!(finished.stdout.contains(r#""username":"alice""#), "{finished:?}");
    assert!(finished.stdout.ends_with(&format!("http://{}\n", server.http())), "{finished:?}");
    let without = Server::not_started();
    let printed = binary::sipwarden_on(&without.data_dir(), &["account", "create", "--name", "x", "--export"]);
    assert!(printed.starts_with("export SIPWARDEN_AUTH_ID='MA_") && !printed.contains("_URL"), "{printed}");
    let both = binary::sipwarden(&["account", "create", "--name", "x", "--export", "--json"]);
    assert_eq!(both.code(), Some(2), "{both:?}");
}
