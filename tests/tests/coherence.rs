//! Revoked means revoked: once the API has answered, no REGISTER sent later meets the old truth.

use acceptance::bounded::wait_for;
use acceptance::sip::{Challenge, HandmadePhone, Transport};
use acceptance::{Account, Api, Server};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const USERNAME: &str = "steady_phone";
const ROUNDS: u32 = 200;
/// The phones that register all the while.
const STYLES: [Style; 3] = [
    Style { name: "fresh nonces over UDP", transport: Transport::Udp, nonce_uses: 1 },
    Style { name: "reused nonces over UDP", transport: Transport::Udp, nonce_uses: 20 },
    Style { name: "reused nonces over TCP", transport: Transport::Tcp, nonce_uses: 3 },
];
const PROGRESS_LIMIT: Duration = Duration::from_secs(30);

/// What the API has been told, from the moment it was told to the moment it had answered the next thing.
struct Truth {
    asked: Instant,
    /// The generation of the password that opens, if any does.
    open_to: Option<u32>,
}

/// One authenticated REGISTER.
struct Attempt {
    sent: Instant,
    answered: Instant,
    generation: u32,
    /// Whether the digest was taken to be right. `stale=true` says so as well: it is sent with a right digest only.
    opened: bool,
    style: &'static str,
}

struct Style {
    name: &'static str,
    transport: Transport,
    /// How often the phone uses one nonce before it asks for another.
    nonce_uses: u32,
}

struct Stage {
    domain: String,
    newest: AtomicU32,
    stop: AtomicBool,
    progress: [AtomicU64; 3],
    attempts: Mutex<Vec<Attempt>>,
}

#[test]
fn no_register_sent_after_the_answer_meets_the_old_truth() {
    // Thousands of refusals a second from one address are what throttling is against; here they are the phones'.
    let server = Server::start_with(&["--throttle-limit", "0"]);
    let account = server.account("coherence");
    let stage = Stage {
        domain: account.sip_domain.clone(),
        newest: AtomicU32::new(0),
        stop: AtomicBool::new(false),
        progress: Default::default(),
        attempts: Mutex::default(),
    };
    let truths = thread::scope(|scope| {
        for (place, style) in STYLES.iter().enumerate() {
            let address = server.sip(style.transport);
            let stage = &stage;
            scope.spawn(move || stage.register_steadily(place, style, address));
        }
        // Also when a round fails, the phones must come to an end.
        let _end = StopOnDrop(&stage.stop);
        stage.play(&server, &account)
    });
    let attempts = stage.attempts.into_inner().expect("the attempts");
    let Verdict { wrong, certain } = judge(&truths, &attempts);
    let shown = &wrong[..wrong.len().min(10)];
    assert!(wrong.is_empty(), "{} of {} met the old truth: {shown:#?}", wrong.len(), attempts.len());
    // Else nothing has been shown: both answers must have been certain often enough.
    assert!(certain.iter().all(|count| *count > ROUNDS), "too few attempts were certain: {certain:?}");
}

#[test]
fn what_is_disabled_or_deleted_is_no_longer_registered() {
    let server = Server::start();
    let account = server.account("bindings");
    let api = server.api(&account);
    let mut id = api.credential(USERNAME, "password number 0");
    let address = server.sip(Transport::Tcp);
    let mut phone = HandmadePhone::new(Transport::Tcp, address, &account.sip_domain, USERNAME, "password number 0");
    for deletes in [false, true] {
        assert_eq!(phone.register(600).contacts().len(), 1);
        assert_eq!(phone.query().contacts().len(), 1);
        if deletes {
            api.delete(&id);
            id = api.credential(USERNAME, "password number 0");
        } else {
            api.update(&id, &json!({"enabled": false}));
            assert_eq!(phone.query().status, 401);
            api.update(&id, &json!({"enabled": true}));
        }
        let after = phone.query();
        assert_eq!((after.status, after.contacts().len()), (200, 0), "{}", after.text);
    }
}

impl Stage {
    /// 200 rounds; within each state every phone gets through at least one REGISTER that it began in it.
    fn play(&self, server: &Server, account: &Account) -> Vec<(Truth, Instant)> {
        let api = server.api(account);
        let mut truths = Vec::new();
        let mut id = self.change(&mut truths, Some(0), || api.credential(USERNAME, &password(0)));
        for round in 1..=ROUNDS {
            self.newest.store(round, Ordering::SeqCst);
            self.change(&mut truths, None, || api.update(&id, &json!({"enabled": false})));
            self.change(&mut truths, Some(round - 1), || api.update(&id, &json!({"enabled": true})));
            self.change(&mut truths, Some(round), || api.update(&id, &json!({"password": password(round)})));
            self.change(&mut truths, None, || api.delete(&id));
            id = self.change(&mut truths, Some(round), || create(&api, round));
        }
        truths
    }

