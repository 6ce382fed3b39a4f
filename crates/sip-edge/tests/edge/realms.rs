//! Which realm a request is challenged for.

use crate::phone::{Phone, challenges_of, status, with_response};
use crate::world::{Options, REALM, World};
use domain::AuthReason;

fn realm_asked(world: &mut World, phone: &mut Phone, uri: &str, to: &str) -> String {
    let mut draft = phone.draft_register(&[]);
    draft.uri = uri.into();
    draft.to = format!("<{to}>");
    let sent = phone.send(world, &draft);
    with_response(&sent.octets, |response| {
        String::from_utf8(challenges_of(response)[0].realm.unwrap().to_vec()).unwrap()
    })
}

#[tokio::test]
async fn the_host_leads_to_the_realm() {
    let mut world = World::new().await;
    world.account("MA_BBBBBBBB", Some("old.pbx.test")).await;
    let phone = &mut Phone::new("alice");
    let nobody = "example.test";
    for (uri, to, expected) in [
        ("sip:ma-aaaaaaaa.example.test", "sip:alice@old.pbx.test", REALM),
        ("sip:MA_AAAAAAAA.EXAMPLE.TEST.:5080;transport=udp", "sip:alice@x.test", REALM),
        ("sip:old.pbx.test", "sip:alice@x.test", "old.pbx.test"),
        ("sip:ma-bbbbbbbb.example.test", "sip:alice@x.test", "old.pbx.test"),
        ("sip:198.51.100.1", "sip:alice@old.pbx.test", "old.pbx.test"),
        ("sip:[2001:db8::1]", "sip:alice@ma-aaaaaaaa.example.test", REALM),
        ("sip:198.51.100.1", "sip:alice@198.51.100.1", nobody),
        ("sip:x.test", "sip:alice@x.test", nobody),
    ] {
        assert_eq!(realm_asked(&mut world, phone, uri, to), expected, "{uri} {to}");
    }
    // Outside REGISTER it is From that tells, after the Request-URI.
    phone.host = "old.pbx.test".into();
    let draft = phone.draft("OPTIONS", "sip:198.51.100.1");
    let sent = phone.send(&mut world, &draft);
    assert!(String::from_utf8_lossy(&sent.octets).contains("realm=\"old.pbx.test\""));
}

#[tokio::test]
async fn the_only_account_answers_for_a_bare_address() {
    let mut world = World::new().await;
    let mut phone = Phone { host: "198.51.100.1".into(), ..Phone::new("alice") };
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    assert_eq!(world.bindings("alice"), 1);
}

#[tokio::test]
async fn a_default_account_answers_among_several() {
    let options = Options { default_account: Some("MA_BBBBBBBB"), ..Options::default() };
    let mut world = World::empty(options).await;
    let one = world.account("MA_AAAAAAAA", None).await;
    let other = world.account("MA_BBBBBBBB", None).await;
    world.credential(&one, "alice").await;
    world.credential(&other, "bob").await;
    for (username, expected) in [("alice", 401), ("bob", 200)] {
        let mut phone = Phone { host: "198.51.100.1".into(), ..Phone::new(username) };
        assert_eq!(status(&phone.register(&mut world, &[])), expected, "{username}");
    }
}

#[tokio::test]
async fn without_a_realm_nobody_verifies() {
    let mut world = World::new().await;
    world.account("MA_BBBBBBBB", None).await;
    let mut phone = Phone { host: "198.51.100.1".into(), ..Phone::new("alice") };
    assert_eq!(status(&phone.register(&mut world, &[])), 401);
    let event = world.events().pop().unwrap();
    assert_eq!((event.reason, event.account, event.credential), (AuthReason::UnknownUser, None, None));
}

#[tokio::test]
async fn a_host_of_another_realm_is_no_address_of_mine() {
    let mut world = World::new().await;
    let other = world.account("MA_BBBBBBBB", None).await;
    world.credential(&other, "zoe").await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let mut draft = phone.draft_register(&[]);
    draft.to = "<sip:alice@ma-bbbbbbbb.example.test>".into();
    let draft = phone.authorize(&draft);
    assert_eq!(status(&phone.send(&mut world, &draft)), 403);
    // Nor can it call there by its own realm's name.
    let invite = phone.request(&mut world, "INVITE", "sip:zoe@ma-bbbbbbbb.example.test");
    assert_eq!(status(&invite), 407);
    // A credential of one realm is a stranger in the other.
    let mut stranger = Phone { host: "ma-bbbbbbbb.example.test".into(), ..Phone::new("bob") };
    assert_eq!(status(&stranger.register(&mut world, &[])), 401);
    assert_eq!(world.last_reason(), AuthReason::UnknownUser);
}

#[tokio::test]
async fn accounts_that_share_a_realm_keep_their_events_apart() {
    let mut world = World::empty(Options::default()).await;
    let one = world.account("MA_AAAAAAAA", Some("shared.test")).await;
    let other = world.account("MA_BBBBBBBB", Some("shared.test")).await;
    let (alice, bob) = (world.credential(&one, "alice").await, world.credential(&other, "bob").await);
    let mut accounts = Vec::new();
    for (username, host, id) in [
        ("alice", "shared.test", alice),
        ("bob", "shared.test", bob),
        // Any host of the realm will do, also the other account's own.
        ("bob", "ma-aaaaaaaa.example.test", bob),
    ] {
        let mut phone = Phone { host: host.into(), call_id: format!("{username}-{host}"), ..Phone::new(username) };
        assert_eq!(status(&phone.register(&mut world, &[])), 200, "{username} at {host}");
        let event = world.events().pop().unwrap();
        assert_eq!(event.credential, Some(id));
        accounts.push(event.account.unwrap());
    }
    assert_ne!(accounts[0], accounts[1]);
    assert_eq!(accounts[1], accounts[2]);
}
