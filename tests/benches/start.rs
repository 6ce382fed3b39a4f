//! A cold start with many users and their registrations on disk: `cargo xtask bench start`. `-- million` takes a million of
//! each, which takes minutes to make.

use acceptance::measuring::{DigestLoad, Kind, Rounds, Section, machine, memory_mib, registrar};
use acceptance::sip::Transport;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

const STARTS: usize = 5;
/// Seconds from the first instruction until `/readyz` says 200,
const READY_WITHIN: f64 = 2.0;
/// and milliseconds for the first REGISTER of a user after that.
const FIRST_WITHIN: f64 = 50.0;

fn main() -> ExitCode {
    let is_long = std::env::args().any(|argument| argument == "million");
    let users = if is_long { 1_000_000 } else { 100_000 };
    let (mut server, account) = registrar(users, &[]);
    let mut load = DigestLoad::new(server.sip(Transport::Udp), &account.sip_domain, &account.realm, users);
    load.once(Kind::Register, 64);
    // Bindings are written behind.
    thread::sleep(Duration::from_secs(3));
    server.keep_addresses();
    let (mut ready, mut first) = (Rounds::default(), Rounds::default());
    for start in 0..STARTS {
        assert!(server.stop().is_some_and(|status| status.success()), "it ends when asked to");
        let began = Instant::now();
        server.start_again();
        ready.note(began.elapsed().as_secs_f64());
        let mut phone = acceptance::sip::HandmadePhone::new(
            Transport::Udp,
            server.sip(Transport::Udp),
            &account.sip_domain,
            &acceptance::measuring::user(start * 1_000),
            &acceptance::measuring::password(&acceptance::measuring::user(start * 1_000)),
        );
        let asked = Instant::now();
        assert_eq!(phone.register(600).status, 200);
        first.note(asked.elapsed().as_secs_f64() * 1e3);
    }
    let mut section = Section::new("start");
    section.line(&format!("`cargo xtask bench start`, {}.\n", machine()));
    section.line(&format!("| {users} users and their registrations on disk | measured | held to |\n|---|---|---|"));
    let held_to = |rounds: &Rounds, limit: f64| {
        let missed = if rounds.median() <= limit { "" } else { ", **missed**" };
        format!("{rounds} | ≤ {limit:.0}{missed}")
    };
    section.line(&format!("| until `/readyz` says 200, s | {} |", held_to(&ready, READY_WITHIN)));
    let row = held_to(&first, FIRST_WITHIN);
    section.line(&format!("| the first REGISTER after that, challenge included, ms | {row} |"));
    section.line(&format!("| memory, MiB | {:.0} | |", memory_mib(server.process_id())));
    section.write();
    let is_met = ready.median() <= READY_WITHIN && first.median() <= FIRST_WITHIN;
    if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