    fn change<T>(&self, truths: &mut Vec<(Truth, Instant)>, open_to: Option<u32>, act: impl FnOnce() -> T) -> T {
        let asked = Instant::now();
        let outcome = act();
        truths.push((Truth { asked, open_to }, Instant::now()));
        // Two more by each phone, of which the second was certainly begun after the answer.
        let goals = self.progress.each_ref().map(|done| done.load(Ordering::SeqCst) + 2);
        wait_for("the phones to go on", PROGRESS_LIMIT, || {
            let reached = self.progress.iter().zip(goals).all(|(done, goal)| done.load(Ordering::SeqCst) >= goal);
            reached.then_some(())
        });
        outcome
    }

    fn register_steadily(&self, place: usize, style: &Style, address: SocketAddr) {
        let mut phone = HandmadePhone::new(style.transport, address, &self.domain, USERNAME, "");
        for number in 0.. {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            // By turns the newest password, which may not be set yet, and the one before, which may be out of date.
            let generation = self.newest.load(Ordering::SeqCst).saturating_sub(number % 2);
            phone.credentials.password = password(generation);
            if number.is_multiple_of(style.nonce_uses) {
                phone.challenge("");
            }
            let contact = format!("Contact: {}\r\nExpires: 60\r\n", phone.contact());
            let sent = Instant::now();
            let response = phone.reuse(&contact);
            let answered = Instant::now();
            assert!(matches!(response.status, 200 | 401), "{}", response.text);
            let stale = response.header("www-authenticate").is_some_and(|value| Challenge::parse(value).stale);
            let opened = response.status == 200 || stale;
            self.attempts.lock().expect("the attempts").push(Attempt {
                sent,
                answered,
                generation,
                opened,
                style: style.name,
            });
            if stale {
                phone.challenge("");
            }
            self.progress[place].fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn create(api: &Api, generation: u32) -> String {
    api.credential(USERNAME, &password(generation))
}

fn password(generation: u32) -> String {
    format!("password number {generation}")
}

/// What a run has shown.
#[derive(Default)]
struct Verdict {
    /// The attempts whose answer no truth of their time explains.
    wrong: Vec<String>,
    /// How many attempts could only be refused, and only be accepted.
    certain: [u32; 2],
}

/// A truth may show from the moment the API was asked for it until the API has answered the next change.
fn judge(truths: &[(Truth, Instant)], attempts: &[Attempt]) -> Verdict {
    let mut verdict = Verdict::default();
    for attempt in attempts {
        let possible = possible_outcomes(truths, attempt);
        if !possible.contains(&attempt.opened) {
            let Attempt { sent, answered, generation, opened, style } = attempt;
            let (at, took) = (sent.saturating_duration_since(truths[0].0.asked), *answered - *sent);
            verdict
                .wrong
                .push(format!("{style}: sent at {at:?}, took {took:?}, password {generation}, opened {opened}"));
        } else if possible.iter().all(|open| *open == possible[0]) {
            verdict.certain[usize::from(attempt.opened)] += 1;
        }
    }
    verdict
}

fn possible_outcomes(truths: &[(Truth, Instant)], attempt: &Attempt) -> Vec<bool> {
    let replaced = |place: usize| truths.get(place + 1).map(|(_, answered)| *answered);
    let shows = |place: usize, truth: &Truth| {
        truth.asked <= attempt.answered && replaced(place).is_none_or(|answered| attempt.sent <= answered)
    };
    let shown = truths.iter().enumerate().filter(|(place, (truth, _))| shows(*place, truth));
    // Before the first answer nothing is open; that state is not in the list.
    let early = attempt.sent < truths[0].1;
    shown.map(|(_, (truth, _))| truth.open_to == Some(attempt.generation)).chain(early.then_some(false)).collect()
}

/// The judge must be able to say no.
#[test]
fn an_old_truth_would_be_seen() {
    let start = Instant::now();
    let at = |milliseconds: u64| start + Duration::from_millis(milliseconds);
    let truths = [
        (Truth { asked: at(10), open_to: Some(1) }, at(20)),
        (Truth { asked: at(30), open_to: None }, at(40)),
        (Truth { asked: at(50), open_to: Some(2) }, at(60)),
    ];
    let is_wrong = |sent: u64, generation: u32, opened: bool| {
        let attempt = Attempt { sent: at(sent), answered: at(sent + 1), generation, opened, style: "" };
        !judge(&truths, &[attempt]).wrong.is_empty()
    };
    assert!(is_wrong(41, 1, true), "opened after the answer to the disabling");
    assert!(is_wrong(25, 1, false), "refused although it had been created");
    assert!(is_wrong(65, 1, true) && is_wrong(65, 2, false), "the old password after the new one was set");
    assert!(is_wrong(5, 1, true), "opened before it was asked for");
    for either in [true, false] {
        assert!(!is_wrong(35, 1, either) && !is_wrong(55, 2, either), "while the API has not answered, both are right");
    }
    assert!(!is_wrong(25, 1, true) && !is_wrong(45, 1, false) && !is_wrong(65, 2, true));
}

struct StopOnDrop<'s>(&'s AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
