//! Handling a message allocates nothing once buffers have grown: not a challenge, not a refresh, not a refusal.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[expect(dead_code, reason = "what the tests of the edge share")]
#[path = "edge/phone.rs"]
mod phone;
#[expect(dead_code, reason = "what the tests of the edge share")]
#[path = "edge/world.rs"]
mod world;

use domain::Networks;
use phone::{Draft, Phone, header, status};
use provisioning::RequirementsUpdate;
use sip_transport::{Inbound, Received};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use world::{Options, World};

/// The system's allocator, counting what this thread asks of it.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count_one() {
    // While a thread ends its counter is gone; nobody asks for it then.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

#[expect(unsafe_code, reason = "an allocator cannot be written otherwise")]
// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_one();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count_one();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_one();
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Hands a message over and says what that allocated.
fn allocations_of(world: &mut World, phone: &Phone, text: &str, expected_status: u16) -> u64 {
    let node = &mut world.node;
    node.outbox.clear();
    let received = Received { lane: phone.lane, flow: &phone.flow, octets: text.as_bytes() };
    let before = ALLOCATIONS.get();
    node.edge.receive(&mut node.scratch, received, &mut node.outbox);
    let allocations = ALLOCATIONS.get() - before;
    let message = &node.outbox.messages()[0];
    assert_eq!(&node.outbox.octets_of(message)[8..11], expected_status.to_string().as_bytes());
    allocations
}

/// Runs the same kind of message until buffers have grown, then counts.
fn check(world: &mut World, phone: &mut Phone, expected_status: u16, mut next: impl FnMut(&mut Phone) -> Draft) {
    for round in 0..3_000 {
        let draft = next(phone);
        let text = phone.write(&draft);
        let allocations = allocations_of(world, phone, &text, expected_status);
        if round > 2_500 {
            assert_eq!(allocations, 0, "in round {round}: {text}");
        }
        world.clock.advance_millis(300);
        world.node.events.collect();
    }
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(Box::new(7)));
    assert_eq!(ALLOCATIONS.get() - before, 1);
}

#[tokio::test]
async fn a_challenge_allocates_nothing() {
    let mut world = World::new().await;
    check(&mut world, &mut Phone::new("alice"), 401, |phone| phone.draft_register(&[]));
    check(&mut world, &mut Phone::new("nobody"), 407, |phone| {
        phone.draft("INVITE", "sip:bob@ma-aaaaaaaa.example.test")
    });
}

#[tokio::test]
async fn a_refresh_allocates_nothing() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let contacts = "Contact: <sip:a@192.0.2.7:5062>;q=0.5;+sip.instance=\"<urn:x:1>\";reg-id=1, <sip:a@h.test>";
    let lines = [contacts, "Path: <sip:p.test;lr>", "Expires: 600"];
    assert_eq!(status(&phone.register(&mut world, &lines)), 200);
    check(&mut world, &mut phone, 200, |phone| {
        let draft = phone.draft_register(&lines);
        phone.authorize(&draft)
    });
}

/// Telling phones their flow, and hearing of it again.
#[tokio::test]
async fn a_flow_token_allocates_nothing() {
    let mut world = World::empty(Options { service_route: true, ..Options::default() }).await;
    let scope = world.account(world::ACCOUNT, None).await;
    world.credential(&scope, "alice").await;
    let mut phone = Phone::new("alice");
    let sent = phone.register(&mut world, &[]);
    let route = header(&sent, "Service-Route").unwrap();
    check(&mut world, &mut phone, 200, |phone| {
        let draft = phone.draft_register(&[]);
        phone.authorize(&draft)
    });
    phone.lines = vec![format!("Route: {route}")];
    check(&mut world, &mut phone, 200, |phone| {
        let draft = phone.draft("OPTIONS", "sip:ma-aaaaaaaa.example.test");
        phone.authorize(&draft)
    });
}

#[tokio::test]
async fn a_refusal_allocates_nothing() {
    let mut world = World::new().await;
    let mut phone = Phone { password: "wrong horse".into(), ..Phone::new("alice") };
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    check(&mut world, &mut phone, 401, |phone| {
        let draft = phone.draft_register(&[]);
        phone.authorize(&draft)
    });
}

#[tokio::test]
async fn a_retransmission_allocates_nothing() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    let draft = phone.draft_register(&[]);
    let draft = phone.authorize(&draft);
    assert_eq!(status(&phone.send(&mut world, &draft)), 200);
    let text = phone.write(&draft);
    for _ in 0..10 {
        assert_eq!(allocations_of(&mut world, &phone, &text, 200), 0);
    }
}

/// From well before the last quarter of the nonce's life until shortly before its end.
#[tokio::test]
async fn offering_a_next_nonce_allocates_nothing() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    world.clock.advance_seconds(world::NONCE_SECONDS * 3 / 4 - 100);
    check(&mut world, &mut phone, 200, |phone| {
        let draft = phone.draft_register(&[]);
        phone.authorize(&draft)
    });
}

#[tokio::test]
async fn a_demand_that_is_not_met_allocates_nothing() {
    let networks = Networks::new(vec!["198.51.100.0/24".parse().unwrap()]).unwrap();
    let elsewhere = RequirementsUpdate { networks: Some(networks), ..RequirementsUpdate::default() };
    let sha256 = RequirementsUpdate { sha256: Some(true), ..RequirementsUpdate::default() };
    for requirements in [elsewhere, sha256] {
        let mut world = World::demanding(requirements).await;
        let mut phone = Phone::new("alice");
        let draft = phone.draft_register(&[]);
        phone.be_challenged(&mut world, &draft);
        check(&mut world, &mut phone, 401, |phone| {
            let draft = phone.draft_register(&[]);
            phone.authorize(&draft)
        });
    }
}
