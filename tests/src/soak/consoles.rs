//! Many people look on while phones register: what that costs a REGISTER, and how far behind their pages are.

use super::{MEMORY_TOLERANCE, PASSWORD, memory, server_with_users, total};
use crate::bounded::StopWhenDropped;
use crate::sip::{HandmadePhone, Transport};
use crate::{Account, RawHttp, Server};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const WRONG_PASSWORD: &str = "Wrong!Horse1";
/// How often a phone fails whose sentence is waited for on every page.
const MARK_EVERY: Duration = Duration::from_millis(500);
/// How often a page asks for its figures by itself while attempts come.
const FIGURES_EVERY: Duration = Duration::from_secs(2);
/// How far behind a page may be.
const MOST_LAG: Duration = Duration::from_secs(2);

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Consoles {
    /// Pages that are open.
    pub pages: usize,
    /// REGISTERs a second.
    pub per_second: u64,
    /// For how long, once without and once with pages.
    pub seconds: u64,
}

/// What it came to.
#[derive(Clone, Debug)]
pub struct ConsolesReport {
    consoles: Consoles,
    without: Load,
    with: Load,
    marks: u64,
    lags: Vec<Duration>,
    memory: (f64, f64),
}

/// What the server did in a while.
#[derive(Clone, Copy, Debug)]
struct Load {
    per_second: f64,
    /// Of the server's CPU, for everything it did.
    cpu_us_per_register: f64,
}

impl ConsolesReport {
    /// How much more CPU a REGISTER cost with pages open, in percent.
    #[must_use]
    pub fn rise_percent(&self) -> f64 {
        (self.with.cpu_us_per_register / self.without.cpu_us_per_register - 1.0) * 100.0
    }
}

impl fmt::Display for ConsolesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { consoles, without, with, marks, lags, memory } = self;
        let longest = lags.last().copied().unwrap_or_default();
        let median = lags.get(lags.len() / 2).copied().unwrap_or_default();
        write!(
            f,
            "{} pages open, {} s: {:.0} REGISTER/s at {:.1} us of CPU each, {:.0} REGISTER/s at {:.1} us without them \
             ({:+.1} %); {marks} failures seen on every page, half of them within {} ms, all within {} ms; {:.1} MiB \
             before and {:.1} MiB after",
            consoles.pages,
            consoles.seconds,
            with.per_second,
            with.cpu_us_per_register,
            without.per_second,
            without.cpu_us_per_register,
            self.rise_percent(),
            median.as_millis(),
            longest.as_millis(),
            memory.0 / 1024.0 / 1024.0,
            memory.1 / 1024.0 / 1024.0,
        )
    }
}

/// Runs it.
///
/// # Panics
/// When a page misses a failure or is told of it late, or when memory grows.
#[must_use]
pub fn run(consoles: Consoles) -> ConsolesReport {
    let senders = 2;
    let users: Vec<String> = (0..senders).map(|number| format!("steady_{number}")).chain(["marked".into()]).collect();
    let (server, account) = server_with_users(&[], &users);
    let (stop, marks) = (AtomicBool::new(false), Mutex::default());
    let cookie = sign_in(&server, &account);
    thread::scope(|scope| {
        let _stop = StopWhenDropped(&stop);
        for user in users.iter().take(senders) {
            let (server, account, stop) = (&server, &account, &stop);
            scope.spawn(move || send(stop, phone(server, account, user), consoles.per_second / senders as u64));
        }
        thread::sleep(Duration::from_secs(1));
        let without = measure(&server, consoles.seconds, || {});
        let pages: Vec<_> = (0..consoles.pages).map(|_| follow(&server, &account, &cookie)).collect();
        let watching: Vec<_> = pages
            .into_iter()
            .map(|page| {
                let (stop, marks, server, account, cookie) = (&stop, &marks, &server, &account, &cookie);
                scope.spawn(move || watch(stop, page, marks, (server, account, cookie)))
            })
            .collect();
        let before = memory(&server);
        let with = measure(&server, consoles.seconds, || mark(&server, &account, &marks));
        // The last of them still has its time to arrive.
        thread::sleep(MOST_LAG);
        let after = memory(&server);
        stop.store(true, Ordering::Relaxed);
        let made = marks.lock().expect("marks").len();
        let mut lags = Vec::new();
        for page in watching {
            let seen = page.join().expect("a page");
            assert_eq!(seen.len(), made, "a page missed failures");
            lags.extend(seen);
        }
        lags.sort_unstable();
        assert!(lags.last().is_some_and(|longest| *longest < MOST_LAG), "a page is behind: {:?}", lags.last());
        assert!(after - before < MEMORY_TOLERANCE, "memory grew from {before} to {after}");
        ConsolesReport { consoles, without, with, marks: made as u64, lags, memory: (before, after) }
    })
}

