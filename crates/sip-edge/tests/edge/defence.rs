//! What strangers are denied: answers longer than their datagrams are worth, and guesses without end.

use crate::phone::{Phone, is_stale, masked, status};
use crate::world::{ACCOUNT, DOMAIN, Options, REALM, World};
use domain::{AuthReason, ChallengePolicy};
use provisioning::{CredentialUpdate, CredentialsWrite};
use sip_edge::{Defence, ThrottlePolicy};
use sip_transport::{Crowding, Inbound, Precedence, Received};

async fn world(defence: Defence) -> (World, CredentialsWrite) {
    let world = World::empty(Options { defence, ..Options::default() }).await;
    let scope = world.account(ACCOUNT, None).await;
    (world, scope)
}

fn withheld(world: &World) -> u64 {
    world.node.edge.counters().totals().withheld
}

/// The least that a REGISTER can be and still be one; no phone's is as short.
fn shortest_register() -> String {
    format!(
        "REGISTER sip:{DOMAIN} SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1\r\nf: <sip:a@{DOMAIN}>;tag=1\r\n\
         t: <sip:a@{DOMAIN}>\r\ni: 1\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nl: 0\r\n\r\n"
    )
}

#[tokio::test]
async fn every_register_gets_its_challenge_and_with_three_those_of_phones() {
    let (mut world, _) = world(Defence::default()).await;
    let source = "192.0.2.7:5062".parse().unwrap();
    for policy in [ChallengePolicy::Compatible, ChallengePolicy::Sha256] {
        world.set_policy(REALM, policy).await;
        let request = shortest_register();
        let sent = world.receive(source, request.as_bytes());
        assert_eq!(sent.len(), 1, "{policy:?}");
        assert!(sent[0].octets.len() <= request.len() * 3, "{policy:?}");
    }
    world.set_policy(REALM, ChallengePolicy::Rfc8760).await;
    let request = shortest_register();
    assert_eq!(world.receive(source, request.as_bytes()), [], "three challenges are too much for it");
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    assert_eq!(world.receive(source, phone.write(&draft).as_bytes()).len(), 1);
    assert_eq!(withheld(&world), 1);
}

#[tokio::test]
async fn a_source_gets_long_answers_once_it_has_sent_a_nonce_back() {
    let (mut world, scope) = world(Defence { amplification_limit: 1, ..Defence::default() }).await;
    world.credential(&scope, "alice").await;
    let mut phone = Phone { lines: vec![format!("X-Room: {}", "x".repeat(400))], ..Phone::new("alice") };
    let bare = Phone::new("alice").draft_register(&[]);
    let text = phone.write(&bare);
    assert_eq!(world.receive(phone.source, text.as_bytes()), [], "the challenge is longer than the request");
    assert_eq!(withheld(&world), 1);
    let counted = world.node.edge.counters().totals().responses.iter().map(|kind| kind.count).sum::<u64>();
    assert_eq!(counted, 0, "what was not sent is not counted as sent");
    let tcp = crate::world::tcp(phone.source, 3);
    assert_eq!(world.receive_on(0, &tcp, text.as_bytes()).len(), 1, "a connection proves its peer");
    // With a request long enough the phone gets a nonce, and by sending it back, whatever the digest, proves itself.
    phone.password = "wrong".into();
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let authorized = phone.authorize(&draft);
    assert_eq!(world.receive(phone.source, phone.write(&authorized).as_bytes()).len(), 1);
    assert_eq!(world.receive(phone.source, text.as_bytes()).len(), 1);
    let other = "192.0.2.7:5063".parse().unwrap();
    assert_eq!(world.receive(other, text.as_bytes()), [], "another port has proven nothing");
    assert_eq!(withheld(&world), 2);
}

#[tokio::test]
async fn a_nonce_of_another_address_proves_nothing() {
    let (mut world, scope) = world(Defence { amplification_limit: 1, ..Defence::default() }).await;
    world.credential(&scope, "alice").await;
    let mut phone = Phone { lines: vec![format!("X-Room: {}", "x".repeat(400))], ..Phone::new("alice") };
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let victim = "198.51.100.9:5060".parse().unwrap();
    let authorized = phone.authorize(&draft);
    world.receive(victim, phone.write(&authorized).as_bytes());
    let bare = Phone::new("alice").draft_register(&[]);
    assert_eq!(world.receive(victim, phone.write(&bare).as_bytes()), []);
}

#[tokio::test]
async fn options_repeated_in_require_are_no_amplifier() {
    let (mut world, _) = world(Defence::default()).await;
    let mut phone = Phone::new("alice");
    let many = vec!["a"; 300].join(",");
    let draft = phone.draft_register(&[&format!("Require: {many}")]);
    let text = phone.write(&draft);
    assert_eq!(world.receive(phone.source, text.as_bytes()), []);
    assert_eq!(withheld(&world), 1);
}

/// Guesses until the phone is banned; each guess with a fresh challenge.
fn be_banned(world: &mut World, phone: &mut Phone) {
    for guess in 0..20 {
        phone.password = format!("guess {guess}");
        assert_eq!(status(&phone.register(world, &[])), 401);
        assert_ne!(world.last_reason(), AuthReason::Banned, "{guess}");
    }
}

