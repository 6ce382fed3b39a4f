//! Revoked means revoked: once the API has answered, no REGISTER sent later meets the old truth.

use acceptance::bounded::wait_for;
use acceptance::sip::{Challenge, HandmadePhone, Transport};
use acceptance::truths::{Attempt, Truth, Verdict, judge};
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
    fn play(&self, server: &Server, account: &Account) -> Vec<Truth> {
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

    fn change<T>(&self, truths: &mut Vec<Truth>, open_to: Option<u32>, act: impl FnOnce() -> T) -> T {
        let asked = Instant::now();
        let outcome = act();
        truths.push(Truth { asked, answered: Instant::now(), open_to });
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

struct StopOnDrop<'s>(&'s AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
