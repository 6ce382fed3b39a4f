//! All refusals of a digest look alike on the wire; the reason is in the event.

use crate::phone::{Draft, Phone, is_stale, masked, status};
use crate::world::{NONCE_SECONDS, World, tcp, udp};
use domain::AuthReason;
use provisioning::CredentialUpdate;

/// An attempt that must be refused.
struct Attempt {
    name: &'static str,
    username: &'static str,
    password: Option<&'static str>,
    change: fn(String) -> String,
    reason: AuthReason,
}

const RIGHT: Attempt =
    Attempt { name: "right", username: "alice", password: None, change: |value| value, reason: AuthReason::Ok };

const ATTEMPTS: [Attempt; 20] = [
    Attempt { name: "wrong password", password: Some("wrong horse"), reason: AuthReason::WrongPassword, ..RIGHT },
    Attempt { name: "unknown user", username: "nobody", reason: AuthReason::UnknownUser, ..RIGHT },
    Attempt { name: "disabled", username: "carol", reason: AuthReason::CredentialDisabled, ..RIGHT },
    Attempt {
        name: "disabled and wrong password",
        username: "carol",
        password: Some("wrong horse"),
        reason: AuthReason::WrongPassword,
        ..RIGHT
    },
    Attempt {
        name: "old password",
        username: "frank",
        password: Some("older horse"),
        reason: AuthReason::OldPassword,
        ..RIGHT
    },
    Attempt {
        name: "neither of two passwords",
        username: "frank",
        password: Some("wrong horse"),
        reason: AuthReason::WrongPassword,
        ..RIGHT
    },
    Attempt { name: "deleted", username: "dave", reason: AuthReason::UnknownUser, ..RIGHT },
    Attempt {
        name: "another realm",
        change: |value| value.replace("MA_AAAAAAAA.example.test", "asterisk"),
        reason: AuthReason::RealmMismatch,
        ..RIGHT
    },
    Attempt {
        name: "realm in another case",
        change: |value| value.replace("MA_AAAAAAAA", "ma_aaaaaaaa"),
        reason: AuthReason::RealmMismatch,
        ..RIGHT
    },
    Attempt {
        name: "user@domain as username",
        change: |value| value.replace("username=\"alice", "username=\"alice@ma-aaaaaaaa.example.test"),
        reason: AuthReason::UnknownUser,
        ..RIGHT
    },
    Attempt { name: "no nonce-count", change: |value| without(&value, "nc"), reason: AuthReason::Malformed, ..RIGHT },
    Attempt { name: "no cnonce", change: |value| without(&value, "cnonce"), reason: AuthReason::Malformed, ..RIGHT },
    Attempt {
        name: "no username",
        change: |value| without(&value, "username"),
        reason: AuthReason::Malformed,
        ..RIGHT
    },
    Attempt { name: "no uri", change: |value| without(&value, "uri"), reason: AuthReason::Malformed, ..RIGHT },
    Attempt {
        name: "no response",
        change: |value| without(&value, "response"),
        reason: AuthReason::Malformed,
        ..RIGHT
    },
    Attempt {
        name: "short response",
        change: |value| value.replace("response=\"", "response=\"0"),
        reason: AuthReason::Malformed,
        ..RIGHT
    },
    Attempt {
        name: "unreadable",
        change: |value| format!("{value}, realm=\"open"),
        reason: AuthReason::Malformed,
        ..RIGHT
    },
    Attempt {
        name: "realm twice",
        change: |value| format!("{value}, realm=\"x\""),
        reason: AuthReason::Malformed,
        ..RIGHT
    },
    Attempt {
        name: "unknown algorithm",
        change: |value| value.replace("algorithm=MD5", "algorithm=SHA-1"),
        reason: AuthReason::AlgorithmNotAllowed,
        ..RIGHT
    },
    Attempt {
        name: "nonce made up",
        change: |value| value.replace("nonce=\"", "nonce=\"A"),
        reason: AuthReason::WrongPassword,
        ..RIGHT
    },
];