/// The lines that do not follow from the request's number.
fn same_lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("CSeq") && !line.starts_with("Via")).collect()
}

#[tokio::test]
async fn a_ban_looks_like_any_refusal_and_says_so_in_the_event() {
    let (mut world, scope) = world(Defence::default()).await;
    world.credential(&scope, "alice").await;
    for username in ["alice", "nobody"] {
        let mut guesser = Phone { call_id: username.into(), ..Phone::new(username) };
        be_banned(&mut world, &mut guesser);
        let refused = masked(&guesser.register(&mut world, &[]));
        assert_eq!(world.last_reason(), AuthReason::Banned, "{username}");
        guesser.password = crate::world::PASSWORD.into();
        let right = guesser.register(&mut world, &[]);
        assert_eq!(world.last_reason(), AuthReason::Banned, "{username}");
        assert!(!is_stale(&right));
        assert_eq!(same_lines(&refused), same_lines(&masked(&right)));
        world.clock.advance_seconds(600);
        let again = status(&guesser.register(&mut world, &[]));
        assert_eq!(again, if username == "alice" { 200 } else { 401 }, "a ban ends");
    }
    assert_eq!(world.node.edge.counters().totals().throttle.pairs, 2, "invented names are scored alike");
}

#[tokio::test]
async fn a_nonce_that_has_expired_gives_no_guesses_away() {
    let (mut world, scope) = world(Defence::default()).await;
    world.credential(&scope, "alice").await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    world.clock.advance_seconds(crate::world::NONCE_SECONDS + 1);
    for guess in 0..21 {
        phone.password = format!("guess {guess}");
        let draft = phone.draft_register(&[]);
        let draft = phone.authorize_with(&draft, guess + 1, |value| value);
        world.receive(phone.source, phone.write(&draft).as_bytes());
    }
    assert_eq!(world.last_reason(), AuthReason::Banned);
}

#[tokio::test]
async fn forged_failures_never_count() {
    let (mut world, scope) = world(Defence::default()).await;
    world.credential(&scope, "alice").await;
    let mut attacker = Phone::new("alice").at("203.0.113.66:5060");
    let draft = attacker.draft_register(&[]);
    attacker.be_challenged(&mut world, &draft);
    attacker.password = "wrong".into();
    let mut office = Phone { call_id: "office".into(), ..Phone::new("alice") };
    for _ in 0..1_000 {
        let draft = attacker.draft_register(&[]);
        let draft = attacker.authorize(&draft);
        // The office's address on the packet, the attacker's own nonce or an invented one in it.
        world.receive(office.source, attacker.write(&draft).as_bytes());
    }
    assert_eq!(world.last_reason(), AuthReason::ForeignNonce);
    assert_eq!(status(&office.register(&mut world, &[])), 200);
    assert_eq!(world.node.edge.counters().totals().throttle, Default::default());
}

#[tokio::test]
async fn a_retransmitted_failure_counts_once() {
    let (mut world, scope) = world(Defence::default()).await;
    world.credential(&scope, "alice").await;
    let mut phone = Phone { password: "wrong".into(), ..Phone::new("alice") };
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let draft = phone.draft_register(&[]);
    let draft = phone.authorize(&draft);
    for _ in 0..100 {
        world.receive(phone.source, phone.write(&draft).as_bytes());
    }
    phone.password = crate::world::PASSWORD.into();
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
}

#[tokio::test]
async fn a_new_password_or_enabling_again_ends_a_ban() {
    let (mut world, scope) = world(Defence::default()).await;
    let id = world.credential(&scope, "alice").await;
    let mut phone = Phone::new("alice");
    be_banned(&mut world, &mut phone);
    let password = || domain::Password::parse("another horse entirely".into()).unwrap();
    world.update(&scope, id, CredentialUpdate { password: Some(password()), ..CredentialUpdate::default() }).await;
    phone.password = "another horse entirely".into();
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    let mut phone = Phone { call_id: "again".into(), ..Phone::new("alice").at("192.0.2.8:5060") };
    be_banned(&mut world, &mut phone);
    for enabled in [false, true] {
        world.update(&scope, id, CredentialUpdate { enabled: Some(enabled), ..CredentialUpdate::default() }).await;
    }
    phone.password = "another horse entirely".into();
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
}

#[tokio::test]
async fn an_exempt_network_is_never_banned_and_no_ban_of_others_keeps_it_out() {
    let office = domain::Networks::new(vec!["192.0.2.0/24".parse().unwrap()]).unwrap();
    let (mut world, scope) = world(Defence { never_banned: office, ..Defence::default() }).await;
    world.credential(&scope, "alice").await;
    let mut phone = Phone::new("alice");
    be_banned(&mut world, &mut phone);
    be_banned(&mut world, &mut phone);
    assert_eq!(world.last_reason(), AuthReason::WrongPassword);
    // Ten times as many from elsewhere ban the username itself.
    for place in 0..10 {
        let mut stranger =
            Phone { call_id: format!("s{place}"), ..Phone::new("alice").at(&format!("203.0.113.{place}:5060")) };
        be_banned(&mut world, &mut stranger);
    }
    let throttle = world.node.edge.counters().totals().throttle;
    assert_eq!((throttle.pairs, throttle.credentials), (10, 1));
    let mut other = Phone { call_id: "elsewhere".into(), ..Phone::new("alice").at("198.51.100.1:5060") };
    assert_eq!(status(&other.register(&mut world, &[])), 401);
    assert_eq!(world.last_reason(), AuthReason::Banned);
    phone.password = crate::world::PASSWORD.into();
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
}

