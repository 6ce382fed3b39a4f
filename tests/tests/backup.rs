//! Backups while everything goes on, and what can be made of them.

use acceptance::bounded::{Finished, StopWhenDropped, run};
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Server, binary};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);
const PASSWORD: &str = "correct horse battery";
const CREATORS: usize = 4;
const BACKUPS: usize = 5;

fn restore(backup: &Path, data_dir: &Path, key: &Path) -> Finished {
    let mut command = binary::command();
    command.arg("restore").arg(backup).arg("--data-dir").arg(data_dir).arg("--master-key-file").arg(key);
    run(&mut command, LIMIT)
}

fn back_up(server: &Server, file: &Path) -> Finished {
    let mut command = binary::command();
    run(command.arg("backup").arg(file).arg("--data-dir").arg(server.data_dir()), LIMIT)
}

/// Exit code 1, and one sentence that mentions that.
fn refused(finished: &Finished, mention: &str) {
    assert_eq!(finished.code(), Some(1), "{finished:?}");
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    assert!(finished.stderr.contains(mention), "{mention:?} is not in {finished:?}");
}

#[test]
fn everything_answered_before_a_backup_began_registers_after_its_restoration() {
    let server = Server::start();
    let account = server.account("load");
    let answered = Mutex::new(Vec::new());
    let stop = AtomicBool::new(false);
    // Each backup with how many had been answered when it was asked for.
    let backups: Vec<_> = std::thread::scope(|scope| {
        for creator in 0..CREATORS {
            let (server, account, answered, stop) = (&server, &account, &answered, &stop);
            scope.spawn(move || {
                let api = server.api(account);
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let username = format!("phone_{creator}_{number}");
                    let _id = api.credential(&username, PASSWORD);
                    answered.lock().expect("the list").push(username);
                }
            });
        }
        let _stopping = StopWhenDropped(&stop);
        let take = |number: usize| {
            let file = server.scratch().join(format!("backup-{number}.db"));
            let before = answered.lock().expect("the list").clone();
            let finished = back_up(&server, &file);
            assert_eq!(finished.code(), Some(0), "{finished:?}");
            (file, before)
        };
        (0..BACKUPS).map(take).collect()
    });
    let key = server.data_dir().join("master.key");
    let (last, before) = backups.last().expect("a backup");
    assert!(before.len() > BACKUPS, "there was hardly any load: {}", before.len());
    for (file, _) in &backups[..BACKUPS - 1] {
        let restored = restore(file, &file.with_extension("restored"), &key);
        assert_eq!(restored.code(), Some(0), "{restored:?}");
    }
    let mut elsewhere = Server::not_started();
    let restored = restore(last, &elsewhere.data_dir(), &key);
    assert_eq!(restored.code(), Some(0), "{restored:?}");
    assert!(restored.stdout.contains("credentials"), "{restored:?}");
    elsewhere.start_again();
    for username in before {
        let address = elsewhere.sip(Transport::Udp);
        let mut phone = HandmadePhone::new(Transport::Udp, address, &account.sip_domain, username, PASSWORD);
        assert_eq!(phone.register(60).status, 200, "{username}");
    }
    assert!(leftovers(&server.data_dir()).is_empty(), "{:?}", leftovers(&server.data_dir()));
}

/// What backups may have left in the data directory.
fn leftovers(data_dir: &Path) -> Vec<String> {
    let names = fs::read_dir(data_dir).expect("a data directory").map(|entry| entry.expect("an entry").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.starts_with("backup-")).collect()
}

