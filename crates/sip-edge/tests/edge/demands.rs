//! What a credential demands beyond the right password, and that nobody else can tell.

use crate::phone::{Phone, challenges_of, is_stale, masked, status, with_response};
use crate::world::{ACCOUNT, NONCE_SECONDS, Options, REALM, Sent, World, tcp, udp};
use domain::{AuthReason, AuthRemark, ChallengePolicy, DigestAlgorithm, Networks};
use provisioning::{CredentialUpdate, RequirementsUpdate};
use sip_transport::{Flow, Transport};

fn sha256() -> RequirementsUpdate {
    RequirementsUpdate { sha256: Some(true), ..RequirementsUpdate::default() }
}

fn secure_transport() -> RequirementsUpdate {
    RequirementsUpdate { secure_transport: Some(true), ..RequirementsUpdate::default() }
}

fn networks(networks: &[&str]) -> RequirementsUpdate {
    let networks = Networks::new(networks.iter().map(|text| text.parse().unwrap()).collect()).unwrap();
    RequirementsUpdate { networks: Some(networks), ..RequirementsUpdate::default() }
}

fn offered(sent: &Sent) -> Vec<String> {
    let name = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    with_response(&sent.octets, |response| {
        challenges_of(response).iter().map(|challenge| name(challenge.algorithm.unwrap())).collect()
    })
}

#[tokio::test]
async fn a_right_answer_with_md5_is_challenged_again_with_sha_256() {
    let mut world = World::demanding(sha256()).await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    assert_eq!(offered(&phone.send(&mut world, &draft)), ["MD5"], "nobody is known yet");
    let again = phone.register_again(&mut world, &[]);
    assert_eq!((status(&again), offered(&again), is_stale(&again)), (401, vec!["SHA-256".to_owned()], true));
    let event = world.events().pop().unwrap();
    assert_eq!((event.reason, event.algorithm), (AuthReason::AlgorithmNotAllowed, Some(DigestAlgorithm::Md5)));
    assert!(event.credential.is_some());
    assert_eq!(world.bindings("alice"), 0);
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
    assert_eq!(world.events().pop().unwrap().algorithm, Some(DigestAlgorithm::Sha256));
}

#[tokio::test]
async fn a_phone_known_for_sha_256_needs_no_second_challenge() {
    let mut world = World::demanding(sha256()).await;
    let mut phone = Phone { user_agent: "Linphonec/5.1.65".into(), ..Phone::new("alice") };
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
}

#[tokio::test]
async fn a_realm_that_offers_all_three_offers_two_again() {
    let mut world = World::demanding(sha256()).await;
    world.set_policy(REALM, ChallengePolicy::Rfc8760).await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    let sent = phone.send(&mut world, &draft);
    let text = String::from_utf8(sent.octets).unwrap();
    // A phone that does nothing but MD5 takes the last one.
    let only_md5: String = text.split_inclusive("\r\n").filter(|line| !line.contains("algorithm=SHA")).collect();
    phone.challenge = Some(only_md5.into_bytes());
    let again = phone.register_again(&mut world, &[]);
    assert_eq!(offered(&again), ["SHA-512-256", "SHA-256"]);
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
    assert_eq!(world.events().pop().unwrap().algorithm, Some(DigestAlgorithm::Sha512_256));
}

#[tokio::test]
async fn a_wrong_password_with_md5_is_not_challenged_with_sha_256() {
    let mut world = World::demanding(sha256()).await;
    let mut phone = Phone { password: "wrong horse".into(), ..Phone::new("alice") };
    let sent = phone.register(&mut world, &[]);
    assert_eq!((offered(&sent), is_stale(&sent)), (vec!["MD5".to_owned()], false));
    assert_eq!(world.last_reason(), AuthReason::WrongPassword);
}

/// A nonce that anybody can make up must not turn the second challenge into a test of passwords.
#[tokio::test]
async fn a_made_up_nonce_gets_no_second_challenge() {
    let mut world = World::demanding(sha256()).await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    phone.flow = udp("198.51.100.77:5060".parse().unwrap());
    let sent = phone.register_again(&mut world, &[]);
    assert_eq!((offered(&sent), is_stale(&sent)), (vec!["MD5".to_owned()], false));
    assert_eq!(world.last_reason(), AuthReason::ForeignNonce);
}

