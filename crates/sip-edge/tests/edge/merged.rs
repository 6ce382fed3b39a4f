//! Requests that come twice by different paths, and CANCEL.

use crate::phone::{Draft, Phone, header, status};
use crate::world::{World, tcp};

const BOB: &str = "sip:bob@ma-aaaaaaaa.example.test";

/// A phone, the request it has just had answered, and the same request with the next nonce-count.
async fn answered(method: &str) -> (World, Phone, Draft, Draft) {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft(method, BOB);
    phone.be_challenged(&mut world, &draft);
    let draft = phone.draft(method, BOB);
    let (first, second) = (phone.authorize(&draft), phone.authorize(&draft));
    assert!(status(&phone.send(&mut world, &first)) >= 200);
    (world, phone, first, second)
}

/// The draft by another path: with another branch.
fn by_another_path(phone: &Phone, draft: &Draft) -> String {
    let text = phone.write(draft).replace("branch=z9hG4bK-", "branch=z9hG4bK-other-");
    assert!(text.contains("z9hG4bK-other-"));
    text
}

#[tokio::test]
async fn a_copy_by_another_path_is_answered_482() {
    for method in ["INVITE", "OPTIONS", "MESSAGE"] {
        let (mut world, phone, _, second) = answered(method).await;
        let copy = by_another_path(&phone, &second);
        assert_eq!(status(&world.receive(phone.source, copy.as_bytes())[0]), 482, "{method}");
        world.clock.advance_seconds(33);
        let mut phone = Phone { call_id: "later".into(), ..Phone::new("alice") };
        assert_ne!(status(&phone.request(&mut world, method, BOB)), 482, "{method}");
    }
}

#[tokio::test]
async fn a_copy_without_credentials_or_with_spent_ones_is_challenged_like_any_other() {
    let (mut world, mut phone, first, _) = answered("INVITE").await;
    let bare = phone.draft("INVITE", BOB);
    let bare = by_another_path(&phone, &Draft { cseq: first.cseq, ..bare });
    assert_eq!(status(&world.receive(phone.source, bare.as_bytes())[0]), 407, "a stranger learns nothing");
    let spent = by_another_path(&phone, &first);
    assert_eq!(status(&world.receive(phone.source, spent.as_bytes())[0]), 407, "a phone can answer this one");
}

#[tokio::test]
async fn a_phone_that_tries_another_way_with_the_same_cseq_is_let_in() {
    let (mut world, phone, _, second) = answered("OPTIONS").await;
    let copy = by_another_path(&phone, &second);
    let flow = tcp("192.0.2.7:40000".parse().unwrap(), 7);
    assert_eq!(status(&world.receive_on(0, &flow, copy.as_bytes())[0]), 200, "over TCP");

    let (mut world, phone, _, second) = answered("OPTIONS").await;
    let copy = by_another_path(&phone, &second);
    assert_eq!(status(&world.receive("192.0.2.7:5099".parse().unwrap(), copy.as_bytes())[0]), 200, "another port");

    let (mut world, phone, _, second) = answered("OPTIONS").await;
    world.clock.advance_seconds(31);
    let copy = by_another_path(&phone, &second);
    assert_eq!(status(&world.receive(phone.source, copy.as_bytes())[0]), 200, "after it has given up");
}

#[tokio::test]
async fn a_connection_that_broke_leaves_no_transaction_behind() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    phone.flow = tcp(phone.source, 1);
    let draft = phone.draft("OPTIONS", BOB);
    phone.be_challenged(&mut world, &draft);
    let draft = phone.draft("OPTIONS", BOB);
    let (first, second) = (phone.authorize(&draft), phone.authorize(&draft));
    assert_eq!(status(&phone.send(&mut world, &first)), 200);
    let copy = by_another_path(&phone, &second);
    for connection in [1, 2] {
        let flow = tcp(phone.source, connection);
        let sent = world.receive_on(0, &flow, copy.as_bytes());
        // The second time its nonce-count is spent, and it is asked again.
        assert!(matches!(status(&sent[0]), 200 | 407), "{connection}");
    }
}

#[tokio::test]
async fn cancel_is_200_for_an_invite_still_remembered() {
    for connection in [None, Some(3)] {
        let mut world = World::new().await;
        let mut phone = Phone::new("alice");
        if let Some(connection) = connection {
            phone.flow = tcp(phone.source, connection);
        }
        let draft = phone.draft("INVITE", BOB);
        phone.be_challenged(&mut world, &draft);
        let draft = phone.draft("INVITE", BOB);
        let draft = phone.authorize(&draft);
        let refused = phone.send(&mut world, &draft);
        assert_eq!(status(&refused), 480);
        let invite = phone.write(&draft);
        let cancel = phone
            .write(&Draft { method: "CANCEL".into(), lines: Vec::new(), ..draft.clone() })
            .replace("-CANCEL-", "-INVITE-");
        assert_eq!(cancel.lines().nth(1), invite.lines().nth(1), "the same Via");
        let sent = world.receive_on(0, &phone.flow, cancel.as_bytes());
        assert_eq!(status(&sent[0]), 200);
        assert_eq!(header(&sent[0], "To"), header(&refused, "To"), "with the INVITE's own To tag");
        let stranger = Phone::new("alice").at("203.0.113.9:5060");
        assert_eq!(status(&world.receive(stranger.source, cancel.as_bytes())[0]), 481, "not from elsewhere");
        let other = cancel.replace("branch=z9hG4bK-", "branch=z9hG4bK-other-");
        assert_eq!(status(&world.receive_on(0, &phone.flow, other.as_bytes())[0]), 481);
        world.clock.advance_seconds(33);
        assert_eq!(status(&world.receive_on(0, &phone.flow, cancel.as_bytes())[0]), 481, "it is over");
    }
}

#[tokio::test]
async fn an_invite_that_was_only_challenged_is_not_remembered() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft("INVITE", BOB);
    phone.be_challenged(&mut world, &draft);
    let cancel = phone.write(&Draft { method: "CANCEL".into(), ..draft }).replace("-CANCEL-", "-INVITE-");
    assert_eq!(status(&world.receive(phone.source, cancel.as_bytes())[0]), 481);
}