/// A header value without that parameter.
fn without(value: &str, name: &str) -> String {
    let params = value.strip_prefix("Digest ").unwrap().split(", ");
    let kept: Vec<_> = params.filter(|param| !param.starts_with(&format!("{name}="))).collect();
    format!("Digest {}", kept.join(", "))
}

async fn world() -> World {
    let world = World::empty(crate::world::Options::default()).await;
    let scope = world.account(crate::world::ACCOUNT, None).await;
    for username in ["alice", "bob"] {
        world.credential(&scope, username).await;
    }
    let carol = world.credential(&scope, "carol").await;
    world.update(&scope, carol, CredentialUpdate { enabled: Some(false), ..CredentialUpdate::default() }).await;
    let frank = world.credential(&scope, "frank").await;
    for password in ["older horse", "newer horse"] {
        let password = Some(domain::Password::parse(password.into()).unwrap());
        world.update(&scope, frank, CredentialUpdate { password, ..CredentialUpdate::default() }).await;
    }
    let dave = world.credential(&scope, "dave").await;
    world.provisioning.delete_credential(&scope, crate::world::context(), dave).await.unwrap();
    world
}

/// What the same request is answered without credentials.
fn plain_challenge(world: &mut World, phone: &Phone, draft: &Draft) -> String {
    masked(&phone.clone().send(world, draft))
}

#[tokio::test]
async fn every_refusal_is_the_plain_challenge() {
    let mut world = world().await;
    for Attempt { name, username, password, change, reason } in ATTEMPTS {
        let mut phone = Phone::new(username);
        phone.password = password.map_or(phone.password, str::to_owned);
        let draft = phone.draft_register(&[]);
        phone.be_challenged(&mut world, &draft);
        let expected = plain_challenge(&mut world, &phone, &draft);
        let attempt = phone.authorize_with(&draft, 1, change);
        // The nonce that was made up is told from a wrong password only by those who know the password.
        let reason = if name == "nonce made up" { AuthReason::ForeignNonce } else { reason };
        let sent = phone.send(&mut world, &attempt);
        assert_eq!(masked(&sent), expected, "{name}");
        let event = world.events().pop().unwrap();
        assert_eq!(event.reason, reason, "{name}");
        assert_eq!(
            event.credential.is_some(),
            matches!(username, "alice" | "carol" | "frank") && has_user(name),
            "{name}"
        );
        assert_eq!(world.bindings("alice"), 0);
    }
}

/// Whether an attempt of that name has a username that can be read and exists.
fn has_user(name: &str) -> bool {
    !matches!(name, "user@domain as username" | "no username" | "unreadable" | "realm twice")
}

#[tokio::test]
async fn refusals_of_other_methods_are_alike_too() {
    let mut world = world().await;
    for method in ["OPTIONS", "INVITE", "MESSAGE"] {
        let mut seen = std::collections::BTreeSet::new();
        for (username, password) in
            [("alice", "wrong horse"), ("nobody", "wrong horse"), ("carol", crate::world::PASSWORD)]
        {
            let mut phone = Phone { password: password.into(), call_id: "c".into(), ..Phone::new(username) };
            let draft = phone.draft(method, "sip:bob@ma-aaaaaaaa.example.test");
            phone.be_challenged(&mut world, &draft);
            let draft = phone.draft(method, "sip:bob@ma-aaaaaaaa.example.test");
            let attempt = phone.authorize(&draft);
            let sent = phone.send(&mut world, &attempt);
            assert_eq!(status(&sent), 407);
            seen.insert(masked(&sent).replace(username, "somebody"));
        }
        assert_eq!(seen.len(), 1, "{seen:?}");
    }
}

