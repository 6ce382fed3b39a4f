//! A secret that is taken away again and again while thousands of requests a second come with it.

use super::PASSWORD;
use crate::bounded::{StopWhenDropped, wait_for};
use crate::sip::{Challenge, HandmadePhone, Transport};
use crate::truths::{Attempt, Truth, Verdict, judge};
use crate::{Account, Api, KeptConnection, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const USERNAME: &str = "steady_phone";
/// Sockets that register all the while.
const PHONES: usize = 2;
/// Requests that each of them has under way.
const WINDOW: usize = 8;
/// Clients that use an API token all the while.
const CLIENTS: usize = 2;
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// How long every phone may take to get through two windows.
const PROGRESS_LIMIT: Duration = Duration::from_secs(30);

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Revocation {
    /// How often each kind of secret is taken away and given back.
    pub rounds: u32,
    /// Requests a second, of all phones together.
    pub per_second: f64,
}

/// How a secret is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Disable,
    Delete,
    Password,
    Token,
}

/// What it came to.
#[derive(Clone, Debug)]
pub struct RevocationReport {
    way: Way,
    rounds: u32,
    took: Duration,
    attempts: usize,
    verdict: Verdict,
    slowest_answer: Duration,
    reasons: String,
}

impl fmt::Display for RevocationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { way, rounds, took, attempts, verdict, slowest_answer, reasons } = self;
        #[expect(clippy::cast_precision_loss, reason = "a count of attempts")]
        let per_second = *attempts as f64 / took.as_secs_f64();
        let [refused, accepted] = verdict.certain;
        write!(
            f,
            "{way:?}: {rounds} rounds under {per_second:.0} requests a second: of {attempts}, {refused} begun after it was taken \
             away and all refused, {accepted} begun after it was given back and all let in; slowest answer of the API \
             {slowest_answer:.1?}; {reasons}"
        )
    }
}

struct Stage<'s> {
    server: &'s Server,
    account: &'s Account,
    way: Way,
    stop: AtomicBool,
    /// The generation of the newest password that is known to be set.
    newest: AtomicU32,
    /// Whether the password before that is tried as well.
    tries_old: AtomicBool,
    token: Mutex<(String, u32)>,
    progress: [AtomicU64; PHONES + CLIENTS],
    attempts: Mutex<Vec<Attempt>>,
}

/// Runs it for every way, with the throttling that a server has by default.
///
/// # Panics
/// When anything that began after the API had answered was let in by what had been taken away, or refused what had been
/// given back; or when the reason that is told is not the revocation.
#[must_use]
pub fn run(revocation: Revocation) -> Vec<RevocationReport> {
    [Way::Disable, Way::Delete, Way::Password, Way::Token].map(|way| run_way(revocation, way)).into()
}

fn run_way(revocation: Revocation, way: Way) -> RevocationReport {
    let (server, account) = super::server_with_users(&[], &[]);
    let stage = Stage {
        server: &server,
        account: &account,
        way,
        stop: AtomicBool::new(false),
        newest: AtomicU32::new(0),
        tries_old: AtomicBool::new(true),
        token: Mutex::default(),
        progress: Default::default(),
        attempts: Mutex::default(),
    };
    let began = Instant::now();
    // Before the phones: they would be banned for a name that nobody has.
    let first = stage.begin();
    let truths = thread::scope(|scope| {
        let _stop = StopWhenDropped(&stage.stop);
        let stage = &stage;
        for place in 0..PHONES {
            scope.spawn(move || stage.register_steadily(place, revocation.per_second));
        }
        for place in PHONES..PHONES + CLIENTS {
            if way == Way::Token {
                scope.spawn(move || stage.ask_steadily(place));
            }
        }
        stage.play(first, revocation.rounds)
    });
    let took = began.elapsed();
    let mut attempts = stage.attempts.into_inner().unwrap_or_else(PoisonError::into_inner);
    attempts.sort_by_key(|attempt| attempt.sent);
    let verdict = judge(&truths, &attempts);
    let shown = &verdict.wrong[..verdict.wrong.len().min(10)];
    assert!(verdict.wrong.is_empty(), "{way:?}: {} of {}: {shown:#?}", verdict.wrong.len(), attempts.len());
    // Else nothing has been shown.
    assert!(verdict.certain.iter().all(|count| *count > revocation.rounds), "{way:?}: {:?}", verdict.certain);
    let slowest_answer = truths.iter().map(|truth| truth.answered - truth.asked).max().unwrap_or_default();
    let reasons = expect_reasons(&server.api(&account), way);
    let attempts = attempts.len();
    RevocationReport { way, rounds: revocation.rounds, took, attempts, verdict, slowest_answer, reasons }
}

