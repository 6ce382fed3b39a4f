//! The life of a nonce: reuse, replay, age, restarts, lanes and clocks.

use crate::phone::{Phone, is_stale, status};
use crate::world::{NONCE_SECONDS, Options, World, tcp};
use domain::AuthReason;

async fn registered() -> (World, Phone) {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    (world, phone)
}

#[tokio::test]
async fn an_honest_phone_reuses_its_nonce() {
    let (mut world, mut phone) = registered().await;
    for _ in 0..200 {
        assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
    }
    assert_eq!(phone.count, 201);
    let reasons: Vec<_> = world.events().into_iter().map(|event| event.reason).collect();
    assert_eq!(reasons.len(), 202);
    assert_eq!(reasons[0], AuthReason::Challenge);
    assert!(reasons[1..].iter().all(|reason| *reason == AuthReason::Ok));
}

#[tokio::test]
async fn counts_may_overtake_each_other_but_not_repeat() {
    let (mut world, mut phone) = registered().await;
    for (count, expected) in [(5, 200), (3, 200), (4, 200), (4, 401), (2, 200), (1, 401), (5, 401), (6, 200)] {
        let draft = phone.draft_register(&[]);
        let draft = phone.authorize_with(&draft, count, |value| value);
        let challenge = phone.challenge.clone();
        let sent = phone.send(&mut world, &draft);
        assert_eq!(status(&sent), expected, "{count}");
        if expected == 401 {
            assert!(is_stale(&sent));
            assert_eq!(world.last_reason(), AuthReason::ReplayedNonceCount);
        }
        phone.challenge = challenge;
    }
}

/// The request as it was captured, sent again after the server has forgotten the transaction.
#[tokio::test]
async fn a_captured_request_cannot_be_replayed() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let draft = phone.draft_register(&[]);
    let captured = phone.authorize(&draft);
    assert_eq!(status(&phone.clone().send(&mut world, &captured)), 200);
    world.clock.advance_seconds(33);
    let sent = phone.clone().send(&mut world, &captured);
    assert_eq!(status(&sent), 401);
    assert!(is_stale(&sent));
    assert_eq!(world.last_reason(), AuthReason::ReplayedNonceCount);
    // From another port it is another transaction, at once.
    let mut thief = phone.at("192.0.2.7:9999");
    assert_eq!(status(&thief.send(&mut world, &captured)), 401);
    assert_eq!(world.bindings("alice"), 1);
}

#[tokio::test]
async fn an_old_nonce_is_stale_and_its_successor_works() {
    let (mut world, mut phone) = registered().await;
    world.clock.advance_seconds(NONCE_SECONDS - 1);
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
    world.clock.advance_seconds(1);
    let sent = phone.register_again(&mut world, &[]);
    assert_eq!(status(&sent), 401);
    assert!(is_stale(&sent));
    assert_eq!(world.last_reason(), AuthReason::StaleNonce);
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
}

#[tokio::test]
async fn a_nonce_of_before_a_restart_is_stale_and_bindings_are_still_there() {
    let (mut world, mut phone) = registered().await;
    world.restart().await;
    assert_eq!(world.bindings("alice"), 1);
    let sent = phone.register_again(&mut world, &[]);
    assert_eq!(status(&sent), 401);
    assert!(is_stale(&sent));
    assert_eq!(world.last_reason(), AuthReason::StaleNonce);
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
    assert_eq!(world.bindings("alice"), 1);
}

#[tokio::test]
async fn a_nonce_is_spent_on_the_lane_that_issued_it() {
    let (mut world, mut phone) = registered().await;
    let draft = phone.draft_register(&[]);
    let draft = phone.authorize(&draft);
    phone.lane = 1;
    assert_eq!(status(&phone.clone().send(&mut world, &draft)), 200);
    // The other lane does not know the transaction, but the count is spent.
    phone.lane = 0;
    assert_eq!(status(&phone.clone().send(&mut world, &draft)), 401);
    // Events are in order within a lane only.
    assert_eq!(world.events().iter().filter(|event| event.reason == AuthReason::ReplayedNonceCount).count(), 1);
}

#[tokio::test]
async fn more_lanes_than_nonces_can_name_share() {
    let mut world = World::empty(Options { lanes: 100, ..Options::default() }).await;
    let scope = world.account(crate::world::ACCOUNT, None).await;
    world.credential(&scope, "alice").await;
    for lane in [0, 63, 64, 99] {
        let mut phone = Phone { lane, call_id: format!("lane-{lane}"), ..Phone::new("alice") };
        assert_eq!(status(&phone.register(&mut world, &[])), 200, "lane {lane}");
        assert_eq!(status(&phone.register_again(&mut world, &[])), 200, "lane {lane}");
    }
}

/// A clock that ran ahead and was set right must not lock everybody out until it comes round.
#[tokio::test]
async fn a_clock_that_is_set_back_locks_nobody_out() {
    let (mut world, mut phone) = registered().await;
    let right = world.now();
    for ahead in [1, 10, 11, 3_600, 86_400] {
        world.clock.set(right.plus_seconds(ahead));
        let mut other = Phone { call_id: format!("ahead-{ahead}"), ..Phone::new("bob") };
        assert_eq!(status(&other.register(&mut world, &["Expires: 60"])), 200);
        world.clock.set(right);
        phone.challenge = None;
        assert_eq!(status(&phone.register(&mut world, &[])), 200, "{ahead} seconds ahead");
        assert_eq!(status(&phone.register_again(&mut world, &[])), 200, "{ahead} seconds ahead");
    }
}

#[tokio::test]
async fn over_tcp_a_connection_tells_requests_apart() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    phone.flow = tcp(phone.source, 1);
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    let draft = phone.draft_register(&[]);
    let draft = phone.authorize(&draft);
    assert_eq!(status(&phone.clone().send(&mut world, &draft)), 200);
    // A reliable transport retransmits nothing: the same again is a replay.
    assert_eq!(status(&phone.clone().send(&mut world, &draft)), 401);
    assert_eq!(world.last_reason(), AuthReason::ReplayedNonceCount);
}
