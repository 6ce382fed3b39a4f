//! What is found wrong first (PRODUCT: parse, scheme, hops, extensions, authentication, authorisation, method).

use crate::phone::{Phone, header, status};
use crate::world::World;
use domain::AuthReason;

/// Every fault at once, from the one found first; each step mends one.
#[tokio::test]
async fn faults_are_found_in_their_order() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&["Require: precondition, path", "Proxy-Require: foo"]);
    let mut text = phone.write(&draft).replace(&draft.to, "<sip:bob@ma-aaaaaaaa.example.test>");
    for (old, new) in [
        ("REGISTER sip:ma-aaaaaaaa.example.test SIP/2.0", "REGISTER soap:ma-aaaaaaaa.example.test SIP/7.0"),
        ("Max-Forwards: 70", "Max-Forwards: 0"),
        ("Call-ID: call-of-alice\r\n", ""),
    ] {
        assert!(text.contains(old));
        text = text.replace(old, new);
    }
    for (expected, old, new) in [
        (505, "SIP/7.0", "SIP/2.0"),
        (400, "From:", "Call-ID: call-of-alice\r\nFrom:"),
        (416, "REGISTER soap:", "REGISTER sip:"),
        (483, "Max-Forwards: 0", "Max-Forwards: 70"),
        (420, "Require: precondition, path\r\nProxy-Require: foo", "Require: path"),
    ] {
        let sent = world.receive(phone.source, text.as_bytes());
        assert_eq!(status_of(&sent[0].octets), expected, "{text}");
        assert!(world.events().is_empty(), "{expected} is no attempt to authenticate");
        text = text.replace(old, new);
    }
    let sent = world.receive(phone.source, text.as_bytes());
    assert_eq!(status(&sent[0]), 401);
    assert_eq!(world.last_reason(), AuthReason::Challenge);
    // Authorisation before the registrar's own rules, and those last.
    phone.challenge = Some(sent[0].octets.clone());
    for (to, expected) in [("bob", 403), ("alice", 400)] {
        let mut draft = phone.draft_register(&["Contact: *"]);
        draft.to = format!("<sip:{to}@ma-aaaaaaaa.example.test>");
        let draft = phone.authorize(&draft);
        assert_eq!(status(&phone.send(&mut world, &draft)), expected);
    }
}

#[tokio::test]
async fn what_breaks_the_grammar_is_told_to_whoever_sent_it() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    let text = phone.write(&draft);
    for (old, new, expected) in [
        ("CSeq: 1 REGISTER", "CSeq: 1 INVITE", 400),
        ("CSeq: 1 REGISTER", "CSeq: 4294967296 REGISTER", 400),
        ("From: <sip:", "From: <", 400),
        ("To: <sip:alice@", "To: sip:alice <@", 400),
        ("Max-Forwards: 70", "Max-Forwards: 256", 400),
        ("REGISTER sip:ma-aaaaaaaa.example.test SIP", "REGISTER <sip:ma-aaaaaaaa.example.test> SIP", 400),
        ("Content-Length: 0", "Content-Length: 5", 400),
        ("Content-Length: 0", "Contact: <sip:x@", 400),
        ("Max-Forwards: 70", "Max-Forwards: 70\r\nMax-Forwards: 70", 400),
    ] {
        let broken = text.replace(old, new);
        assert_ne!(broken, text, "{old}");
        let sent = world.receive(phone.source, broken.as_bytes());
        assert_eq!(status_of(&sent[0].octets), expected, "{new}");
        assert_eq!(sent[0].destination, phone.source);
    }
    let long = text.replace("REGISTER sip:", &format!("REGISTER sip:{}@", "x".repeat(3000)));
    assert_eq!(status_of(&world.receive(phone.source, long.as_bytes())[0].octets), 414);
    assert!(world.events().is_empty());
}

/// The status of an answer that copies faults of its request and so may not pass a check itself.
fn status_of(octets: &[u8]) -> u16 {
    std::str::from_utf8(&octets[8..11]).unwrap().parse().unwrap()
}

#[tokio::test]
async fn unsupported_extensions_are_named() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&["Require: path, PATH, OUTBOUND, gruu"]);
    let sent = phone.send(&mut world, &draft);
    assert_eq!(status(&sent), 420);
    assert_eq!(header(&sent, "Unsupported").as_deref(), Some("gruu"));
    let draft = phone.draft_register(&["Require: path"]);
    assert_eq!(status(&phone.send(&mut world, &draft)), 401);
    // A CANCEL is never refused for what it requires (RFC 3261 section 8.2.2.3).
    let mut cancel = phone.draft("CANCEL", "sip:bob@ma-aaaaaaaa.example.test");
    cancel.lines.push("Require: gruu".into());
    assert_eq!(status(&phone.send(&mut world, &cancel)), 481);
}

#[tokio::test]
async fn what_cannot_be_answered_is_not() {
    let mut world = World::new().await;
    let source = "192.0.2.7:5062".parse().unwrap();
    let ack = {
        let mut phone = Phone::new("alice");
        let draft = phone.draft("ACK", "sip:bob@ma-aaaaaaaa.example.test");
        phone.write(&draft)
    };
    // A response goes the way of the Via values (RFC 3261 section 18.2.2); without one it goes nowhere.
    let without_via = {
        let mut phone = Phone::new("alice");
        let draft = phone.draft_register(&[]);
        let text = phone.write(&draft);
        let (start, via) = text.split_once("Via:").unwrap();
        format!("{start}{}", via.split_once("\r\n").unwrap().1)
    };
    let worse_without_via = without_via.replace("SIP/2.0", "SIP/7.0").replace("CSeq", "X-CSeq");
    let broken_ack = ack.replace("Max-Forwards: 70", "Max-Forwards: 0").replace("Call-ID", "X-Call-ID");
    for silent in [
        &b""[..],
        b"\r\n\r\n",
        b"\0\0\0\0",
        b"\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n",
        b"\x16\x03\x01",
        &[b'x'; 65_535],
        ack.as_bytes(),
        broken_ack.as_bytes(),
        without_via.as_bytes(),
        worse_without_via.as_bytes(),
    ] {
        assert_eq!(world.receive(source, silent), [], "{}", String::from_utf8_lossy(&silent[..silent.len().min(30)]));
    }
    assert!(world.events().is_empty());
}
