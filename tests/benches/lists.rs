//! Processor time of reading over HTTP, with few users and with many: `cargo xtask bench lists`. `-- million` takes a million
//! instead of 100,000.

use acceptance::calls::ProcessorTime;
use acceptance::measuring::{Rounds, Section, machine, pin_load, registrar, user};
use acceptance::{Account, KeptConnection, Server};
use std::process::ExitCode;
use std::time::Instant;

const ON_SECOND_PROCESSOR: [&str; 3] = ["taskset", "-c", "1"];
const ROUNDS: usize = 5;
const REQUESTS: usize = 2_000;
/// Fewer of what is slow.
const DEEP_REQUESTS: usize = 50;
/// Microseconds of processor time that a page or one credential may take,
const PAGE_WITHIN: f64 = 150.0;
/// and milliseconds that the deepest page may take by the clock.
const DEEPEST_WITHIN: f64 = 10.0;

fn main() -> ExitCode {
    pin_load();
    let is_long = std::env::args().any(|argument| argument == "million");
    let sizes = [1_000, if is_long { 1_000_000 } else { 100_000 }];
    let mut section = Section::new("lists");
    section.line(&format!("`cargo xtask bench lists`, {}.\n", machine()));
    section.line("| users, request | processor time, µs | by the clock, µs | held to |\n|---|---|---|---|");
    let mut all_met = true;
    for users in sizes {
        let (server, account) = registrar(users, &ON_SECOND_PROCESSOR);
        all_met &= measure(users, (&server, &account), &mut section);
    }
    section.write();
    if all_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn measure(users: usize, (server, account): (&Server, &Account), section: &mut Section) -> bool {
    let mut connection = KeptConnection::try_connect(server.http(), account).expect("a connection");
    let middle = format!("trunks/credentials?username={}", user(users / 2));
    let found = connection.ask("GET", &middle, "").expect("an answer").json();
    let id = found["objects"][0]["id"].as_str().expect("the credential in the middle").to_owned();
    let page = |cursor: &str| format!("trunks/credentials?limit=20{cursor}");
    let begun = connection.ask("GET", &page("&cursor="), "").expect("an answer").json();
    let cursor = begun["meta"]["next_cursor"].as_str().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    let deepest = format!("&offset={}", users - 20);
    let mut all_met = true;
    for (what, path, requests, by_clock) in [
        ("the first page of 20", page("&offset=0"), REQUESTS, false),
        ("a page of 20 by cursor", page(&cursor), REQUESTS, false),
        ("one by its id", format!("credentials/{id}"), REQUESTS, false),
        ("the deepest page of 20 by offset", page(&deepest), DEEP_REQUESTS, true),
    ] {
        let (mut used, mut took) = (Rounds::default(), Rounds::default());
        for round in 0..=ROUNDS {
            let (before, began) = (ProcessorTime::of(server.process_id()), Instant::now());
            for _ in 0..requests {
                let answer = connection.ask("GET", &path, "").expect("an answer");
                assert_eq!(answer.status, 200, "{path}: {}", answer.shown());
            }
            let each = |seconds: f64| seconds * 1e6 / requests as f64;
            if round > 0 {
                took.note(each(began.elapsed().as_secs_f64()));
                used.note(each(ProcessorTime::of(server.process_id()).since(before).as_secs_f64()));
            }
        }
        let (met, held_to) = if by_clock {
            (took.median() <= DEEPEST_WITHIN * 1e3, format!("≤ {DEEPEST_WITHIN:.0} ms by the clock"))
        } else {
            (used.median() <= PAGE_WITHIN, format!("≤ {PAGE_WITHIN:.0} µs"))
        };
        all_met &= met;
        let missed = if met { "" } else { ", **missed**" };
        section.line(&format!("| {users}, {what} | {used} | {took} | {held_to}{missed} |"));
    }
    all_met
}
