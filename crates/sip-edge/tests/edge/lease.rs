//! A node whose lease has run out answers nobody by what it knows.

use crate::phone::{Phone, header, status};
use crate::world::World;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[tokio::test]
async fn without_a_lease_requests_are_sent_elsewhere_before_anything_is_looked_up() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    let events = world.events().len();
    world.options.lease.is_over.store(true, Ordering::Release);
    for method in ["REGISTER", "INVITE", "OPTIONS", "FOO"] {
        let mut phone = Phone { call_id: method.into(), ..Phone::new("alice") };
        let draft = phone.draft(method, "sip:ma-aaaaaaaa.example.test");
        let sent = phone.send(&mut world, &draft);
        assert_eq!(status(&sent), 503, "{method}");
        assert!(header(&sent, "Retry-After").is_some(), "{method}");
    }
    assert_eq!(world.events().len(), events);
    world.options.lease.is_over.store(false, Ordering::Release);
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
}

/// As a process that was frozen between looking and answering.
#[tokio::test]
async fn an_answer_does_not_leave_after_the_lease_has_run_out() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let lease = Arc::clone(&world.options.lease);
    *world.options.after_verification.lock() = Some(Box::new(move || lease.is_over.store(true, Ordering::Release)));
    let attempt = phone.authorize(&draft);
    assert!(world.receive(phone.source, phone.write(&attempt).as_bytes()).is_empty());
    // What is remembered of it does not leave either.
    assert_eq!(status(&phone.send(&mut world, &attempt)), 503);
}