/// What the tenant is told of those that were refused: that the secret was taken away, not that the phone is banned. A
/// name that is gone is like any that nobody has, so whoever goes on with it is banned in the end.
fn expect_reasons(api: &Api, way: Way) -> String {
    let (expected, others): (_, &[_]) = match way {
        Way::Disable => ("credential_disabled", &["banned", "wrong_password", "unknown_user"]),
        Way::Delete => ("unknown_user", &["wrong_password"]),
        Way::Password => ("old_password", &["banned", "wrong_password", "unknown_user"]),
        Way::Token => return "with 401".to_owned(),
    };
    let told = |reason: &str| {
        let page = api.send("GET", &api.path(&format!("auth-events?limit=1000&reason={reason}")), b"").expect(200);
        page["objects"].as_array().expect("events").clone()
    };
    let attempts = |events: &[Value]| events.iter().filter_map(|event| event["attempts"].as_u64()).sum::<u64>();
    let named = wait_for(expected, ANSWER_LIMIT, || Some(told(expected)).filter(|events| !events.is_empty()));
    for other in others {
        let events = told(other);
        assert!(events.is_empty(), "{way:?}: {other}: {:?}", events.first());
    }
    let also = told("banned");
    let also = if also.is_empty() { String::new() } else { format!(", then {} banned", attempts(&also)) };
    format!("the newest events name {} of them {expected}{also}", attempts(&named))
}

