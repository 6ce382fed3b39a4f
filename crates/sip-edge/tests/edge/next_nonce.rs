//! A next nonce is offered in time, and whoever does not take it up loses nothing (RFC 7616 section 3.5).

use crate::phone::{Phone, header, is_stale, status};
use crate::world::{NONCE_SECONDS, REALM, Sent, World};
use domain::{AuthReason, ChallengePolicy};
use provisioning::RealmUpdate;
use sip_message::DigestChallenge;

async fn registered() -> (World, Phone) {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    (world, phone)
}

fn next_nonce(sent: &Sent) -> Option<String> {
    let info = header(sent, "Authentication-Info")?;
    let (_, rest) = info.split_once("nextnonce=\"")?;
    rest.split_once('"').map(|(nonce, _)| nonce.to_owned())
}

/// Goes on with the nonce that was offered.
fn take_up(phone: &mut Phone, nonce: &str) {
    let held = String::from_utf8(phone.challenge.clone().unwrap()).unwrap();
    let (before, rest) = held.split_once(", nonce=\"").unwrap();
    let (_, after) = rest.split_once('"').unwrap();
    phone.challenge = Some(format!("{before}, nonce=\"{nonce}\"{after}").into_bytes());
    phone.count = 0;
}

#[tokio::test]
async fn it_is_offered_in_the_last_quarter_and_works() {
    let (mut world, mut phone) = registered().await;
    for (seconds, offered) in [(NONCE_SECONDS * 3 / 4 - 1, false), (1, true), (NONCE_SECONDS / 4 - 1, true)] {
        world.clock.advance_seconds(seconds);
        let sent = phone.register_again(&mut world, &[]);
        assert_eq!(status(&sent), 200);
        assert_eq!(next_nonce(&sent).is_some(), offered, "{}", String::from_utf8_lossy(&sent.octets));
        if seconds > 1 && offered {
            take_up(&mut phone, &next_nonce(&sent).unwrap());
        }
    }
    for _ in 0..3 {
        world.clock.advance_seconds(60);
        let sent = phone.register_again(&mut world, &[]);
        assert_eq!((status(&sent), next_nonce(&sent)), (200, None));
    }
    assert!(world.events().iter().skip(1).all(|event| event.reason == AuthReason::Ok), "no challenge was needed");
}

#[tokio::test]
async fn a_phone_that_ignores_it_is_not_punished() {
    let (mut world, mut phone) = registered().await;
    world.clock.advance_seconds(NONCE_SECONDS - 1);
    let sent = phone.register_again(&mut world, &[]);
    assert!(next_nonce(&sent).is_some());
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200, "the old one is as good as before");
    world.clock.advance_seconds(1);
    let sent = phone.register_again(&mut world, &[]);
    assert_eq!((status(&sent), is_stale(&sent)), (401, true));
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
}

#[tokio::test]
async fn it_is_for_the_same_source_only() {
    let (mut world, mut phone) = registered().await;
    world.clock.advance_seconds(NONCE_SECONDS - 1);
    let sent = phone.register_again(&mut world, &[]);
    take_up(&mut phone, &next_nonce(&sent).unwrap());
    let mut thief = phone.clone().at("203.0.113.9:5060");
    let refused = thief.register_again(&mut world, &[]);
    assert_eq!((status(&refused), is_stale(&refused)), (401, false));
    assert_eq!(world.last_reason(), AuthReason::ForeignNonce);
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
}

/// The answer of a worker that did not issue the nonce: the next one still is of the phone's own lane.
#[tokio::test]
async fn it_is_of_the_same_lane_whichever_worker_answers() {
    let (mut world, mut phone) = registered().await;
    let lane_of = |nonce: &str| nonce.as_bytes()[..2].to_vec();
    let held = String::from_utf8(phone.challenge.clone().unwrap()).unwrap();
    let first = held.split_once(", nonce=\"").unwrap().1.to_owned();
    world.clock.advance_seconds(NONCE_SECONDS - 1);
    phone.lane = 1;
    let next = next_nonce(&phone.register_again(&mut world, &[])).unwrap();
    // Hash and lane are the first octet; two characters of base64 hold it, and four bits of the time of issue.
    assert_eq!(lane_of(&next)[0], lane_of(&first)[0]);
    take_up(&mut phone, &next);
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
}

#[tokio::test]
async fn it_is_offered_when_the_counts_run_out() {
    let (mut world, phone) = registered().await;
    for (count, offered) in [(u32::MAX - 0x10000, false), (u32::MAX - 0xffff, true), (u32::MAX, true)] {
        let mut phone = phone.clone();
        phone.call_id = format!("count-{count}");
        let draft = phone.draft_register(&[]);
        let draft = phone.authorize_with(&draft, count, |value| value);
        let sent = phone.send(&mut world, &draft);
        assert_eq!((status(&sent), next_nonce(&sent).is_some()), (200, offered), "{count}");
    }
}

#[tokio::test]
async fn without_qop_it_is_offered_every_time() {
    let mut world = World::new().await;
    world.update_realm(REALM, RealmUpdate { without_qop: Some(true), ..RealmUpdate::default() }).await;
    let mut phone = Phone { reading: |challenge| DigestChallenge { qop: None, ..challenge }, ..Phone::new("alice") };
    let mut sent = phone.register(&mut world, &[]);
    for _ in 0..3 {
        assert_eq!(status(&sent), 200);
        assert_eq!(header(&sent, "Authentication-Info").unwrap().split('=').next(), Some("nextnonce"));
        take_up(&mut phone, &next_nonce(&sent).unwrap());
        sent = phone.register_again(&mut world, &[]);
    }
    assert_eq!(world.events().iter().filter(|event| event.reason == AuthReason::Challenge).count(), 1);
}

#[tokio::test]
async fn options_carry_it_and_the_proof_too() {
    let mut world = World::new().await;
    world.set_policy(REALM, ChallengePolicy::Sha256).await;
    let mut phone = Phone::new("alice");
    let uri = "sip:ma-aaaaaaaa.example.test";
    let sent = phone.request(&mut world, "OPTIONS", uri);
    let info = header(&sent, "Authentication-Info").unwrap();
    assert!(info.starts_with("rspauth=\"") && next_nonce(&sent).is_none(), "{info}");
    world.clock.advance_seconds(NONCE_SECONDS - 1);
    let draft = phone.draft("OPTIONS", uri);
    let draft = phone.authorize(&draft);
    let sent = phone.send(&mut world, &draft);
    take_up(&mut phone, &next_nonce(&sent).unwrap());
    let draft = phone.draft("OPTIONS", uri);
    let draft = phone.authorize(&draft);
    assert_eq!(status(&phone.send(&mut world, &draft)), 200);
}
