//! Everything but REGISTER.

use crate::phone::{Phone, header, status};
use crate::world::World;
use domain::AuthReason;

#[tokio::test]
async fn other_methods_are_challenged_by_407_and_answered_by_their_rule() {
    let mut world = World::new().await;
    for (method, uri, expected) in [
        ("OPTIONS", "sip:ma-aaaaaaaa.example.test", 200),
        ("OPTIONS", "sip:bob@ma-aaaaaaaa.example.test", 200),
        ("INVITE", "sip:bob@ma-aaaaaaaa.example.test", 480),
        ("INVITE", "sip:b%6Fb@198.51.100.1", 480),
        ("INVITE", "sip:nobody@ma-aaaaaaaa.example.test", 404),
        ("INVITE", "sip:ma-aaaaaaaa.example.test", 404),
        ("BYE", "sip:bob@ma-aaaaaaaa.example.test", 481),
        ("MESSAGE", "sip:bob@ma-aaaaaaaa.example.test", 480),
        ("SUBSCRIBE", "sip:bob@ma-aaaaaaaa.example.test", 405),
        ("FOO", "sip:bob@ma-aaaaaaaa.example.test", 480),
        ("FOO", "sip:ma-aaaaaaaa.example.test", 501),
        ("options", "sip:ma-aaaaaaaa.example.test", 501),
    ] {
        let mut phone = Phone { call_id: format!("{method}-{}", uri.len()), ..Phone::new("alice") };
        let sent = phone.request(&mut world, method, uri);
        assert_eq!(status(&sent), expected, "{method} {uri}");
        assert_eq!(world.last_reason(), AuthReason::Ok);
        assert_eq!(header(&sent, "Allow").is_some(), matches!(expected, 200 | 405), "{method}");
        world.clock.advance_seconds(33);
    }
}

#[tokio::test]
async fn a_name_longer_than_any_username_is_nobody() {
    let mut world = World::new().await;
    let uri = format!("sip:{}@ma-aaaaaaaa.example.test", "x".repeat(65));
    assert_eq!(status(&Phone::new("alice").request(&mut world, "INVITE", &uri)), 404);
}

#[tokio::test]
async fn there_are_no_dialogs_to_be_inside_of() {
    let mut world = World::new().await;
    for method in ["INVITE", "OPTIONS", "BYE", "INFO", "UPDATE"] {
        let mut phone = Phone { call_id: method.into(), ..Phone::new("alice") };
        let uri = "sip:bob@ma-aaaaaaaa.example.test";
        let draft = phone.draft(method, uri);
        phone.be_challenged(&mut world, &draft);
        let mut draft = phone.draft(method, uri);
        draft.to.push_str(";tag=peer");
        let draft = phone.authorize(&draft);
        let sent = phone.send(&mut world, &draft);
        assert_eq!(status(&sent), 481, "{method}");
        assert!(header(&sent, "To").unwrap().ends_with(";tag=peer"), "a tag that is there stays");
    }
}

#[tokio::test]
async fn cancel_and_ack_are_never_challenged() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let cancel = phone.draft("CANCEL", "sip:bob@ma-aaaaaaaa.example.test");
    assert_eq!(status(&phone.send(&mut world, &cancel)), 481);
    let ack = phone.draft("ACK", "sip:bob@ma-aaaaaaaa.example.test");
    assert_eq!(world.receive(phone.source, phone.write(&ack).as_bytes()), []);
    assert!(world.events().is_empty());
}

#[tokio::test]
async fn retransmitted_invites_get_the_same_final_answer() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let uri = "sip:bob@ma-aaaaaaaa.example.test";
    let draft = phone.draft("INVITE", uri);
    phone.be_challenged(&mut world, &draft);
    let draft = phone.draft("INVITE", uri);
    let draft = phone.authorize(&draft);
    let first = phone.send(&mut world, &draft);
    assert_eq!(status(&first), 480);
    let events = world.events().len();
    assert_eq!(phone.send(&mut world, &draft), first);
    // Its ACK has the same branch and is swallowed.
    let ack = crate::phone::Draft { method: "ACK".into(), ..draft };
    assert_eq!(world.receive(phone.source, phone.write(&ack).as_bytes()), []);
    assert_eq!(world.events().len(), events);
}
