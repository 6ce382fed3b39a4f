//! Durable creates per second over HTTP: `cargo build --release --bins && cargo bench -p acceptance --bench creates`.
//!
//! 1, 16, 64 and 256 clients, each with one kept connection, create credentials one after the other for some seconds, as
//! fast as they are answered. An answer comes after the change is on disk. Each number of clients gets a new server
//! with an empty database. `SIPWARDEN_BINARY` names another binary to measure; `-- postgres` has it store in PostgreSQL. What 1
//! and 64 clients get is held to a target.

use acceptance::measuring::{Profile, Section, machine};
use acceptance::{Account, KeptConnection, Postgres, Server};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: [usize; 4] = [1, 16, 64, 256];
const SECONDS: u64 = 10;
/// Not counted: connections are opened, code is paged in.
const WARM_UP_SECONDS: u64 = 2;
/// A client has little on its stack, and there are many.
const STACK_OCTETS: usize = 256 << 10;

fn main() -> ExitCode {
    let in_postgres = std::env::args().any(|argument| argument == "postgres");
    let mut section = Section::new(if in_postgres { "creates-postgres" } else { "creates" });
    section.line(&format!("`cargo xtask bench creates`, {}.\n", machine()));
    section
        .line("| clients | creates a second | p50, ms | p99, ms | longest, ms | held to |\n|---|---|---|---|---|---|");
    let mut all_met = true;
    let given: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    for clients in CLIENTS.into_iter().filter(|clients| given.is_empty() || given.contains(clients)) {
        let database = in_postgres.then(Postgres::start);
        let url = database.as_ref().map(Postgres::url);
        let options: Vec<&str> = url.iter().flat_map(|url| ["--database-url", url]).collect();
        let server = Server::start_with(&options);
        let account = server.account("bench");
        let _profile = Profile::of(server.process_id());
        all_met &= report(clients, measure(clients, server.http(), &account), &mut section);
    }
    section.write();
    if all_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How long each create took.
fn measure(clients: usize, address: SocketAddr, account: &Account) -> Vec<Duration> {
    let (begin, counting, stop) = (Barrier::new(clients + 1), AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let (begin, counting, stop) = (&begin, &counting, &stop);
        let workers: Vec<_> = (0..clients)
            .map(|client| {
                let work = move || {
                    let mut connection = KeptConnection::try_connect(address, account).expect("a connection");
                    begin.wait();
                    create_until_stopped(client, &mut connection, (counting, stop))
                };
                let builder = thread::Builder::new().stack_size(STACK_OCTETS);
                builder.spawn_scoped(scope, work).expect("a thread")
            })
            .collect();
        begin.wait();
        thread::sleep(Duration::from_secs(WARM_UP_SECONDS));
        counting.store(true, Ordering::Relaxed);
        thread::sleep(Duration::from_secs(SECONDS));
        stop.store(true, Ordering::Relaxed);
        workers.into_iter().flat_map(|worker| worker.join().expect("a client that did not fail")).collect()
    })
}

fn create_until_stopped(
    client: usize,
    connection: &mut KeptConnection,
    (counting, stop): (&AtomicBool, &AtomicBool),
) -> Vec<Duration> {
    let mut durations = Vec::new();
    for number in 0_u64.. {
        let body = format!(r#"{{"username":"user_{client}_{number}","password":"correct horse {number}"}}"#);
        let asked = Instant::now();
        let was_counting = counting.load(Ordering::Relaxed);
        let answer = connection.ask("POST", "credentials", &body).expect("an answer");
        let took = asked.elapsed();
        assert_eq!(answer.status, 201, "{}", answer.shown());
        if stop.load(Ordering::Relaxed) {
            break;
        }
        if was_counting {
            durations.push(took);
        }
    }
    durations
}

/// Adds the row, and says whether it is as it should be.
fn report(clients: usize, mut durations: Vec<Duration>, section: &mut Section) -> bool {
    durations.sort_unstable();
    assert!(!durations.is_empty(), "nothing was created");
    let per_second = durations.len() as f64 / SECONDS as f64;
    let milliseconds = |per_mille: usize| {
        let index = (durations.len() * per_mille / 1000).min(durations.len() - 1);
        durations[index].as_secs_f64() * 1e3
    };
    let (p50, p99, max) = (milliseconds(500), milliseconds(990), milliseconds(1000));
    let (met, target) = match clients {
        1 => (p50 <= 0.5, "p50 ≤ 0.5 ms"),
        64 => (per_second >= 15_000.0 && p99 <= 25.0, "≥ 15,000 a second, p99 ≤ 25 ms"),
        _ => (true, "–"),
    };
    let missed = if met { "" } else { ", **missed**" };
    section.line(&format!("| {clients} | {per_second:.0} | {p50:.2} | {p99:.2} | {max:.2} | {target}{missed} |"));
    met
}
