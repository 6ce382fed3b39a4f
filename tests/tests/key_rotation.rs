//! Rotating the master key while phones register and credentials are made.

use acceptance::bounded::{Finished, StopWhenDropped, run};
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Server, binary};
use std::fs;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(120);
const PASSWORD: &str = "correct horse battery";
const PHONES: usize = 4;
/// Enough for a rotation to be under way for a while.
const CREDENTIALS: usize = 2_000;
const CREATORS: usize = 8;

fn rotate(server: &Server) -> Finished {
    let mut command = binary::command();
    run(command.args(["keys", "rotate", "--json", "--data-dir"]).arg(server.data_dir()), LIMIT)
}

fn phone(server: &Server, account: &Account, username: &str) -> HandmadePhone {
    HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, username, PASSWORD)
}

#[test]
fn nothing_fails_while_keys_are_rotated_and_the_old_key_opens_nothing_then() {
    let mut server = Server::start();
    let account = server.account("load");
    let key = server.data_dir().join("master.key");
    let old_key = fs::read(&key).expect("the key file");
    let usernames: Vec<String> = (0..PHONES).map(|number| format!("phone_{number}")).collect();
    for username in &usernames {
        let _id = server.api(&account).credential(username, PASSWORD);
    }
    let (stop, registered, created) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for username in &usernames {
            let (server, account, stop, registered) = (&server, &account, &stop, &registered);
            scope.spawn(move || {
                let mut phone = phone(server, account, username);
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(phone.register(60).status, 200, "{username}");
                    registered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let (server, account, stop, created) = (&server, &account, &stop, &created);
        scope.spawn(move || {
            let api = server.api(account);
            for number in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let _id = api.credential(&format!("new_{number}"), PASSWORD);
                created.fetch_add(1, Ordering::Relaxed);
            }
        });
        let _stopping = StopWhenDropped(stop);
        for _ in 0..2 {
            let before = (registered.load(Ordering::Relaxed), created.load(Ordering::Relaxed));
            let rotated = rotate(server);
            assert_eq!(rotated.code(), Some(0), "{rotated:?}");
            assert!(rotated.stdout.contains(r#""old_keys":"dropped""#), "{rotated:?}");
            let moved = || {
                let now = (registered.load(Ordering::Relaxed), created.load(Ordering::Relaxed));
                (now.0 > before.0 && now.1 > before.1).then_some(())
            };
            acceptance::bounded::wait_for("phones and creates that go on", LIMIT, moved);
        }
    });
    let ended = server.stop();
    assert!(ended.is_some_and(|status| status.success()), "after SIGTERM: {ended:?}");
    let new_key = fs::read(&key).expect("the key file");
    assert_ne!(old_key, new_key);
    fs::write(&key, &old_key).expect("the key file");
    let mut command = binary::command();
    let serve = command.args(["serve", "--http-listen", "127.0.0.1:0", "--sip-listen", "udp:127.0.0.1:0"]);
    let refused = run(serve.arg("--data-dir").arg(server.data_dir()), LIMIT);
    assert_eq!(refused.code(), Some(1), "{refused:?}");
    assert!(refused.stderr.contains("the master key does not fit this database"), "{refused:?}");
    fs::write(&key, &new_key).expect("the key file");
    server.start_again();
    let mut all = usernames;
    all.extend((0..created.load(Ordering::Relaxed)).map(|number| format!("new_{number}")));
    for username in all {
        assert_eq!(phone(&server, &account, &username).register(60).status, 200, "{username}");
    }
}

#[test]
fn a_rotation_that_was_killed_loses_nothing_and_can_be_finished() {
    let mut server = Server::start();
    let account = server.account("many");
    std::thread::scope(|scope| {
        for creator in 0..CREATORS {
            let (server, account) = (&server, &account);
            scope.spawn(move || {
                let api = server.api(account);
                for number in (creator..CREDENTIALS).step_by(CREATORS) {
                    let _id = api.credential(&format!("phone_{number}"), PASSWORD);
                }
            });
        }
    });
    let key = server.data_dir().join("master.key");
    let before = fs::read(&key).expect("the key file");
    let mut command = binary::command();
    command.args(["keys", "rotate", "--data-dir"]).arg(server.data_dir());
    let mut rotating = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a rotation");
    // The new key is in the file, so the rotation is under way.
    acceptance::bounded::wait_for("the new key", LIMIT, || (fs::read(&key).ok()? != before).then_some(()));
    server.kill_dash_nine();
    let ended = acceptance::bounded::finish(&mut rotating, LIMIT);
    assert_eq!(ended.and_then(|status| status.code()), Some(1), "its server was killed");
    let lines =
        |octets: Vec<u8>| String::from_utf8_lossy(&octets).lines().filter(|line| line.starts_with("key ")).count();
    assert_eq!(lines(fs::read(&key).expect("the key file")), 2, "it was killed in the middle");
    server.start_again();
    let registers_everything = |server: &Server| {
        for number in 0..CREDENTIALS {
            let username = format!("phone_{number}");
            assert_eq!(phone(server, &account, &username).register(60).status, 200, "{username}");
        }
    };
    registers_everything(&server);
    let rotated = rotate(&server);
    assert_eq!(rotated.code(), Some(0), "{rotated:?}");
    assert!(rotated.stdout.contains(r#""start":"keys_at_hand""#), "{rotated:?}");
    assert!(rotated.stdout.contains(r#""old_keys":"dropped""#), "{rotated:?}");
    assert_eq!(lines(fs::read(&key).expect("the key file")), 1);
    server.restart();
    registers_everything(&server);
}
