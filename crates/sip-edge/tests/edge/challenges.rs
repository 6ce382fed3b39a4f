//! What a challenge says, by policy and User-Agent, and nothing by user.

use crate::phone::{Phone, challenges_of, is_stale, masked, status, with_response};
use crate::world::{ACCOUNT, Options, PASSWORD, REALM, World, context};
use domain::{AuthReason, ChallengePolicy, DigestAlgorithm, Password, Username, UsernameRule};
use provisioning::{Answered, CredentialUpdate, CredentialView, GivenHa1s, NewFromHashes};
use sip_digest::{Ha1, HashAlgorithm};
use std::collections::BTreeSet;

const PLAIN: &str = "phone/1";
const KNOWN_FOR_SHA256: &str = "Linphonec/5.1.65";

fn algorithms(world: &mut World, user_agent: &str) -> Vec<String> {
    let mut phone = Phone { user_agent: user_agent.into(), ..Phone::new("alice") };
    let draft = phone.draft_register(&[]);
    let sent = phone.send(world, &draft);
    with_response(&sent.octets, |response| {
        let name = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        challenges_of(response).iter().map(|challenge| name(challenge.algorithm.unwrap())).collect()
    })
}

#[tokio::test]
async fn the_policy_decides_what_is_offered() {
    let mut world = World::new().await;
    for (policy, plain, known) in [
        (ChallengePolicy::Compatible, &["MD5"][..], &["SHA-256"][..]),
        (ChallengePolicy::Sha256, &["SHA-256"], &["SHA-256"]),
        (ChallengePolicy::Rfc8760, &["SHA-512-256", "SHA-256", "MD5"], &["SHA-512-256", "SHA-256", "MD5"]),
    ] {
        world.set_policy(REALM, policy).await;
        assert_eq!(algorithms(&mut world, PLAIN), plain, "{policy:?}");
        assert_eq!(algorithms(&mut world, KNOWN_FOR_SHA256), known, "{policy:?}");
    }
}

#[tokio::test]
async fn a_realm_with_hashes_for_md5_alone_challenges_for_md5_until_none_is_left() {
    let mut world = World::empty(Options::default()).await;
    let scope = world.account(ACCOUNT, None).await;
    world.credential(&scope, "alice").await;
    let elsewhere = world.account("MA_ELSEWHER", Some("elsewhere")).await;
    world.credential(&elsewhere, "bob").await;
    assert_eq!(algorithms(&mut world, KNOWN_FOR_SHA256), ["SHA-256"]);
    let mut ha1s = GivenHa1s::default();
    let digits = Ha1::compute(HashAlgorithm::Md5, b"imported", REALM.as_bytes(), PASSWORD.as_bytes()).to_hex();
    ha1s.add(DigestAlgorithm::Md5, std::str::from_utf8(digits.as_bytes()).unwrap()).unwrap();
    let username = Username::parse("imported", UsernameRule::Strict).unwrap();
    let new = NewFromHashes { username, ha1s };
    let made = world.provisioning.create_credential_from_hashes(&scope, context(), new, None).await.unwrap();
    let Answered::Fresh(CredentialView { id, .. }) = made else { panic!("made before") };
    // Which phone it is makes no difference: the challenge says nothing about users.
    for username in ["alice", "imported"] {
        assert_eq!(algorithms(&mut world, KNOWN_FOR_SHA256), ["MD5"]);
        let mut phone = Phone { user_agent: KNOWN_FOR_SHA256.into(), call_id: username.into(), ..Phone::new(username) };
        assert_eq!(status(&phone.register(&mut world, &[])), 200, "{username}");
    }
    world.restart().await;
    assert_eq!(algorithms(&mut world, KNOWN_FOR_SHA256), ["MD5"]);
    let password = Some(Password::parse("another horse entirely".into()).unwrap());
    world.update(&scope, id, CredentialUpdate { password, ..CredentialUpdate::default() }).await;
    assert_eq!(algorithms(&mut world, KNOWN_FOR_SHA256), ["SHA-256"]);
}

#[tokio::test]
async fn every_offer_can_be_answered() {
    let mut world = World::new().await;
    for (policy, user_agent, algorithm) in [
        (ChallengePolicy::Compatible, PLAIN, DigestAlgorithm::Md5),
        (ChallengePolicy::Compatible, KNOWN_FOR_SHA256, DigestAlgorithm::Sha256),
        (ChallengePolicy::Sha256, PLAIN, DigestAlgorithm::Sha256),
        (ChallengePolicy::Rfc8760, PLAIN, DigestAlgorithm::Sha512_256),
    ] {
        world.set_policy(REALM, policy).await;
        let mut phone = Phone { user_agent: user_agent.into(), ..Phone::new("alice") };
        phone.call_id = format!("{policy:?}-{user_agent}").replace('/', "-");
        assert_eq!(status(&phone.register(&mut world, &[])), 200, "{policy:?} {user_agent}");
        let event = world.events().pop().unwrap();
        assert_eq!((event.reason, event.algorithm), (AuthReason::Ok, Some(algorithm)));
    }
}

#[tokio::test]
async fn a_challenge_has_realm_nonce_qop_and_no_stale() {
    let mut world = World::new().await;
    let mut nonces = BTreeSet::new();
    for _ in 0..50 {
        let mut phone = Phone::new("alice");
        let draft = phone.draft_register(&[]);
        let sent = phone.send(&mut world, &draft);
        assert_eq!(status(&sent), 401);
        assert!(!is_stale(&sent));
        with_response(&sent.octets, |response| {
            let [challenge] = challenges_of(response)[..] else { panic!("not one challenge") };
            assert_eq!(challenge.realm, Some(REALM.as_bytes()));
            assert_eq!(challenge.qop, Some(&b"auth"[..]));
            assert_eq!(challenge.domain, None);
            assert!(nonces.insert(challenge.nonce.unwrap().to_vec()), "a nonce was issued twice");
        });
    }
}

#[tokio::test]
async fn users_there_are_and_users_there_are_not_are_challenged_alike() {
    let mut world = World::new().await;
    let mut challenge = |username: &'static str| {
        let mut phone = Phone { call_id: "one".into(), ..Phone::new(username) };
        let draft = phone.draft_register(&[]);
        masked(&phone.send(&mut world, &draft)).replace(username, "somebody")
    };
    assert_eq!(challenge("alice"), challenge("nobody"));
    let events = world.events();
    assert_eq!(events.len(), 2);
    for event in events {
        assert_eq!(event.reason, AuthReason::Challenge);
        assert_eq!((event.credential, event.account), (None, None));
        assert_eq!((&*event.method, &*event.call_id), ("REGISTER", "one"));
    }
}

#[tokio::test]
async fn a_retransmission_of_an_unauthenticated_request_gets_the_same_tag() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    let tag = |text: String| text.split("\r\nTo: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    let mut sent = || String::from_utf8(phone.send(&mut world, &draft).octets).unwrap();
    let (first, second) = (tag(sent()), tag(sent()));
    assert!(first.contains(";tag="));
    assert_eq!(first, second);
}