#[tokio::test]
async fn a_digest_for_another_target_is_refused() {
    let mut world = world().await;
    for (uri, reason) in [
        ("sip:other.test", AuthReason::UriMismatch),
        ("sip:ma-aaaaaaaa.example.test@other.test", AuthReason::UriMismatch),
        ("tel:1", AuthReason::UriMismatch),
        // What real phones send, and what is ours as well.
        ("sip:ma-aaaaaaaa.example.test:5060", AuthReason::Ok),
        ("sip:MA-AAAAAAAA.example.test;transport=udp", AuthReason::Ok),
        ("sip:MA_AAAAAAAA.example.test", AuthReason::Ok),
        ("sip:198.51.100.1", AuthReason::Ok),
        ("sip:sip.PUBLIC.test", AuthReason::Ok),
        ("sip:alice@ma-aaaaaaaa.example.test", AuthReason::Ok),
    ] {
        let mut phone = Phone { call_id: uri.replace([':', '@', ';', '='], "-"), ..Phone::new("alice") };
        let draft = phone.draft_register(&[]);
        phone.be_challenged(&mut world, &draft);
        let expected = plain_challenge(&mut world, &phone, &draft);
        let signed = phone.authorize(&Draft { uri: uri.into(), ..draft.clone() });
        let sent = phone.send(&mut world, &Draft { uri: draft.uri, ..signed });
        assert_eq!(world.last_reason(), reason, "{uri}");
        if reason == AuthReason::Ok {
            assert_eq!(status(&sent), 200, "{uri}");
        } else {
            assert_eq!(masked(&sent), expected, "{uri}");
        }
    }
}

#[tokio::test]
async fn outside_register_the_user_part_must_be_the_targets() {
    let mut world = world().await;
    for (uri, reason) in [
        ("sip:mallory@ma-aaaaaaaa.example.test", AuthReason::UriMismatch),
        ("sip:ma-aaaaaaaa.example.test", AuthReason::Ok),
        ("sip:b%6fb@198.51.100.1", AuthReason::Ok),
    ] {
        let mut phone = Phone::new("alice");
        let draft = phone.draft("OPTIONS", "sip:bob@ma-aaaaaaaa.example.test");
        phone.be_challenged(&mut world, &draft);
        let signed = phone.authorize(&Draft { uri: uri.into(), ..draft.clone() });
        phone.send(&mut world, &Draft { uri: draft.uri, ..signed });
        assert_eq!(world.last_reason(), reason, "{uri}");
        world.clock.advance_seconds(60);
    }
}

#[tokio::test]
async fn a_weaker_hash_than_challenged_for_is_refused() {
    let mut world = world().await;
    let mut phone = Phone { user_agent: "Linphonec/5.1.65".into(), ..Phone::new("alice") };
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let expected = plain_challenge(&mut world, &phone, &draft);
    // The phone answers the nonce of a SHA-256 challenge with a right MD5 digest.
    let challenge = String::from_utf8(phone.challenge.take().unwrap()).unwrap();
    phone.challenge = Some(challenge.replace("algorithm=SHA-256", "algorithm=MD5").into_bytes());
    let attempt = phone.authorize(&draft);
    let sent = phone.send(&mut world, &attempt);
    assert_eq!(masked(&sent), expected);
    assert_eq!(world.last_reason(), AuthReason::AlgorithmNotAllowed);
}

/// A captured nonce, or a phone whose address changed: not told `stale`, because anybody can make up a nonce.
#[tokio::test]
async fn a_nonce_is_good_for_the_address_it_was_issued_to() {
    let mut world = world().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let attempt = phone.authorize(&draft);
    phone.flow = udp("203.0.113.9:5062".parse().unwrap());
    let sent = phone.send(&mut world, &attempt);
    assert!(!is_stale(&sent));
    assert_eq!(world.last_reason(), AuthReason::ForeignNonce);
    // Another port of the same address is the same NAT.
    phone.flow = udp("192.0.2.7:40000".parse().unwrap());
    phone.be_challenged(&mut world, &draft);
    phone.flow = udp("192.0.2.7:40001".parse().unwrap());
    let attempt = phone.authorize(&draft);
    assert_eq!(status(&phone.send(&mut world, &attempt)), 200);
}

#[tokio::test]
async fn a_late_but_wrong_digest_is_not_called_stale() {
    let mut world = world().await;
    let mut phone = Phone { password: "wrong horse".into(), ..Phone::new("alice") };
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    world.clock.advance_seconds(NONCE_SECONDS + 1);
    let attempt = phone.authorize(&draft);
    let sent = phone.send(&mut world, &attempt);
    assert!(!is_stale(&sent));
    assert_eq!(world.last_reason(), AuthReason::WrongPassword);
}

