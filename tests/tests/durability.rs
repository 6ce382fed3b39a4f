//! What the API has answered is on disk, whole, whenever the process is killed; what it has not answered is there whole
//! or not at all.
//!
//! `SIPWARDEN_ROUNDS` sets how often the server is killed, `SIPWARDEN_CREATES` how many creates each round waits for
//! before it may be killed.

use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, KeptConnection, Server, binary};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: usize = 6;
const CLIENTS: usize = 16;
/// Every so many operations a client changes a password, and every so many it deletes.
const CHANGE_EVERY: usize = 7;
const DELETE_EVERY: usize = 11;
const KILL_AFTER_MS: std::ops::Range<u64> = 50..300;
/// First starts that are killed, at moments spread over the time that one takes at most.
const FIRST_STARTS: u32 = 24;
const FIRST_START: Duration = Duration::from_millis(48);
/// How many of the acknowledged credentials register a phone after each round.
const SAMPLE: usize = 50;
const FIELDS: [&str; 8] = ["account_id", "created_at", "enabled", "id", "password", "realm", "updated_at", "username"];
const PROGRESS_LIMIT: Duration = Duration::from_secs(120);

/// A credential as a client knows it.
#[derive(Clone, Debug)]
struct Known {
    id: String,
    username: String,
    password: String,
    /// What its password was before it was changed, if it was.
    old_password: Option<String>,
}

/// A request whose answer never came.
#[derive(Debug)]
enum Unanswered {
    Create { username: String, password: String },
    Change { of: Known, password: String },
    Delete { of: Known },
}

/// What one client knows when its server is gone.
#[derive(Debug, Default)]
struct Ledger {
    present: Vec<Known>,
    gone: Vec<Known>,
    unanswered: Option<Unanswered>,
    creates: usize,
}

/// What all clients know together.
#[derive(Default)]
struct Truth {
    present: BTreeMap<String, Known>,
    gone: Vec<Known>,
}

#[test]
fn what_was_answered_survives_kill_nine_and_nothing_is_half_made() {
    let mut server = Server::start();
    let account = server.account("durability");
    let mut truth = Truth::default();
    let (mut creates, mut seconds) = (0, 0.0);
    let rounds = number("SIPWARDEN_ROUNDS", ROUNDS);
    for round in 0..rounds {
        let (ledgers, lasted) = work_until_killed(&mut server, &account, round);
        creates += ledgers.iter().map(|ledger| ledger.creates).sum::<usize>();
        seconds += lasted.as_secs_f64();
        server.start_again();
        let judge = Judge { server: &server, account: &account };
        let newest = judge.settle(&mut truth, ledgers);
        judge.check_listed(&truth);
        judge.check_each(&truth, &newest);
    }
    Judge { server: &server, account: &account }.check_each(&truth, &truth.present.keys().cloned().collect::<Vec<_>>());
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let rate = creates as f64 / seconds;
    println!(
        "{rounds} kills, {creates} creates answered, {rate:.0} a second; {} credentials left",
        truth.present.len()
    );
    assert!(creates >= rounds * CLIENTS, "too little was under way for the kills to hit anything: {creates} creates");
}

#[test]
fn a_first_start_killed_at_any_moment_can_be_repeated() {
    for moment in 0..FIRST_STARTS {
        let mut server = Server::not_started();
        let mut child = binary::command()
            .args(["serve", "--http-listen", "127.0.0.1:0", "--sip-listen", "udp:127.0.0.1:0", "--data-dir"])
            .arg(server.data_dir())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a binary that can be started");
        // The moment of the kill is the input of this test, not a wait for anything.
        thread::sleep(FIRST_START * moment / FIRST_STARTS);
        child.kill().expect("a child that can be killed");
        child.wait().expect("a child that can be waited for");
        server.start_again();
        let account = server.account("after-all");
        let _id = server.api(&account).credential("phone", "Correct!Horse7");
        let judge = Judge { server: &server, account: &account };
        assert!(judge.registers("phone", "Correct!Horse7"));
    }
}

/// Runs the clients and kills the server under them; how long they had is measured up to the kill.
fn work_until_killed(server: &mut Server, account: &Account, round: usize) -> (Vec<Ledger>, Duration) {
    let creates = AtomicUsize::new(0);
    let wanted = number("SIPWARDEN_CREATES", 1);
    let span = KILL_AFTER_MS.end - KILL_AFTER_MS.start;
    let delay = Duration::from_millis(KILL_AFTER_MS.start + RandomState::new().build_hasher().finish() % span);
    let http = server.http();
    thread::scope(|scope| {
        let started = Instant::now();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let creates = &creates;
                let connection = KeptConnection::try_connect(http, account).expect("a server that listens");
                scope.spawn(move || work(connection, &format!("r{round}c{client}"), creates))
            })
            .collect();
        // The moment of the kill is the input of this test, not a wait for anything.
        thread::sleep(delay);
        while creates.load(Ordering::Relaxed) < wanted {
            assert!(started.elapsed() < PROGRESS_LIMIT, "hardly anything is created");
            thread::sleep(Duration::from_millis(1));
        }
        server.kill_dash_nine();
        let lasted = started.elapsed();
        (clients.into_iter().map(|client| client.join().expect("a client")).collect(), lasted)
    })
}