#[tokio::test]
async fn throttling_can_be_turned_off() {
    let policy = ThrottlePolicy { limit: 0, ..ThrottlePolicy::default() };
    let (mut world, scope) = world(Defence { throttle: policy, ..Defence::default() }).await;
    world.credential(&scope, "alice").await;
    let mut phone = Phone::new("alice");
    be_banned(&mut world, &mut phone);
    be_banned(&mut world, &mut phone);
    assert_eq!(world.last_reason(), AuthReason::WrongPassword);
}

fn precedence(world: &mut World, source: &str, octets: &[u8], crowding: Crowding) -> Precedence {
    let (flow, node) = (crate::world::udp(source.parse().unwrap()), &mut world.node);
    node.edge.precedence(&mut node.scratch, Received { lane: 0, flow: &flow, octets }, crowding)
}

#[tokio::test]
async fn phones_go_first_and_made_up_credentials_do_not() {
    let (mut world, scope) = world(Defence::default()).await;
    world.credential(&scope, "alice").await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    let bare = phone.write(&draft);
    assert_eq!(precedence(&mut world, "192.0.2.7:5062", bare.as_bytes(), Crowding::Heavy), Precedence::Ordinary);
    phone.be_challenged(&mut world, &draft);
    let authorized = phone.authorize(&draft);
    let text = phone.write(&authorized);
    for (source, crowding, expected) in [
        ("192.0.2.7:5062", Crowding::Heavy, Precedence::First),
        // Looked for only where it matters.
        ("192.0.2.7:5062", Crowding::Light, Precedence::Ordinary),
        ("203.0.113.9:5062", Crowding::Heavy, Precedence::Ordinary),
    ] {
        assert_eq!(precedence(&mut world, source, text.as_bytes(), crowding), expected, "{source} {crowding:?}");
    }
    let invented = text.replace("nonce=\"", "nonce=\"x");
    assert_eq!(precedence(&mut world, "192.0.2.7:5062", invented.as_bytes(), Crowding::Heavy), Precedence::Ordinary);
    world.receive(phone.source, text.as_bytes());
    assert_eq!(precedence(&mut world, "192.0.2.7:5062", bare.as_bytes(), Crowding::Light), Precedence::First);
}

#[tokio::test]
async fn what_is_turned_away_is_told_when_to_come_back_at_a_bounded_rate() {
    let (mut world, _) = world(Defence::default()).await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    let ack = phone.draft("ACK", "sip:ma-aaaaaaaa.example.test");
    let (register, ack) = (phone.write(&draft), phone.write(&ack));
    let (flow, node) = (phone.flow, &mut world.node);
    node.outbox.clear();
    for text in [&ack, &register].into_iter().cycle().take(1_000) {
        let received = Received { lane: 0, flow: &flow, octets: text.as_bytes() };
        node.edge.shed(&mut node.scratch, received, &mut node.outbox);
    }
    let answers = node.outbox.messages().iter().map(|message| node.outbox.octets_of(message));
    let answers: Vec<_> = answers.map(|octets| String::from_utf8_lossy(octets).into_owned()).collect();
    assert_eq!(answers.len(), 50, "a hundred a second, and never to an ACK");
    assert!(
        answers.iter().all(|answer| answer.starts_with("SIP/2.0 503 ") && answer.contains("\r\nRetry-After: 5\r\n"))
    );
    assert_eq!(node.edge.counters().totals().shed, 1_000);
}

#[tokio::test]
async fn a_source_rate_holds_over_every_transport() {
    let (mut world, scope) = world(Defence { source_rate: 5, ..Defence::default() }).await;
    world.credential(&scope, "alice").await;
    let mut phone = Phone::new("alice");
    let tcp = crate::world::tcp(phone.source, 1);
    let answered = |world: &mut World, phone: &mut Phone, flow: &sip_transport::Flow| {
        let draft = phone.draft_register(&[]);
        world.receive_on(0, flow, phone.write(&draft).as_bytes()).len()
    };
    let udp = phone.flow;
    let first: usize = [udp, tcp].iter().cycle().take(20).map(|flow| answered(&mut world, &mut phone, flow)).sum();
    assert_eq!(first, 5);
    let elsewhere = crate::world::udp("192.0.2.8:5060".parse().unwrap());
    assert_eq!(answered(&mut world, &mut phone, &elsewhere), 1);
    world.clock.advance_seconds(1);
    assert_eq!(answered(&mut world, &mut phone, &udp), 1);
    assert_eq!(world.node.edge.counters().totals().beyond_rate, 15);
}