#[test]
fn what_cannot_be_restored_is_refused_and_leaves_nothing() {
    let (server, other) = (Server::start(), Server::start());
    let account = server.account("one");
    let _id = server.api(&account).credential("alice", PASSWORD);
    let file = server.scratch().join("backup.db");
    assert_eq!(back_up(&server, &file).code(), Some(0));
    refused(&back_up(&server, &file), "not overwritten");
    let key = server.data_dir().join("master.key");
    let target = server.scratch().join("restored");

    refused(&restore(&file, &target, &other.data_dir().join("master.key")), "master key does not fit");
    refused(&restore(&server.scratch().join("none.db"), &target, &key), "cannot be read");
    let foreign = server.scratch().join("foreign.db");
    fs::write(
        &foreign,
        "this is a text, and longer than the head of a database file has to be, by far, is it not? yes",
    )
    .expect("a file");
    refused(&restore(&foreign, &target, &key), "not a sipwarden database");
    let damaged = server.scratch().join("damaged.db");
    let mut octets = fs::read(&file).expect("the backup");
    let middle = octets.len() / 2;
    octets[8192..middle].fill(0xa5);
    fs::write(&damaged, &octets).expect("a file");
    refused(&restore(&damaged, &target, &key), "damaged");
    let names = |folder: &Path| -> Vec<_> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        entries.filter(|name| name != "sipwarden.lock").collect()
    };
    assert!(names(&target).is_empty(), "{:?}", names(&target));

    // A directory that is in use, or was.
    refused(&restore(&file, &other.data_dir(), &key), "another sipwarden is using");
    assert_eq!(restore(&file, &target, &key).code(), Some(0));
    refused(&restore(&file, &target, &key), "exists already and is not overwritten");
}

#[test]
fn devices_come_back_with_their_secrets_and_desk_phones_fetch_the_same_ones() {
    let server = Server::start();
    let account = server.account("devices");
    let api = server.api(&account);
    let id = api.credential("desk", PASSWORD);
    let create = |body: Value| {
        let path = api.path(&format!("credentials/{id}/devices"));
        api.send("POST", &path, body.to_string().as_bytes()).expect(201)
    };
    let mobile = create(json!({ "label": "mobile" }))["password"].as_str().expect("a password").to_owned();
    create(json!({ "label": "Reception", "mac": "805ec012abcd", "format": "yealink" }));
    let url = api.send("GET", &api.path("provisioning-path"), b"").expect(200);
    let url = url["url"].as_str().expect("a folder");
    let folder = url.strip_prefix(&format!("http://{}", server.http())).expect("a folder of the server");
    let fetched = |server: &Server| {
        let answer = server.api(&account).send_as("GET", &format!("{folder}805ec012abcd.cfg"), &[], b"");
        let text = String::from_utf8(answer.body.clone()).expect("text");
        let password = text.lines().find_map(|line| line.strip_prefix("account.1.password = ")).map(str::to_owned);
        password.unwrap_or_else(|| panic!("{}", answer.shown()))
    };
    let derived = fetched(&server);
    let file = server.scratch().join("backup.db");
    assert_eq!(back_up(&server, &file).code(), Some(0));
    let key = server.data_dir().join("master.key");

    // One digit of the sealed key that desk phones' passwords follow from.
    let damaged = server.scratch().join("damaged.db");
    fs::copy(&file, &damaged).expect("a copy");
    let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); \
                  v = c.execute(\"SELECT value FROM settings WHERE name = 'derivation_key'\").fetchone()[0]; \
                  v = v[:-1] + ('0' if v[-1] != '0' else '1'); \
                  c.execute(\"UPDATE settings SET value = ? WHERE name = 'derivation_key'\", (v,))";
    let changed = Command::new("python3").args(["-c", script]).arg(&damaged).status().expect("python3");
    assert!(changed.success());
    let target = server.scratch().join("restored");
    refused(&restore(&damaged, &target, &key), "the key that desk phones' passwords follow from");

    let mut elsewhere = Server::not_started();
    let restored = restore(&file, &elsewhere.data_dir(), &key);
    assert_eq!(restored.code(), Some(0), "{restored:?}");
    elsewhere.start_again();
    assert_eq!(fetched(&elsewhere), derived, "a phone that boots goes on");
    for password in [PASSWORD, &mobile, &derived] {
        let address = elsewhere.sip(Transport::Udp);
        let mut phone = HandmadePhone::new(Transport::Udp, address, &account.sip_domain, "desk", password);
        assert_eq!(phone.register(60).status, 200, "{password}");
    }
}
