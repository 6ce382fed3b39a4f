//! What protects a request: `auth` always, `auth-int` and no `qop` where the realm says so (RFC 7616 section 3.4).

use crate::phone::{Phone, challenges_of, header, is_stale, status, with_response};
use crate::world::{REALM, World};
use domain::{AuthReason, ChallengePolicy};
use provisioning::RealmUpdate;
use sip_digest::QopPreference;
use sip_message::DigestChallenge;

async fn world_with(update: RealmUpdate) -> World {
    let world = World::new().await;
    world.update_realm(REALM, update).await;
    world
}

async fn protecting_bodies() -> World {
    world_with(RealmUpdate { auth_int: Some(true), ..RealmUpdate::default() }).await
}

fn with_integrity(body: &str) -> Phone {
    Phone { qop: QopPreference::AuthInt, body: body.into(), ..Phone::new("alice") }
}

const BODY: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\n \t\u{e4}";

#[tokio::test]
async fn auth_int_is_offered_and_accepted_where_the_realm_says_so() {
    let mut world = protecting_bodies().await;
    for body in ["", BODY] {
        for (policy, user_agent) in [
            (ChallengePolicy::Compatible, "phone/1"),
            (ChallengePolicy::Sha256, "phone/1"),
            (ChallengePolicy::Rfc8760, "phone/1"),
        ] {
            world.set_policy(REALM, policy).await;
            let mut phone = Phone { user_agent: user_agent.into(), ..with_integrity(body) };
            phone.call_id = format!("{}-{}", policy.as_str(), body.len());
            let draft = phone.draft_register(&[]);
            let challenged = phone.send(&mut world, &draft);
            with_response(&challenged.octets, |response| {
                for challenge in challenges_of(response) {
                    assert_eq!(challenge.qop, Some(&b"auth,auth-int"[..]));
                }
            });
            let draft = phone.draft_register(&[]);
            let authorized = phone.authorize(&draft);
            assert!(authorized.lines[0].contains("qop=auth-int"), "{:?}", authorized.lines);
            let sent = phone.clone().send(&mut world, &authorized);
            assert_eq!(status(&sent), 200, "{policy:?} {body:?}");
            let info = header(&sent, "Authentication-Info").unwrap();
            assert!(info.contains("qop=auth-int"), "{info}");
            let rspauth = info.split('"').nth(1).unwrap();
            let proven = with_response(&challenged.octets, |response| {
                let challenge = crate::phone::challenge_of(response);
                phone.answer(&challenge, &draft, 1).accepts_response_auth(rspauth.as_bytes(), b"").unwrap()
            });
            assert!(proven, "{info}");
        }
    }
}

/// The body is hashed octet by octet: any change of it is a wrong digest.
#[tokio::test]
async fn a_changed_body_is_refused_under_auth_int_only() {
    let mut world = protecting_bodies().await;
    for (qop, changed, expected) in [
        (QopPreference::AuthInt, BODY, 200),
        (QopPreference::AuthInt, "", 401),
        (QopPreference::AuthInt, "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\n\t \u{e4}", 401),
        (QopPreference::Auth, "", 200),
    ] {
        let mut phone = Phone { qop, ..with_integrity(BODY) };
        phone.call_id = format!("{qop:?}-{}-{expected}", changed.len());
        let draft = phone.draft_register(&[]);
        phone.be_challenged(&mut world, &draft);
        let draft = phone.draft_register(&[]);
        let draft = phone.authorize(&draft);
        phone.body = changed.into();
        let sent = phone.send(&mut world, &draft);
        assert_eq!(status(&sent), expected, "{qop:?} {changed:?}");
        if expected == 401 {
            assert!(!is_stale(&sent));
            assert_eq!(world.last_reason(), AuthReason::WrongPassword);
        }
    }
}

#[tokio::test]
async fn auth_int_that_was_not_offered_is_refused() {
    let mut world = World::new().await;
    let offering: for<'c> fn(DigestChallenge<'c>) -> DigestChallenge<'c> =
        |challenge| DigestChallenge { qop: Some(b"auth-int"), ..challenge };
    let mut phone = Phone { reading: offering, ..with_integrity(BODY) };
    let sent = phone.register(&mut world, &[]);
    assert_eq!((status(&sent), is_stale(&sent)), (401, false));
    assert_eq!(world.last_reason(), AuthReason::Malformed);
}

fn of_old(username: &'static str) -> Phone {
    Phone { reading: |challenge| DigestChallenge { qop: None, ..challenge }, ..Phone::new(username) }
}

#[tokio::test]
async fn an_answer_without_qop_is_accepted_only_where_the_realm_says_so() {
    let mut world = World::new().await;
    let sent = of_old("alice").register(&mut world, &[]);
    assert_eq!((status(&sent), is_stale(&sent)), (401, false));
    assert_eq!(world.last_reason(), AuthReason::Malformed);
    let mut world = world_with(RealmUpdate { without_qop: Some(true), ..RealmUpdate::default() }).await;
    let mut phone = of_old("alice");
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    // Its nonce was good once.
    let sent = phone.register_again(&mut world, &[]);
    assert_eq!((status(&sent), is_stale(&sent)), (401, true));
    assert_eq!(world.last_reason(), AuthReason::ReplayedNonceCount);
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
    world.update_realm(REALM, RealmUpdate { without_qop: Some(false), ..RealmUpdate::default() }).await;
    assert_eq!(status(&of_old("bob").register(&mut world, &[])), 401);
}

#[tokio::test]
async fn session_keys_work_with_every_protection() {
    let update = RealmUpdate { auth_int: Some(true), without_qop: Some(true), ..RealmUpdate::default() };
    let mut world = world_with(update).await;
    let readings: [for<'c> fn(DigestChallenge<'c>) -> DigestChallenge<'c>; 2] = [
        |challenge| DigestChallenge { algorithm: Some(b"MD5-sess"), ..challenge },
        |challenge| DigestChallenge { algorithm: Some(b"md5-SESS"), qop: None, ..challenge },
    ];
    for (number, (reading, qop)) in
        [(readings[0], QopPreference::Auth), (readings[0], QopPreference::AuthInt), (readings[1], QopPreference::Auth)]
            .into_iter()
            .enumerate()
    {
        let mut phone = Phone { reading, qop, call_id: format!("session-{number}"), ..with_integrity(BODY) };
        assert_eq!(status(&phone.register(&mut world, &[])), 200, "{number}");
    }
}
