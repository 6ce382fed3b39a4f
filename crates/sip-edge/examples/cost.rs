//! What the edge costs per message, without sockets: `cargo run --release -p sip-edge --example cost`.
//!
//! With an argument, only the messages whose description contains it are measured, so that a profiler sees nothing else:
//! `valgrind --tool=callgrind --toggle-collect='*Inbound*receive*' cost 'refreshes, MD5'` counts instructions. A second
//! argument is how many messages of each kind there are, if not 20,000; `tests/tests/instructions.rs` takes few.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement ends by panicking"
)]

#[expect(dead_code, reason = "what the tests of the edge share")]
#[path = "../tests/edge/phone.rs"]
mod phone;
#[expect(dead_code, reason = "what the tests of the edge share")]
#[path = "../tests/edge/world.rs"]
mod world;

use phone::{Phone, status};
use sip_transport::{Inbound, Received};
use std::time::{Duration, Instant};
use world::World;

const MESSAGES: usize = 20_000;
/// Of which the fastest is told.
const PARTS: usize = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let messages = std::env::args().nth(2).map_or(MESSAGES, |count| count.parse().expect("how many messages"));
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let unsigned = |_| {
        let draft = phone.draft_register(&[]);
        phone.write(&draft)
    };
    let challenged: Vec<_> = (0..messages).map(unsigned).collect();
    report("REGISTER without credentials, MD5 challenge", &mut world, &phone, &challenged);
    let mut phones = Vec::new();
    for (name, user_agent) in [("MD5", "phone/1"), ("SHA-256", "Linphonec/5.1.65")] {
        let mut phone = Phone { user_agent: user_agent.into(), call_id: name.into(), ..Phone::new("alice") };
        assert_eq!(status(&phone.register(&mut world, &[])), 200);
        let refreshes = signed(&mut phone, messages);
        report(&format!("REGISTER that refreshes, {name}"), &mut world, &phone, &refreshes);
        phones.push((name, phone));
    }
    let mut phone = Phone { call_id: "again".into(), ..Phone::new("bob") };
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    let draft = phone.draft_register(&[]);
    let draft = phone.authorize(&draft);
    let same = vec![phone.write(&draft); messages];
    report("retransmission", &mut world, &phone, &same);
    // Last, because most of these are banned, which costs the same.
    for (name, mut phone) in phones {
        phone.password = "wrong horse".into();
        let refused = signed(&mut phone, messages);
        report(&format!("REGISTER with a wrong password, {name}"), &mut world, &phone, &refused);
    }
}

fn signed(phone: &mut Phone, messages: usize) -> Vec<String> {
    let text = |_| {
        let draft = phone.draft_register(&[]);
        let draft = phone.authorize(&draft);
        phone.write(&draft)
    };
    (0..messages).map(text).collect()
}

/// The fastest of 20 parts: what disturbs a measurement only makes it slower.
fn report(name: &str, world: &mut World, phone: &Phone, texts: &[String]) {
    if std::env::args().nth(1).is_some_and(|wanted| !name.contains(&wanted)) {
        return;
    }
    let node = &mut world.node;
    let mut fastest = Duration::MAX;
    for part in texts.chunks(texts.len() / PARTS) {
        let begin = Instant::now();
        for text in part {
            node.outbox.clear();
            let received = Received { lane: 0, flow: &phone.flow, octets: text.as_bytes() };
            node.edge.receive(&mut node.scratch, received, &mut node.outbox);
        }
        fastest = fastest.min(begin.elapsed());
        node.events.collect();
    }
    let answer = node.outbox.messages().first().map(|message| node.outbox.octets_of(message)).unwrap_or_default();
    let line = answer.split(|octet| *octet == b'\r').next().unwrap_or_default();
    let nanoseconds = fastest.as_nanos() / (texts.len() / PARTS) as u128;
    println!("{nanoseconds:>7} ns  {name}  [{}, {} octets in]", String::from_utf8_lossy(line), texts[0].len());
}
