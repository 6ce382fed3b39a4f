//! Where responses go (RFC 3261 section 18.2.2, RFC 3581 section 4).

use crate::phone::Phone;
use crate::world::{World, tcp};

#[tokio::test]
async fn responses_go_to_the_source_and_nowhere_else() {
    let mut world = World::new().await;
    let source = "192.0.2.7:40000".parse().unwrap();
    let mut phone = Phone::new("alice").at("192.0.2.7:40000");
    let draft = phone.draft_register(&[]);
    let text = phone.write(&draft);
    let (start, rest) = text.split_once("Via: ").unwrap();
    let (_, rest) = rest.split_once("\r\n").unwrap();
    for (via, destination, written) in [
        ("10.0.0.1:5070;branch=z9hG4bK1;rport", "192.0.2.7:40000", ";received=192.0.2.7;rport=40000"),
        ("10.0.0.1:5070;branch=z9hG4bK1;rport=9", "192.0.2.7:40000", ";received=192.0.2.7;rport=40000"),
        ("10.0.0.1:5070;branch=z9hG4bK1", "192.0.2.7:5070", ";received=192.0.2.7"),
        ("10.0.0.1;branch=z9hG4bK1", "192.0.2.7:5060", ";received=192.0.2.7"),
        ("phone.invalid;branch=z9hG4bK1", "192.0.2.7:5060", ";received=192.0.2.7"),
        ("192.0.2.7:5070;branch=z9hG4bK1", "192.0.2.7:5070", ""),
        // Neither a multicast address nor what another server noted turns a response to a third party.
        ("10.0.0.1;maddr=203.0.113.5;branch=z9hG4bK1", "192.0.2.7:5060", ";received=192.0.2.7"),
        ("10.0.0.1;received=203.0.113.5;branch=z9hG4bK1", "192.0.2.7:5060", ";received=192.0.2.7"),
    ] {
        let text = format!("{start}Via: SIP/2.0/UDP {via}\r\n{rest}");
        let sent = world.receive(source, text.as_bytes());
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].destination, destination.parse().unwrap(), "{via}");
        let answer = String::from_utf8(sent[0].octets.clone()).unwrap();
        let top = answer.lines().nth(1).unwrap();
        assert!(top.ends_with(written), "{top}");
        assert!(!top.contains("203.0.113.5") || via.contains("maddr"), "{top}");
        let sent = world.receive_on(0, &tcp(source, 7), text.as_bytes());
        assert_eq!(sent[0].destination, source, "over a connection, back over it");
    }
}

#[tokio::test]
async fn every_via_comes_back_in_order() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone
        .draft_register(&["Via: SIP/2.0/TCP p1.test;branch=z9hG4bKa, SIP/2.0/UDP p2.test", "v: SIP/2.0/UDP p3.test"]);
    let sent = phone.send(&mut world, &draft);
    let text = String::from_utf8(sent.octets).unwrap();
    let vias: Vec<_> = text.lines().filter(|line| line.starts_with("Via: ")).collect();
    assert_eq!(vias.len(), 3);
    assert_eq!(vias[1], "Via: SIP/2.0/TCP p1.test;branch=z9hG4bKa, SIP/2.0/UDP p2.test");
    assert_eq!(vias[2], "Via: SIP/2.0/UDP p3.test");
}