impl Stage<'_> {
    /// Makes the credential, and the token if it is tokens that are taken away; the identifier of what is.
    fn begin(&self) -> (Truth, String) {
        let api = self.server.api(self.account);
        let asked = Instant::now();
        let mut id = api.credential(USERNAME, &password(0));
        if self.way == Way::Token {
            id = self.new_token(&api, 0);
        }
        (Truth { asked, answered: Instant::now(), open_to: Some(0) }, id)
    }

    fn play(&self, (first, mut id): (Truth, String), rounds: u32) -> Vec<Truth> {
        let api = self.server.api(self.account);
        let mut truths = vec![first];
        for round in 1..=rounds {
            match self.way {
                Way::Disable => {
                    self.change(&mut truths, None, || api.update(&id, &json!({"enabled": false})));
                    self.change(&mut truths, Some(0), || api.update(&id, &json!({"enabled": true})));
                }
                Way::Delete => {
                    self.change(&mut truths, None, || api.delete(&id));
                    id = self.change(&mut truths, Some(0), || api.credential(USERNAME, &password(0)));
                }
                Way::Password => {
                    // What is sent while the password changes must not be two changes old by then: that is a guess.
                    self.tries_old.store(false, Ordering::SeqCst);
                    self.wait_for_progress();
                    self.change(&mut truths, Some(round), || {
                        let updated = api.update(&id, &json!({"password": password(round)}));
                        self.newest.store(round, Ordering::SeqCst);
                        self.tries_old.store(true, Ordering::SeqCst);
                        updated
                    });
                }
                Way::Token => {
                    self.change(&mut truths, None, || {
                        let path = api.path(&format!("tokens/{id}"));
                        assert_eq!(api.send("DELETE", &path, b"").status, 204);
                    });
                    id = self.change(&mut truths, Some(round), || self.new_token(&api, round));
                }
            }
        }
        truths
    }

    fn new_token(&self, api: &Api, generation: u32) -> String {
        let made = api.send("POST", &api.path("tokens"), br#"{"label":"taken away","scope":"read_only"}"#).expect(201);
        let text = |field: &str| made[field].as_str().unwrap_or_default().to_owned();
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = (text("auth_token"), generation);
        text("id")
    }

    fn change<T>(&self, truths: &mut Vec<Truth>, open_to: Option<u32>, act: impl FnOnce() -> T) -> T {
        let asked = Instant::now();
        let outcome = act();
        truths.push(Truth { asked, answered: Instant::now(), open_to });
        self.wait_for_progress();
        outcome
    }

    fn wait_for_progress(&self) {
        // Two more by each, of which the second was certainly begun after the answer.
        let judged = if self.way == Way::Token { &self.progress[PHONES..] } else { &self.progress[..PHONES] };
        let goals: Vec<u64> = judged.iter().map(|done| done.load(Ordering::SeqCst) + 2).collect();
        wait_for("the phones to go on", PROGRESS_LIMIT, || {
            let reached = judged.iter().zip(&goals).all(|(done, goal)| done.load(Ordering::SeqCst) >= *goal);
            reached.then_some(())
        });
    }

    /// Sends windows of requests at the pace that was asked for, each nonce used over and over.
    fn register_steadily(&self, place: usize, per_second: f64) {
        let address = self.server.sip(Transport::Udp);
        let mut phone = HandmadePhone::new(Transport::Udp, address, &self.account.sip_domain, USERNAME, "");
        let contact = format!("Contact: {}\r\nExpires: 60\r\n", phone.contact());
        phone.challenge("");
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let pause = Duration::from_secs_f64((WINDOW * PHONES) as f64 / per_second);
        let mut due = Instant::now();
        for number in 0.. {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            // By turns the newest password and the one before it.
            let newest = self.newest.load(Ordering::SeqCst);
            let tries_old = self.way == Way::Password && self.tries_old.load(Ordering::SeqCst);
            let generation = if tries_old { newest.saturating_sub(number % 2) } else { newest };
            phone.credentials.password = password(generation);
            let stale = self.exchange_window(&mut phone, &contact, generation);
            self.progress[place].fetch_add(1, Ordering::SeqCst);
            if stale {
                phone.challenge("");
            }
            due = (due + pause).max(Instant::now());
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }

    /// Whether one of them was told that its nonce is stale.
    fn exchange_window(&self, phone: &mut HandmadePhone, contact: &str, generation: u32) -> bool {
        let mut sent = BTreeMap::new();
        for _ in 0..WINDOW {
            let request = phone.reusing_request(contact);
            let number = sequence_of(request.lines().find_map(|line| line.strip_prefix("CSeq: ")));
            sent.insert(number, Instant::now());
            assert!(phone.peer.send(request.as_bytes()), "the socket is closed");
        }
        let (mut is_stale, mut made) = (false, Vec::with_capacity(WINDOW));
        while !sent.is_empty() {
            let response = phone.peer.receive(ANSWER_LIMIT).expect("an answer");
            let answered = Instant::now();
            let Some(sent) = sent.remove(&sequence_of(response.header("cseq"))) else { continue };
            assert!(matches!(response.status, 200 | 401), "{}", response.text);
            let stale = response.header("www-authenticate").is_some_and(|value| Challenge::parse(value).stale);
            is_stale |= stale;
            let opened = response.status == 200 || stale;
            made.push(Attempt { sent, answered, generation, opened, style: "REGISTER" });
        }
        if self.way != Way::Token {
            self.attempts.lock().unwrap_or_else(PoisonError::into_inner).extend(made);
        }
        is_stale
    }

    /// Reads the list of credentials with the newest token there is, over one connection.
    fn ask_steadily(&self, place: usize) {
        let newest = || self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut held: Option<(u32, KeptConnection)> = None;
        while !self.stop.load(Ordering::SeqCst) {
            let (auth_token, generation) = newest();
            if auth_token.is_empty() {
                thread::yield_now();
                continue;
            }
            if held.as_ref().is_none_or(|(of, _)| *of != generation) {
                let account = Account { auth_token, ..self.account.clone() };
                held = KeptConnection::try_connect(self.server.http(), &account).map(|it| (generation, it));
            }
            let Some((_, connection)) = &mut held else { continue };
            let sent = Instant::now();
            let Some(answer) = connection.ask("GET", "trunks/credentials?limit=1", "") else {
                held = None;
                continue;
            };
            let attempt =
                Attempt { sent, answered: Instant::now(), generation, opened: answer.status == 200, style: "HTTP" };
            assert!(matches!(answer.status, 200 | 401), "{}", answer.shown());
            self.attempts.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
            self.progress[place].fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn sequence_of(header: Option<&str>) -> u32 {
    header.and_then(|value| value.split_whitespace().next()?.parse().ok()).expect("a CSeq")
}

fn password(generation: u32) -> String {
    format!("{PASSWORD} {generation}")
}
