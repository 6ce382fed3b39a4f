//! A full disk: what needs no room goes on, what needs some is refused in time and in words, nothing acknowledged is lost.
//!
//! Needs the right to mount a small file system. Without it the tests make sure that mounting is refused, say so, and end.

use acceptance::bounded::{Finished, run, run_until_it_says};
use acceptance::sip::{HandmadePhone, Response, Transport};
use acceptance::{Account, Answer, Api, Server, SmallDisk, binary};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const PASSWORD: &str = "Correct!Horse7";
/// Room for an installation, some credentials, and a ballast beside them.
const KIBIBYTES: u32 = 4096;
/// More than an empty installation takes.
const FIRST_START_KIBIBYTES: u32 = 200;
/// A refusal must not take longer, busy machine or not.
const REFUSAL_LIMIT: Duration = Duration::from_secs(5);
const CLIENTS: usize = 8;
const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// What `serve` says last when it starts.
const IS_READY: &str = "ready base_domain=";
/// More than fit on the disk.
const MAX_CREATES: usize = 100_000;

/// A server whose data directory is a small disk of its own.
struct Stage {
    server: Server,
    disk: SmallDisk,
    account: Account,
}

/// Stops the server before the disk goes away under it, and the disk before its folder.
impl Drop for Stage {
    fn drop(&mut self) {
        self.server.stop();
    }
}

impl Stage {
    fn set(name: &str) -> Option<Self> {
        let mut server = Server::not_started();
        let Some(disk) = SmallDisk::mount(&server.data_dir(), KIBIBYTES) else {
            println!("{name}: not tested, because this process may not mount; run it as root");
            return None;
        };
        server.start_again();
        let account = server.account("small-disk");
        Some(Self { server, disk, account })
    }

    fn api(&self) -> Api {
        self.server.api(&self.account)
    }

    fn phone(&self, transport: Transport, username: &str, password: &str) -> HandmadePhone {
        HandmadePhone::new(transport, self.server.sip(transport), &self.account.sip_domain, username, password)
    }

    fn registers(&self, username: &str, password: &str) -> bool {
        let answers = Transport::ALL.map(|transport| self.phone(transport, username, password).register(60).status);
        assert!(answers == [200, 200] || answers == [401, 401], "{username}: {answers:?}");
        answers == [200, 200]
    }

    fn listed(&self) -> Vec<Value> {
        let api = self.api();
        let mut found = Vec::new();
        loop {
            let page =
                api.send("GET", &api.path(&format!("trunks/credentials?limit=1000&offset={}", found.len())), b"");
            let page = page.expect(200);
            let objects = page["objects"].as_array().expect("objects");
            found.extend(objects.iter().cloned());
            if objects.is_empty() {
                assert_eq!(page["meta"]["total"], found.len());
                return found;
            }
        }
    }

    fn change(&self, method: &str, id: &str, body: &str) -> Answer {
        let api = self.api();
        api.send(method, &api.path(&format!("credentials/{id}")), body.as_bytes())
    }
}

/// Refused for the server's sake, in words, and soon.
fn expect_refusal(ask: impl FnOnce() -> Answer) {
    let asked = Instant::now();
    let answer = ask();
    assert!(asked.elapsed() < REFUSAL_LIMIT, "after {:?}: {}", asked.elapsed(), answer.shown());
    assert!(matches!(answer.status, 500 | 503 | 507), "{}", answer.shown());
    answer.expect_error(answer.status);
    assert!(answer.status != 503 || answer.header("retry-after").is_some(), "{}", answer.shown());
}

fn expect_sip_refusal(response: &Response) {
    assert!(matches!(response.status, 500 | 503), "{}", response.text);
}

#[test]
fn changes_are_refused_while_the_disk_is_full_and_work_again_without_a_restart() {
    let Some(mut stage) = Stage::set("changes on a full disk") else { return };
    let id = stage.api().credential("kept", PASSWORD);
    let mut leaving = Transport::ALL.map(|transport| stage.phone(transport, "kept", PASSWORD));
    for phone in &mut leaving {
        assert_eq!(phone.register(600).status, 200);
        // A phone that leaves while there is room makes sure that the registrations before it are written.
        assert_eq!(stage.phone(Transport::Udp, "kept", PASSWORD).register(0).status, 200);
    }
    stage.disk.fill();
    let mut acknowledged = fill_what_is_left(&stage);
    expect_refusals(&stage, &id);
    for phone in &mut leaving {
        expect_sip_refusal(&phone.register(0));
        // Asked again it is still not durable, though nothing is left to be removed from memory.
        expect_sip_refusal(&phone.register(0));
    }
    assert!(stage.registers("kept", PASSWORD));
    let before = stage.listed();

    stage.disk.make_room();
    acknowledged.extend((0..20).map(|number| stage.api().credential(&format!("after_{number}"), PASSWORD)));
    assert_eq!(stage.change("PUT", &id, &json!({"password": "Another!Horse8"}).to_string()).status, 200);
    assert!(stage.registers("kept", "Another!Horse8") && !stage.registers("kept", PASSWORD));
    for phone in &mut leaving {
        phone.credentials.password = "Another!Horse8".into();
        assert_eq!(phone.register(0).status, 200);
    }
    stage.server.kill_dash_nine();
    stage.server.start_again();
    let listed = stage.listed();
    assert_eq!(listed.len(), before.len() + 20);
    for id in &acknowledged {
        assert!(listed.iter().any(|object| object["id"] == id.as_str()), "{id} is lost");
    }
    let left = stage.phone(Transport::Udp, "kept", "Another!Horse8").query();
    for phone in &leaving {
        assert!(!left.text.contains(&phone.contact()), "it came back: {}", left.text);
    }
}