fn phone(server: &Server, account: &Account, user: &str) -> HandmadePhone {
    HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, user, PASSWORD)
}

/// Registers anew at that rate, as a phone does that reuses its nonce for a while.
fn send(stop: &AtomicBool, mut phone: HandmadePhone, per_second: u64) {
    let contact = format!("Contact: {}\r\nExpires: 600\r\n", phone.contact());
    let _challenge = phone.challenge(&contact);
    let (started, mut sent) = (Instant::now(), 0_u64);
    while !stop.load(Ordering::Relaxed) {
        if phone.reuse(&contact).status == 401 {
            let _challenge = phone.challenge(&contact);
        }
        sent += 1;
        let due = Duration::from_secs_f64(sent as f64 / per_second.max(1) as f64);
        thread::sleep(due.saturating_sub(started.elapsed()));
    }
}

fn measure(server: &Server, seconds: u64, mut each: impl FnMut()) -> Load {
    let handled = || total(server, "sipwarden_sip_requests_total");
    let (started, handled_before, cpu_before) = (Instant::now(), handled(), cpu_seconds(server));
    while started.elapsed() < Duration::from_secs(seconds) {
        each();
        thread::sleep(MARK_EVERY);
    }
    let (done, used) = (handled() - handled_before, cpu_seconds(server) - cpu_before);
    Load { per_second: done / started.elapsed().as_secs_f64(), cpu_us_per_register: used * 1e6 / done }
}

/// What the server's process has used of the CPUs (`/proc/PID/stat`, in hundredths of a second).
fn cpu_seconds(server: &Server) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.process_id())).expect("a process");
    // What follows the name, which may hold blanks: state is the third field, user and system time the 14th and 15th.
    let fields: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().expect("ticks")).sum();
    ticks / 100.0
}

/// A phone fails under a name that is waited for.
fn mark(server: &Server, account: &Account, marks: &Mutex<Vec<(String, Instant)>>) {
    let number = marks.lock().expect("marks").len();
    let name = format!("mark_{number}_");
    let phone =
        HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, "marked", WRONG_PASSWORD);
    marks.lock().expect("marks").push((name.clone(), Instant::now()));
    assert_eq!(phone.with_digest_username(&name).register(60).status, 401);
}

fn sign_in(server: &Server, account: &Account) -> String {
    let body = format!("auth_id={}&auth_token={}", account.auth_id, account.auth_token);
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = server.api(account).send_as("POST", "/sign-in", &form, body.as_bytes());
    let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next());
    cookie.unwrap_or_else(|| panic!("{}", answer.shown())).to_owned()
}

fn follow(server: &Server, account: &Account, cookie: &str) -> RawHttp {
    let mut stream = RawHttp::connect(server.http());
    let path = format!("/console/{}/attempts/stream", account.auth_id);
    stream.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n").as_bytes());
    let _begun = stream.read_until("retry:", Duration::from_secs(10));
    stream
}

/// Reads what is told, and asks for the figures as the page does; answers how late each mark came.
fn watch(
    stop: &AtomicBool,
    mut page: RawHttp,
    marks: &Mutex<Vec<(String, Instant)>>,
    (server, account, cookie): (&Server, &Account, &str),
) -> Vec<Duration> {
    let (mut lags, mut asked_at, api) = (Vec::new(), Instant::now(), server.api(account));
    while !stop.load(Ordering::Relaxed) {
        page.read_for(Duration::from_millis(20));
        let seen = Instant::now();
        while let Some((name, since)) = marks.lock().expect("marks").get(lags.len()).cloned() {
            if !page.take_if_read(&name) {
                break;
            }
            lags.push(seen.saturating_duration_since(since));
        }
        if asked_at.elapsed() > FIGURES_EVERY {
            asked_at = Instant::now();
            let headers = [("Cookie", cookie), ("HX-Request", "true"), ("X-Background", "1")];
            let figures = api.send_as("GET", &format!("/console/{}", account.auth_id), &headers, b"");
            assert_eq!(figures.status, 200);
        }
    }
    lags
}