/// Answered like a wrong password, at every age of the nonce; the reason is in the event.
#[tokio::test]
async fn a_right_password_from_elsewhere_looks_like_a_wrong_one() {
    for (demands, remark) in [
        (networks(&["198.51.100.0/24", "2001:db8::/32"]), None),
        (secure_transport(), Some(AuthRemark::InsecureTransport)),
    ] {
        let mut world = World::demanding(demands).await;
        for seconds in [0, NONCE_SECONDS] {
            let mut attempt = |password: &str| {
                let mut phone =
                    Phone { password: password.into(), call_id: format!("{seconds}"), ..Phone::new("alice") };
                let draft = phone.draft_register(&[]);
                phone.be_challenged(&mut world, &draft);
                world.clock.advance_seconds(seconds);
                let sent = phone.register_again(&mut world, &[]);
                world.clock.advance_seconds(60);
                (masked(&sent), is_stale(&sent), world.events().pop().unwrap())
            };
            let (right, wrong) = (attempt(crate::world::PASSWORD), attempt("wrong horse"));
            assert_eq!((right.0, right.1), (wrong.0, wrong.1));
            assert_eq!((right.2.reason, right.2.remark), (AuthReason::SourceNotInAcl, remark), "after {seconds} s");
            assert_eq!((wrong.2.reason, wrong.2.remark), (AuthReason::WrongPassword, None));
        }
        assert_eq!(world.bindings("alice"), 0);
    }
}

#[tokio::test]
async fn what_meets_the_demands_passes() {
    let mut world = World::demanding(networks(&["192.0.2.0/25", "2001:db8::/32"])).await;
    for (source, expected) in [
        ("192.0.2.7:5062", 200),
        ("192.0.2.128:5062", 401),
        ("[2001:db8::7]:5062", 200),
        ("[2001:db9::7]:5062", 401),
        ("[::ffff:192.0.2.7]:5062", 200),
    ] {
        let mut phone = Phone { call_id: source.replace([':', '[', ']'], "-"), ..Phone::new("alice") }.at(source);
        assert_eq!(status(&phone.register(&mut world, &[])), expected, "{source}");
    }
    let mut world = World::demanding(secure_transport()).await;
    let source = "192.0.2.7:5062".parse().unwrap();
    let over = |transport| Flow { transport, ..tcp(source, 7) };
    for (transport, expected) in
        [(Transport::Tcp, 401), (Transport::Ws, 401), (Transport::Tls, 200), (Transport::Wss, 200)]
    {
        let mut phone = Phone { flow: over(transport), call_id: format!("{transport:?}"), ..Phone::new("alice") };
        assert_eq!(status(&phone.register(&mut world, &[])), expected, "{transport:?}");
    }
}

/// Once a demand holds, what was registered from elsewhere is gone; what meets it stays.
#[tokio::test]
async fn new_demands_end_the_bindings_that_do_not_meet_them() {
    let mut world = World::empty(Options::default()).await;
    let scope = world.account(ACCOUNT, None).await;
    let id = world.credential(&scope, "alice").await;
    let mut inside = Phone::new("alice");
    let mut outside = Phone { call_id: "outside".into(), contact: "<sip:alice@198.51.100.9>".into(), ..inside.clone() };
    outside = outside.at("198.51.100.9:5062");
    assert_eq!(status(&inside.register(&mut world, &[])), 200);
    assert_eq!(status(&outside.register(&mut world, &[])), 200);
    assert_eq!(world.bindings("alice"), 2);
    for (requirements, left) in [(sha256(), 2), (networks(&["192.0.2.0/24"]), 1), (secure_transport(), 0)] {
        world.update(&scope, id, CredentialUpdate { requirements, ..CredentialUpdate::default() }).await;
        assert_eq!(world.bindings("alice"), left);
    }
    world.update(&scope, id, CredentialUpdate { requirements: RequirementsUpdate::none(), ..Default::default() }).await;
    outside.call_id = "once-more".into();
    assert_eq!(status(&outside.register(&mut world, &[])), 200);
}
