//! Processor time of an authentication, ours against Kamailio's: `cargo xtask bench registers`.
//!
//! Both servers run all the time, each bound to the second processor, the load to the first; rounds are interleaved, because
//! the machine may be another one a minute later, and medians are compared. `-- 10000` measures with that many users alone;
//! `-- million` adds a million, which takes minutes to load.

use acceptance::calls::{Kamailio, ProcessorTime};
use acceptance::measuring::{
    Contest, Curve, DigestLoad, Kind, Plot, Profile, Row, Section, StreamLoad, machine, memory_mib, pin_load, registrar,
};
use acceptance::sip::Transport;
use acceptance::{Account, Server};
use std::cell::RefCell;
use std::process::ExitCode;
use std::time::Duration;

const ON_SECOND_PROCESSOR: [&str; 3] = ["taskset", "-c", "1"];
const AT_A_TIME: usize = 64;
const ROUND: Duration = Duration::from_secs(2);
/// Of a round; processor time is counted in hundredths of a second.
const LEAST_DONE: u64 = 5_000;
/// How long a profile is taken.
const PROFILED: Duration = Duration::from_secs(10);
/// Users that keep a connection each.
const CONNECTED: usize = 500;
/// Each kind of work and what ours may cost, Kamailio's being 1.
const WORKS: [(Kind, &str, f64); 3] = [
    (Kind::Register, "REGISTER, 401, REGISTER, 200", 0.40),
    (Kind::Preemptive, "REGISTER with a known nonce, 200", 0.40),
    (Kind::Invite, "INVITE, 407, INVITE, 404", 0.50),
];

fn main() -> ExitCode {
    pin_load();
    let arguments: Vec<String> = std::env::args().collect();
    let given: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let mut sizes = if given.is_empty() { vec![10_000, 100_000] } else { given };
    if arguments.iter().any(|argument| argument == "million") {
        sizes.push(1_000_000);
    }
    let mut section = Section::new("registers");
    section.line(&format!("`cargo xtask bench registers`, {}.\n", machine()));
    section.line("| users, work | sipwarden, µs | Kamailio, µs | ratio | held to |\n|---|---|---|---|---|");
    let mut results = Results::default();
    for users in sizes {
        measure(users, &mut section, &mut results);
    }
    section.line("\n| users, all registered | sipwarden, MiB | Kamailio, MiB |\n|---|---|---|");
    for (users, ours, theirs) in &results.memories {
        section.line(&format!("| {users} | {ours:.0} | {theirs:.0} |"));
    }
    section.write();
    results.curves.draw();
    if results.rows.iter().all(Row::is_met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// All that was measured.
#[derive(Default)]
struct Results {
    rows: Vec<Row>,
    /// Users, and MiB of ours and of the other.
    memories: Vec<(usize, f64, f64)>,
    curves: Curves,
}

/// What is drawn: the cost of a REGISTER of either kind by the number of users.
#[derive(Default)]
struct Curves(Vec<Curve>);

impl Curves {
    fn note(&mut self, name: &str, users: usize, microseconds: f64) {
        let point = (users as f64, microseconds);
        match self.0.iter_mut().find(|curve| curve.name == name) {
            Some(curve) => curve.points.push(point),
            None => self.0.push(Curve { name: name.to_owned(), points: vec![point] }),
        }
    }

    fn draw(self) {
        let title = "µs of processor time per authentication".to_owned();
        Plot { title, across: "users", curves: self.0 }.write("registers");
    }
}

/// A server with its load.
struct Contestant {
    process: u32,
    load: DigestLoad,
}

fn measure(users: usize, section: &mut Section, results: &mut Results) {
    let (server, account) = registrar(users, &ON_SECOND_PROCESSOR);
    let kamailio = Kamailio::registrar(users, &ON_SECOND_PROCESSOR);
    let ours =
        contestant(server.process_id(), server.sip(Transport::Udp), (&account.sip_domain, &account.realm), users);
    let theirs = contestant(kamailio.process(), kamailio.address(), ("example.test", "example.test"), users);
    results.memories.push((users, memory_mib(server.process_id()), memory_mib(kamailio.process())));
    if let Some(profile) = Profile::of(server.process_id()) {
        ours.borrow_mut().load.work(Kind::Register, AT_A_TIME, PROFILED);
        drop(profile);
        return;
    }
    for (kind, name, target) in WORKS {
        let contest = Contest {
            ours: Box::new(|| ours.borrow_mut().microseconds(kind)),
            theirs: Some(Box::new(|| theirs.borrow_mut().microseconds(kind))),
        };
        let row = contest.hold(&format!("{users}, {name}"), Some(target));
        section.line(&row.line());
        if kind == Kind::Register {
            results.curves.note("sipwarden", users, row.ours.median());
            results.curves.note("Kamailio", users, row.theirs.as_ref().map_or(0.0, |rounds| rounds.median()));
        }
        results.rows.push(row);
    }
    if users <= 10_000 {
        let row = over_connections((&server, &account), &kamailio);
        section.line(&row.line());
        results.rows.push(row);
    }
}

fn contestant(
    process: u32,
    address: std::net::SocketAddr,
    (domain, realm): (&str, &str),
    users: usize,
) -> RefCell<Contestant> {
    let mut load = DigestLoad::new(address, domain, realm, users);
    // Every user has a binding from here on.
    load.once(Kind::Register, AT_A_TIME);
    RefCell::new(Contestant { process, load })
}

impl Contestant {
    /// Of the server's processor time for one authentication, in one round.
    fn microseconds(&mut self, kind: Kind) -> f64 {
        loop {
            let before = ProcessorTime::of(self.process);
            let report = self.load.work(kind, AT_A_TIME, ROUND);
            let used = ProcessorTime::of(self.process).since(before);
            // A machine that stood still meanwhile measured nothing.
            if report.done >= LEAST_DONE {
                return used.as_secs_f64() * 1e6 / report.done as f64;
            }
        }
    }
}

fn over_connections((server, account): (&Server, &Account), kamailio: &Kamailio) -> Row {
    let address = server.sip(Transport::Tcp);
    let mut ours = StreamLoad::connect(Transport::Tcp, address, &account.sip_domain, CONNECTED);
    let mut theirs = StreamLoad::connect(Transport::Tcp, kamailio.address(), "example.test", CONNECTED);
    let cost = |process: u32, load: &mut StreamLoad| {
        let before = ProcessorTime::of(process);
        let done = load.work(ROUND);
        ProcessorTime::of(process).since(before).as_secs_f64() * 1e6 / done as f64
    };
    let contest = Contest {
        ours: Box::new(|| cost(server.process_id(), &mut ours)),
        theirs: Some(Box::new(|| cost(kamailio.process(), &mut theirs))),
    };
    contest.hold(&format!("{CONNECTED} kept TCP connections: REGISTER, 401, REGISTER, 200"), Some(0.5))
}