/// Creates, changes and deletes as fast as it can until the server is gone.
fn work(mut connection: KeptConnection, name: &str, creates: &AtomicUsize) -> Ledger {
    let mut ledger = Ledger::default();
    for turn in 1.. {
        let done = if turn % DELETE_EVERY == 0 {
            delete(&mut connection, &mut ledger)
        } else if turn % CHANGE_EVERY == 0 {
            change(&mut connection, &mut ledger, format!("Changed!{name}n{turn}"))
        } else {
            create(&mut connection, &mut ledger, (format!("{name}n{turn}"), format!("Created!{name}n{turn}")))
                .inspect(|()| _ = creates.fetch_add(1, Ordering::Relaxed))
        };
        if done.is_none() {
            break;
        }
    }
    ledger
}

fn create(connection: &mut KeptConnection, ledger: &mut Ledger, named: (String, String)) -> Option<()> {
    let (username, password) = named;
    let body = json!({"username": username, "password": password}).to_string();
    let Some(answer) = connection.ask("POST", "credentials", &body) else {
        ledger.unanswered = Some(Unanswered::Create { username, password });
        return None;
    };
    let id = answer.expect(201)["id"].as_str().expect("an id").to_owned();
    ledger.present.push(Known { id, username, password, old_password: None });
    ledger.creates += 1;
    Some(())
}

fn change(connection: &mut KeptConnection, ledger: &mut Ledger, password: String) -> Option<()> {
    let known = ledger.present.pop().expect("something created before");
    let body = json!({"password": password}).to_string();
    let Some(answer) = connection.ask("PUT", &format!("credentials/{}", known.id), &body) else {
        ledger.unanswered = Some(Unanswered::Change { of: known, password });
        return None;
    };
    answer.expect(200);
    let old_password = Some(known.password);
    ledger.present.insert(0, Known { password, old_password, ..known });
    Some(())
}

fn delete(connection: &mut KeptConnection, ledger: &mut Ledger) -> Option<()> {
    let known = ledger.present.pop().expect("something created before");
    let Some(answer) = connection.ask("DELETE", &format!("credentials/{}", known.id), "") else {
        ledger.unanswered = Some(Unanswered::Delete { of: known });
        return None;
    };
    assert_eq!(answer.status, 204, "{}", answer.shown());
    ledger.gone.push(known);
    Some(())
}

/// Compares a server that came back with what its clients know.
struct Judge<'s> {
    server: &'s Server,
    account: &'s Account,
}