/// A revocation that comes after the digest was found right and before the binding is written wins: the phone gets
/// the challenge that a disabled one gets, and no binding.
#[tokio::test]
async fn a_revocation_in_the_midst_of_a_message_wins() {
    let mut world = world().await;
    let scope = world.account("MA_BBBBBBBB", None).await;
    let id = world.credential(&scope, "erin").await;
    let mut phone = Phone { host: "ma-bbbbbbbb.example.test".into(), ..Phone::new("erin") };
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let expected = plain_challenge(&mut world, &phone, &draft);
    let provisioning = std::sync::Arc::clone(&world.provisioning);
    *world.options.after_verification.lock() = Some(Box::new(move || {
        let update = CredentialUpdate { enabled: Some(false), ..CredentialUpdate::default() };
        // The commit is a task of its own, and this one cannot wait for it: it is handling a message.
        let change = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(provisioning.update_credential(&scope, crate::world::context(), (id, update))).unwrap();
        };
        std::thread::scope(|threads| threads.spawn(change).join().unwrap());
    }));
    let attempt = phone.authorize(&draft);
    let sent = phone.send(&mut world, &attempt);
    assert_eq!(masked(&sent), expected);
    let reasons: Vec<_> = world.events().into_iter().map(|event| event.reason).collect();
    assert_eq!(reasons[2..], [AuthReason::Ok, AuthReason::CredentialDisabled]);
    let realms = world.node.directory.realms();
    let realm = realms.of_host(b"ma-bbbbbbbb.example.test").unwrap().id;
    assert_eq!(world.node.directory.live_bindings(realm, b"erin", world.now()), Some(0));
}

#[tokio::test]
async fn the_old_password_stops_with_the_answer_that_changed_it() {
    let mut world = world().await;
    let scope = world.account("MA_BBBBBBBB", None).await;
    let id = world.credential(&scope, "erin").await;
    let mut phone = Phone { host: "ma-bbbbbbbb.example.test".into(), ..Phone::new("erin") };
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    let password = Some(domain::Password::parse("another secret".into()).unwrap());
    world.update(&scope, id, CredentialUpdate { password, ..CredentialUpdate::default() }).await;
    assert_eq!(status(&phone.register_again(&mut world, &[])), 401);
    assert_eq!(world.last_reason(), AuthReason::OldPassword);
    phone.password = "another secret".into();
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
}

/// Every guess is reported, and no retransmission of one.
#[tokio::test]
async fn a_retransmitted_refusal_is_one_attempt() {
    let mut world = World::new().await;
    let mut phone = Phone { password: "wrong horse".into(), ..Phone::new("alice") };
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let text = |phone: &Phone, count| {
        let mut draft = draft.clone();
        draft.cseq = 2;
        phone.write(&phone.authorize_with(&draft, count, |value| value))
    };
    let guess = text(&phone, 1);
    let attempts = |world: &World| {
        let wrong = |event: &&domain::AuthRecord| event.reason == AuthReason::WrongPassword;
        world.events().iter().filter(wrong).count()
    };
    for _ in 0..3 {
        assert_eq!(status(&world.receive(phone.source, guess.as_bytes())[0]), 401);
    }
    assert_eq!(attempts(&world), 1);
    // Within the same transaction, but another guess; the same octets, but from elsewhere, or over a connection.
    world.receive(phone.source, text(&phone, 2).as_bytes());
    assert_eq!(attempts(&world), 2);
    world.receive("192.0.2.7:5063".parse().unwrap(), guess.as_bytes());
    assert_eq!(attempts(&world), 3);
    for _ in 0..2 {
        world.receive_on(0, &tcp(phone.source, 7), guess.as_bytes());
    }
    assert_eq!(attempts(&world), 5);
    // What comes after every retransmission must have come is a new attempt.
    world.clock.advance_seconds(33);
    world.receive(phone.source, guess.as_bytes());
    assert_eq!(attempts(&world), 6);
}
