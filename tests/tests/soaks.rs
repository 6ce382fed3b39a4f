//! Each soak for a few seconds; at full length they are run by `cargo xtask soak NAME`.

use acceptance::sip::Transport;
use acceptance::soak::{calls, connections, consoles, flood, mutate, office, revocation, timing};
use std::time::Duration;

#[test]
fn a_flood_leaves_phones_memory_and_storage_alone() {
    let report = flood::run(flood::Flood { seconds: 4, sources: 400 });
    println!("{report}");
}

#[test]
fn the_time_of_an_answer_tells_nothing() {
    for report in timing::run(timing::Timing { tries: 700, cold_users: 20 }) {
        println!("{report}");
    }
}

#[test]
fn mutated_messages_do_no_harm() {
    println!("{}", mutate::run(mutate::Mutate { messages: 20_000, senders: 2 }));
}

#[test]
fn one_wrong_password_locks_no_office_out() {
    println!("{}", office::run(office::Office { phones: 19, seconds: 6 }));
}

/// What it costs is measured at full length; here nothing may be missed, late, or growing.
#[test]
fn consoles_keep_up_with_what_they_show() {
    println!("{}", consoles::run(consoles::Consoles { pages: 20, per_second: 1_000, seconds: 4 }));
}

#[test]
fn what_was_taken_away_opens_nothing_whatever_comes_in() {
    for report in revocation::run(revocation::Revocation { rounds: 25, per_second: 1_000.0 }) {
        println!("{report}");
    }
}

#[test]
fn idle_connections_are_held() {
    for transport in [Transport::Tcp, Transport::Tls] {
        println!("{}", connections::run(transport, 300));
    }
}

#[test]
fn calls_over_a_lossy_network_leave_a_record_each_and_nothing_else() {
    let longest = Duration::from_secs(2);
    let calls = calls::Calls { count: 400, per_second: 100.0, loss: 0.02, longest, seed: 1 };
    println!("{}", calls::run(calls));
}