impl Judge<'_> {
    /// Adds what the clients know to the truth, after finding out what became of unanswered requests. Answers the ids
    /// that this round made or touched.
    fn settle(&self, truth: &mut Truth, ledgers: Vec<Ledger>) -> Vec<String> {
        let listed = self.listed();
        let mut newest = Vec::new();
        for ledger in ledgers {
            truth.gone.extend(ledger.gone);
            let settled = ledger.unanswered.and_then(|unanswered| self.settle_one(truth, unanswered, &listed));
            for known in ledger.present.into_iter().chain(settled) {
                newest.push(known.id.clone());
                truth.present.insert(known.id.clone(), known);
            }
        }
        newest
    }

    /// An unanswered request was done wholly or not at all; the credential as it is now, if there is one.
    fn settle_one(&self, truth: &mut Truth, unanswered: Unanswered, listed: &BTreeMap<String, Value>) -> Option<Known> {
        match unanswered {
            Unanswered::Create { username, password } => {
                let there = listed.values().find(|object| object["username"] == username.as_str());
                assert_eq!(self.registers(&username, &password), there.is_some(), "{username} is half made: {there:?}");
                let again = self.server.api(self.account).create(&username, &password);
                let id = if let Some(object) = there {
                    again.expect_error(409);
                    object["id"].clone()
                } else {
                    again.expect(201)["id"].clone()
                };
                Some(Known { id: id.as_str().expect("an id").into(), username, password, old_password: None })
            }
            Unanswered::Change { of, password } => {
                let (old, new) = (self.registers(&of.username, &of.password), self.registers(&of.username, &password));
                assert_ne!(old, new, "neither the old nor the new state, or both: {of:?}");
                Some(if new { Known { old_password: Some(of.password), password, ..of } } else { of })
            }
            Unanswered::Delete { of } => {
                let there = listed.contains_key(&of.id);
                assert_eq!(self.registers(&of.username, &of.password), there, "half deleted: {of:?}");
                if there {
                    return Some(of);
                }
                truth.gone.push(of);
                None
            }
        }
    }

    /// Everything acknowledged is listed, and nothing else.
    fn check_listed(&self, truth: &Truth) {
        let listed = self.listed();
        let (there, expected): (Vec<_>, Vec<_>) = (listed.keys().collect(), truth.present.keys().collect());
        assert!(there == expected, "listed and acknowledged differ in {:?}", difference(&there, &expected));
        for (id, object) in &listed {
            assert_eq!(object["username"], truth.present[id].username.as_str());
        }
    }

    /// Each of these is there by itself, what was deleted is not, and samples of both answer phones so.
    fn check_each(&self, truth: &Truth, ids: &[String]) {
        let mut connection = KeptConnection::try_connect(self.server.http(), self.account).expect("a server");
        let mut read = |id: &str| connection.ask("GET", &format!("credentials/{id}"), "").expect("an answer");
        let these: Vec<_> = ids.iter().filter_map(|id| truth.present.get(id)).collect();
        for known in &these {
            let object = read(&known.id).expect(200);
            assert_eq!(self.expect_complete(&object), known.id);
            assert_eq!(object["username"], known.username.as_str());
        }
        for known in &truth.gone {
            read(&known.id).expect_error(404);
        }
        for known in sample(&these).chain(sample(&truth.present.values().collect::<Vec<_>>())) {
            assert!(self.registers(&known.username, &known.password), "{known:?} was acknowledged");
            if let Some(old) = &known.old_password {
                assert!(!self.registers(&known.username, old), "the old password of {known:?} came back");
            }
        }
        for known in sample(&truth.gone.iter().collect::<Vec<_>>()) {
            assert!(!self.registers(&known.username, &known.password), "{known:?} was deleted");
        }
    }

    /// Every credential by its id; the pages agree with each other, with `meta.total`, and each object is complete.
    fn listed(&self) -> BTreeMap<String, Value> {
        let api = self.server.api(self.account);
        let (mut found, mut total) = (BTreeMap::new(), None);
        while total.is_none_or(|total| found.len() < total) {
            let path = format!("trunks/credentials?limit=1000&offset={}", found.len());
            let page = api.send("GET", &api.path(&path), b"").expect(200);
            let said = page["meta"]["total"].as_u64().and_then(|total| usize::try_from(total).ok()).expect("a total");
            assert_eq!(*total.get_or_insert(said), said, "the total changed without a change");
            let objects = page["objects"].as_array().expect("objects");
            assert!(!objects.is_empty() || found.len() == said, "{said} are promised, {} listed", found.len());
            for object in objects {
                let id = self.expect_complete(object);
                assert!(found.insert(id, object.clone()).is_none(), "listed twice: {object}");
            }
        }
        assert_eq!(Some(found.len()), total);
        found
    }

    fn expect_complete(&self, object: &Value) -> String {
        let fields = object.as_object().expect("an object");
        assert!(fields.keys().eq(FIELDS), "{object}");
        assert!(fields.values().all(|value| value.as_str().is_some_and(|text| !text.is_empty()) || *value == true));
        assert_eq!(
            (&object["account_id"], &object["realm"]),
            (&json!(self.account.auth_id), &json!(self.account.realm))
        );
        object["id"].as_str().expect("an id").to_owned()
    }

    fn registers(&self, username: &str, password: &str) -> bool {
        let (transport, domain) = (Transport::Udp, &self.account.sip_domain);
        let mut phone = HandmadePhone::new(transport, self.server.sip(transport), domain, username, password);
        let answer = phone.register(60);
        assert!(matches!(answer.status, 200 | 401), "{}", answer.text);
        answer.status == 200
    }
}

/// At most [`SAMPLE`] of them, evenly spread.
fn sample<'k>(all: &'k [&'k Known]) -> impl Iterator<Item = &'k Known> {
    all.iter().copied().step_by((all.len() / SAMPLE).max(1)).take(SAMPLE)
}

fn difference<'i>(there: &[&'i String], expected: &[&'i String]) -> Vec<&'i String> {
    let apart = |id: &&&String| there.contains(id) != expected.contains(id);
    there.iter().chain(expected).filter(apart).copied().collect()
}

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect("a number"))
}
