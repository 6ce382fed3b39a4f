//! Each soak for a few seconds; at full length they are run by `cargo xtask soak NAME`.

use acceptance::sip::Transport;
use acceptance::soak::{connections, flood, mutate, timing};

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
fn idle_connections_are_held() {
    for transport in [Transport::Tcp, Transport::Tls] {
        println!("{}", connections::run(transport, 300));
    }
}
