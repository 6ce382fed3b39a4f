//! REGISTER from the challenge to the 200.

use crate::phone::{Phone, challenge_of, header, status, with_response};
use crate::world::{DOMAIN, World};
use domain::AuthReason;

#[tokio::test]
async fn the_answer_lists_bindings_date_and_our_own_proof() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let draft = phone.draft_register(&[
        "Contact: <sip:alice@192.0.2.7:5062>;q=0.5;+sip.instance=\"<urn:x:1>\";reg-id=2",
        "Expires: 600",
        "Path: <sip:p1.test;lr>",
        "Path: <sip:p2.test;lr>",
    ]);
    let signed = phone.authorize(&draft);
    let sent = phone.send(&mut world, &signed);
    assert_eq!(status(&sent), 200);
    assert_eq!(
        header(&sent, "Contact").as_deref(),
        Some("<sip:alice@192.0.2.7:5062>;expires=600;q=0.500;+sip.instance=\"<urn:x:1>\";reg-id=2")
    );
    assert_eq!(header(&sent, "Date").as_deref(), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert!(String::from_utf8_lossy(&sent.octets).contains("Path: <sip:p1.test;lr>\r\nPath: <sip:p2.test;lr>\r\n"));
    assert_eq!(header(&sent, "WWW-Authenticate"), None);
    // The phone checks that the server knows its HA1 too (RFC 7616 section 3.5).
    let info = header(&sent, "Authentication-Info").unwrap();
    let rspauth = info.split("rspauth=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(
        info.contains("cnonce=\"0a4f113b\"") && info.contains("nc=00000001") && info.contains("qop=auth"),
        "{info}"
    );
    let held = phone.challenge.clone().unwrap();
    with_response(&held, |response| {
        let answer = phone.answer(&challenge_of(response), &draft, 1);
        assert!(answer.accepts_response_auth(rspauth.as_bytes(), b"").unwrap());
        let other = phone.answer(&challenge_of(response), &draft, 2);
        assert!(!other.accepts_response_auth(rspauth.as_bytes(), b"").unwrap());
    });
    let event = world.events().pop().unwrap();
    assert_eq!(event.reason, AuthReason::Ok);
    assert_eq!((&*event.username, &*event.host), ("alice", DOMAIN));
    assert!(event.credential.is_some() && event.account.is_some());
}

#[tokio::test]
async fn phones_of_one_user_are_all_listed_and_a_query_changes_nothing() {
    let mut world = World::new().await;
    let mut desk = Phone { contact: "<sip:alice@10.0.0.1>".into(), call_id: "desk".into(), ..Phone::new("alice") };
    let mut cell = Phone { contact: "<sip:alice@10.0.0.2>".into(), call_id: "cell".into(), ..Phone::new("alice") };
    assert_eq!(status(&desk.register(&mut world, &["Expires: 600"])), 200);
    world.clock.advance_seconds(100);
    let sent = cell.register(&mut world, &["Expires: 300"]);
    let both = "<sip:alice@10.0.0.1>;expires=500, <sip:alice@10.0.0.2>;expires=300";
    assert_eq!(header(&sent, "Contact").as_deref(), Some(both));
    let mut draft = cell.draft_register(&[]);
    draft.lines.clear();
    let draft = cell.authorize(&draft);
    assert_eq!(header(&cell.send(&mut world, &draft), "Contact").as_deref(), Some(both));
    world.clock.advance_seconds(300);
    let sent = desk.register_again(&mut world, &["Expires: 600"]);
    assert_eq!(header(&sent, "Contact").as_deref(), Some("<sip:alice@10.0.0.1>;expires=600"));
}

#[tokio::test]
async fn a_retransmission_gets_the_same_octets_and_costs_nothing() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let draft = phone.draft_register(&[]);
    let draft = phone.authorize(&draft);
    let first = phone.send(&mut world, &draft);
    assert_eq!(status(&first), 200);
    let events = world.events().len();
    for _ in 0..10 {
        world.clock.advance_seconds(3);
        assert_eq!(phone.send(&mut world, &draft), first);
    }
    assert_eq!(world.events().len(), events);
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
}

#[tokio::test]
async fn a_retransmitted_refusal_of_the_registrar_is_the_same_too() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let draft = phone.draft_register(&["Expires: 10"]);
    let draft = phone.authorize(&draft);
    let first = phone.send(&mut world, &draft);
    assert_eq!(status(&first), 423);
    assert_eq!(header(&first, "Min-Expires").as_deref(), Some("60"));
    assert_eq!(phone.send(&mut world, &draft), first);
}

#[tokio::test]
async fn nobody_registers_for_another() {
    let mut world = World::new().await;
    for (to, expected) in [
        ("<sip:bob@ma-aaaaaaaa.example.test>", 403),
        ("<sip:nobody@ma-aaaaaaaa.example.test>", 403),
        ("<sip:ma-aaaaaaaa.example.test>", 403),
        ("<sip:ALICE@ma-aaaaaaaa.example.test>", 403),
        ("<tel:+15550100>", 403),
        ("\"Alice\" <sip:%61lice@MA_AAAAAAAA.example.test:5060;user=phone>", 200),
        ("<sip:alice@198.51.100.1>", 200),
    ] {
        let mut phone = Phone { call_id: format!("c{expected}-{}", to.len()), ..Phone::new("alice") };
        let draft = phone.draft_register(&[]);
        phone.be_challenged(&mut world, &draft);
        let mut draft = phone.draft_register(&[]);
        draft.to = to.into();
        let draft = phone.authorize(&draft);
        assert_eq!(status(&phone.send(&mut world, &draft)), expected, "{to}");
        assert_eq!(world.last_reason(), AuthReason::Ok);
    }
    assert_eq!(world.bindings("bob"), 0);
}