/// Creates until no page is left, from several clients at once: all of them are answered. What was acknowledged.
fn fill_what_is_left(stage: &Stage) -> Vec<String> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (next, api) = (&next, stage.api());
                scope.spawn(move || {
                    let mut acknowledged = Vec::new();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        assert!(number < MAX_CREATES, "the disk does not become full");
                        let answer = api.create(&format!("filling_{number}"), PASSWORD);
                        if answer.status != 201 {
                            expect_refusal(|| answer);
                            return acknowledged;
                        }
                        acknowledged.push(answer.json()["id"].as_str().expect("an id").to_owned());
                    }
                })
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    })
}

/// Every kind of change is refused and changes nothing; reading and registering go on.
fn expect_refusals(stage: &Stage, id: &str) {
    let before = stage.listed();
    for number in 0..20 {
        expect_refusal(|| stage.api().create(&format!("refused_{number}"), PASSWORD));
        assert!(!stage.registers(&format!("refused_{number}"), PASSWORD));
    }
    for change in [json!({"password": "Another!Horse8"}), json!({"enabled": false})] {
        expect_refusal(|| stage.change("PUT", id, &change.to_string()));
        assert!(stage.registers("kept", PASSWORD) && !stage.registers("kept", "Another!Horse8"));
    }
    expect_refusal(|| stage.change("DELETE", id, ""));
    assert!(stage.registers("kept", PASSWORD));
    assert_eq!(stage.change("GET", id, "").expect(200)["enabled"], true);
    expect_one_sentence(&account_create(stage));
    assert_eq!(stage.listed(), before);
}

#[test]
fn a_disk_filled_with_credentials_keeps_them_all() {
    let Some(mut stage) = Stage::set("a disk filled with credentials") else { return };
    let mut acknowledged = fill_what_is_left(&stage);
    acknowledged.sort_unstable();
    println!("{} credentials on {KIBIBYTES} KiB", acknowledged.len());
    assert!(acknowledged.len() > 100);
    // A start counts itself, which takes room: on a full disk it says so, or finds room in a log that a refused write has
    // made longer; and it loses nothing, however the server ended.
    for (kill, size) in [(false, KIBIBYTES * 2), (true, KIBIBYTES * 3)] {
        if kill {
            stage.server.kill_dash_nine();
        } else {
            let ended = stage.server.stop();
            assert!(ended.is_some_and(|status| status.success()), "after SIGTERM: {ended:?}");
        }
        // A log that was folded into the database leaves room for a start.
        stage.disk.fill();
        let started = serve(&stage);
        if !(started.code() == Some(0) && started.stderr.contains(IS_READY)) {
            expect_one_sentence(&started);
        }
        stage.disk.resize(size);
        stage.server.start_again();
        let mut listed: Vec<_> =
            stage.listed().iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect();
        listed.sort_unstable();
        assert!(listed == acknowledged, "{} listed, {} acknowledged", listed.len(), acknowledged.len());
        assert!(stage.registers("filling_0", PASSWORD));
        stage.disk.fill();
    }
}

#[test]
fn an_installation_that_did_not_fit_is_finished_when_there_is_room() {
    let server = Server::not_started();
    let create = |name: &str| {
        let mut command = binary::command();
        run(command.args(["account", "create", "--name", name, "--data-dir"]).arg(server.data_dir()), COMMAND_LIMIT)
    };
    let mut refused = 0;
    // From too little for the key file to just enough, so that every step of a first start is the one that fails.
    for kibibytes in (4..FIRST_START_KIBIBYTES).step_by(8) {
        let Some(disk) = SmallDisk::mount(&server.data_dir(), kibibytes) else {
            println!("first starts on a full disk: not tested, because this process may not mount; run it as root");
            return;
        };
        let first = create("first");
        if first.code() != Some(0) {
            refused += 1;
            expect_failure_by_the_disk(&first);
        }
        disk.resize(KIBIBYTES);
        let second = create("second");
        assert_eq!(second.code(), Some(0), "{kibibytes} KiB: {first:?} {second:?}");
    }
    assert!(refused > 10, "an installation takes less room than thought: {refused} were refused");
}

/// SQLite calls a log index that finds no room an I/O error; the sentence must still lead to the disk.
fn expect_failure_by_the_disk(finished: &Finished) {
    assert_eq!(finished.code(), Some(1), "{finished:?}");
    let said: Vec<_> = finished.stderr.lines().filter(|line| !is_log(line)).collect();
    assert!(
        said.len() == 1 && ["free disk space", "disk is full"].iter().any(|words| said[0].contains(words)),
        "{finished:?}"
    );
}

/// `serve` on a full disk, or a command that changes something: exit code 1 and a sentence that names the disk.
fn expect_one_sentence(finished: &Finished) {
    assert_eq!(finished.code(), Some(1), "{finished:?}");
    let said: Vec<_> = finished.stderr.lines().filter(|line| !is_log(line)).collect();
    assert!(said.len() == 1 && said[0].contains("disk is full"), "{finished:?}");
}

fn account_create(stage: &Stage) -> Finished {
    let arguments = ["account", "create", "--name", "refused", "--data-dir"];
    run(binary::command().args(arguments).arg(stage.server.data_dir()), COMMAND_LIMIT)
}

fn serve(stage: &Stage) -> Finished {
    let arguments = ["serve", "--http-listen", "127.0.0.1:0", "--sip-listen", "udp:127.0.0.1:0", "--data-dir"];
    let mut command = binary::command();
    run_until_it_says(command.args(arguments).arg(stage.server.data_dir()), IS_READY, COMMAND_LIMIT)
}

/// A line of the log starts with its time.
fn is_log(line: &str) -> bool {
    line.starts_with(|first: char| first.is_ascii_digit())
}
