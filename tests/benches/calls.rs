//! Processor time of a call, ours against Kamailio's: `cargo xtask bench calls`.
//!
//! A call is INVITE, challenge, ACK, INVITE with credentials, answer, ACK, BYE and its answer, on both legs. Both servers
//! run all the time, each bound to the second processor, the load to the first; rounds are interleaved, because the machine
//! may be another one a minute later, and medians are compared. `-- kamailio` measures Kamailio
//! alone, `-- sipwarden` ours.
//!
//! Kamailio runs twice: with everything in memory, and keeping dialogs and accounting in SQLite, which is what a call that
//! survives a restart and leaves exactly one record takes there. What we are held to is the latter; the other is shown.

use acceptance::Server;
use acceptance::calls::{Ends, Kamailio, Keeps, Limits, Line, Load, Pace, Plan, ProcessorTime};
use acceptance::measuring::{Profile, Section, machine};
use acceptance::sip::{Credentials, Transport};
use rustix::thread::{CpuSet, sched_setaffinity};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

const ROUNDS: usize = 7;
const CALLS: usize = 10_000;
/// Not counted: code is paged in, tables grow.
const WARM_UP_CALLS: usize = 2_000;
const AT_A_TIME: usize = 64;
const LONGEST_HOLD: Duration = Duration::from_millis(20);
/// As many as one trunk has room for.
const CALLERS: usize = 100;
/// The most that one of our calls may cost, one of Kamailio's being 1.
const TARGET: f64 = 0.75;
const ON_SECOND_PROCESSOR: [&str; 3] = ["taskset", "-c", "1"];

/// A server and who calls over it.
struct Contestant {
    name: &'static str,
    process: u32,
    address: SocketAddr,
    domain: String,
    callers: Vec<Credentials>,
    ends: Ends,
    microseconds: Vec<f64>,
}

fn main() -> ExitCode {
    on_first_processor();
    if std::env::args().any(|argument| argument == "sipwarden") {
        let (server, mut ours) = start_ours();
        ours.play(WARM_UP_CALLS);
        let profile = Profile::of(server.process_id());
        let microseconds = ours.play(CALLS * 3);
        drop(profile);
        println!("sipwarden alone: {microseconds:.1}");
        return ExitCode::SUCCESS;
    }
    let alone = std::env::args().any(|argument| argument == "kamailio");
    let (keeping, theirs_kept) = start_kamailio(Keeps::OnDisk);
    let (kamailio, theirs) = start_kamailio(Keeps::InMemory);
    let mut contestants = vec![theirs_kept, theirs];
    let ours = (!alone).then(start_ours);
    let server = ours.map(|(server, ours)| {
        contestants.insert(0, ours);
        server
    });
    println!("{CALLS} calls a round, {AT_A_TIME} at a time; µs of the server's processor time for each call:");
    for contestant in &mut contestants {
        contestant.play(WARM_UP_CALLS);
    }
    for round in 1..=ROUNDS {
        for contestant in &mut contestants {
            let microseconds = contestant.play(CALLS);
            contestant.microseconds.push(microseconds);
            println!("round {round}: {} {microseconds:.1}", contestant.name);
        }
    }
    drop((keeping, kamailio, server));
    report(&mut contestants)
}

fn on_first_processor() {
    let mut first = CpuSet::new();
    first.set(0);
    sched_setaffinity(None, &first).expect("a first processor");
}

fn start_kamailio(keeps: Keeps) -> (Kamailio, Contestant) {
    let ends = Ends::direct(([127, 0, 0, 1], 9).into(), 1);
    let kamailio = Kamailio::start(ends.gateway.seen_as, (CALLERS, keeps), &ON_SECOND_PROCESSOR);
    let contestant = Contestant {
        name: match keeps {
            Keeps::InMemory => "kamailio in memory",
            Keeps::OnDisk => "kamailio on disk",
        },
        process: kamailio.process(),
        address: kamailio.address(),
        domain: "example.test".to_owned(),
        callers: Kamailio::callers(CALLERS),
        ends,
        microseconds: Vec::new(),
    };
    (kamailio, contestant)
}

fn start_ours() -> (Server, Contestant) {
    let mut server = Server::not_started();
    server.run_under(&ON_SECOND_PROCESSOR);
    server.start_again();
    let address = server.sip(Transport::Udp);
    let ends = Ends::direct(address, 1);
    let line = Line::open(&server, ends.gateway.seen_as, CALLERS, Limits::NONE);
    let contestant = Contestant {
        name: "sipwarden",
        process: server.process_id(),
        address,
        domain: line.domain,
        callers: line.callers,
        ends,
        microseconds: Vec::new(),
    };
    (server, contestant)
}

impl Contestant {
    fn play(&mut self, calls: usize) -> f64 {
        let plan = Plan {
            pace: Pace::AtATime(AT_A_TIME),
            holds: [Duration::ZERO, LONGEST_HOLD],
            ..Plan::new(&self.domain, self.callers.clone(), calls)
        };
        let mut load = Load::new(plan, self.ends.again(self.address));
        let before = ProcessorTime::of(self.process);
        let report = load.run();
        // Let what is done after a call, such as writing its record, be counted too.
        load.run_for(Duration::from_millis(200));
        let used = ProcessorTime::of(self.process).since(before);
        report.expect_completed();
        used.as_secs_f64() * 1e6 / calls as f64
    }
}

fn report(contestants: &mut [Contestant]) -> ExitCode {
    let medians: Vec<f64> = contestants
        .iter_mut()
        .map(|contestant| {
            contestant.microseconds.sort_by(f64::total_cmp);
            let [least, median] = [0, ROUNDS / 2].map(|place| contestant.microseconds[place]);
            println!("{}: median {median:.1} µs, least {least:.1} µs", contestant.name);
            median
        })
        .collect();
    let [ours, on_disk, in_memory] = medians[..] else { return ExitCode::SUCCESS };
    let ratio = ours / on_disk;
    let mut section = Section::new("calls");
    section.line(&format!("`cargo xtask bench calls`, {}.\n", machine()));
    section.line("| a call, both legs | µs | ours to it | held to |\n|---|---|---|---|");
    section.line(&format!("| sipwarden | {ours:.1} | | |"));
    let missed = if ratio <= TARGET { "" } else { ", **missed**" };
    section.line(&format!(
        "| Kamailio, dialogs and accounting on disk | {on_disk:.1} | {ratio:.2} | ≤ {TARGET:.2}{missed} |"
    ));
    section.line(&format!("| Kamailio, everything in memory | {in_memory:.1} | {:.2} | |", ours / in_memory));
    section.write();
    if ratio <= TARGET { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