#[tokio::test]
async fn authentication_is_by_username_whoever_from_is() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let text = |phone: &Phone, draft| phone.write(draft).replace("From: <sip:alice@", "From: <sip:+15550100@");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let draft = phone.authorize(&draft);
    let sent = world.receive(phone.source, text(&phone, &draft).as_bytes());
    assert_eq!(status(&sent[0]), 200);
}

#[tokio::test]
async fn what_the_registrar_refuses_is_answered_by_its_rule() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    let many: Vec<_> = (0..21).map(|number| format!("<sip:a@{number}.test>")).collect();
    for (lines, expected) in [
        (&["Contact: *"][..], 400),
        (&["Contact: *", "Expires: 60"], 400),
        (&["Contact: <sip:a@1.test>;q=7"], 400),
        (&["Contact: <sip:a@1.test>", "Expires: x"], 400),
        (&["Contact: <sip:a@1.test>;expires=59"], 423),
        (&[&format!("Contact: {}", many.join(", "))], 403),
    ] {
        let draft = phone.draft_register(lines);
        let draft = phone.authorize(&draft);
        assert_eq!(status(&phone.send(&mut world, &draft)), expected, "{lines:?}");
    }
    let mut draft = phone.draft_register(&[]);
    draft.cseq = 1;
    let draft = phone.authorize(&draft);
    assert_eq!(status(&phone.send(&mut world, &draft)), 500);
    assert_eq!(world.bindings("alice"), 1);
}

/// RFC 3261 section 20.10: an hour, and in the order of intervals before the Expires header.
#[tokio::test]
async fn an_expires_parameter_that_is_no_number_is_an_hour() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let sent = phone.register(&mut world, &["Contact: <sip:alice@192.0.2.7:5062>;expires=\"soon\"", "Expires: 90"]);
    assert_eq!(status(&sent), 200);
    assert_eq!(header(&sent, "Contact").as_deref(), Some("<sip:alice@192.0.2.7:5062>;expires=3600"));
}

/// Either header is accepted, and credentials for another realm beside ours do no harm.
#[tokio::test]
async fn credentials_are_found_among_others_and_in_either_header() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let foreign = "Digest username=\"a\", realm=\"elsewhere\", nonce=\"n\", uri=\"sip:x\", response=\"00000000000000000000000000000000\"";
    for (before, name) in [
        (format!("Authorization: {foreign}"), "Authorization"),
        (format!("Proxy-Authorization: {foreign}"), "Authorization"),
        ("Authorization: Basic YTpi".to_owned(), "Authorization"),
        (format!("Authorization: {foreign}"), "Proxy-Authorization"),
    ] {
        let draft = phone.draft_register(&[]);
        let mut draft = phone.authorize(&draft);
        draft.lines[0] = draft.lines[0].replace("Authorization:", &format!("{name}:"));
        draft.lines.insert(0, before);
        assert_eq!(status(&phone.send(&mut world, &draft)), 200, "{:?}", draft.lines);
    }
    // A scheme that is not ours is as good as none (RFC 4475 section 3.3.7).
    let mut draft = phone.draft_register(&[]);
    draft.lines.push("Authorization: NoOneKnowsThisScheme opaque-data=here".into());
    assert_eq!(status(&phone.send(&mut world, &draft)), 401);
    assert_eq!(world.last_reason(), AuthReason::Challenge);
}

/// Twenty contacts of four thousand octets do not go into one datagram: they are refused before anything is kept, and
/// what fits is listed whole.
#[tokio::test]
async fn an_answer_is_never_cut() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let contact = |number: usize| format!("Contact: <sip:{}{number}@h.test>", "a".repeat(4_000));
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let mut refused = 0;
    for number in 0..20 {
        let kept = world.bindings("alice");
        let sent = phone.register_again(&mut world, &[&contact(number)]);
        assert!(sent.octets.len() < 65_487);
        match status(&sent) {
            200 => assert_eq!(header(&sent, "Contact").unwrap().matches("<sip:").count(), kept + 1),
            513 => {
                refused += 1;
                assert_eq!(world.bindings("alice"), kept);
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!((world.bindings("alice"), refused), (14, 6));
    // Its bindings can still be refreshed and given up.
    assert_eq!(status(&phone.register_again(&mut world, &[&contact(3)])), 200);
}

/// The headers that an answer repeats fill a datagram by themselves: 513 where that fits, else nothing.
#[tokio::test]
async fn no_answer_is_larger_than_a_datagram() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let mut seen = std::collections::BTreeSet::new();
    for octets in 65_000..65_487 {
        // As little as a request can have that its answer does not repeat.
        let mut text = phone.write(&phone.clone().draft_register(&["Via: SIP/2.0/UDP h.test;x=FILLER"]));
        let contact = format!("Contact: {}\r\n", phone.contact);
        for needless in ["Max-Forwards: 70\r\n", "User-Agent: phone/1\r\n", ";tag=from", ";rport", &contact] {
            text = text.replace(needless, "");
        }
        text = text.replace("REGISTER sip:ma-aaaaaaaa.example.test", "REGISTER sip:h").replace("192.0.2.7:5062", "h");
        text = text.replace("FILLER", &"x".repeat(octets - text.len()));
        phone.cseq += 1;
        let answers = world.receive(phone.source, text.as_bytes());
        assert!(answers.iter().all(|answer| answer.octets.len() <= 65_487));
        seen.insert(answers.first().map(status));
    }
    assert_eq!(seen, [None, Some(401), Some(513)].into());
}
