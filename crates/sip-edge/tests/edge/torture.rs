//! The messages of RFC 4475, and damaged ones, through the whole edge.

use crate::phone::Phone;
use crate::world::{World, tcp, udp};
use sip_message::{HeaderSpans, Message, Method, parse};

fn torture_messages() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../sip-message/tests/torture");
    let mut messages = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "dat") {
            messages.push((path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()));
        }
    }
    messages.sort();
    messages
}

/// At most one answer each, a response that can be read, to the source's own address; none to what is no request.
#[tokio::test]
async fn torture_messages_get_one_readable_answer_or_none() {
    let mut world = World::new().await;
    let source = "192.0.2.7:5062".parse().unwrap();
    let messages = torture_messages();
    assert!(messages.len() > 45, "{}", messages.len());
    for (name, octets) in &messages {
        for flow in [udp(source), tcp(source, 1)] {
            let sent = world.receive_on(0, &flow, octets);
            assert!(sent.len() <= 1, "{name}");
            let mut spans = HeaderSpans::new();
            let is_answerable =
                matches!(parse(octets, &mut spans), Ok(Message::Request(request)) if request.method() != Method::Ack);
            assert_eq!(sent.len(), usize::from(is_answerable), "{name}");
            for answer in sent {
                assert_eq!(answer.destination.ip(), flow.remote.ip(), "{name}");
                let mut spans = HeaderSpans::new();
                assert!(matches!(parse(&answer.octets, &mut spans), Ok(Message::Response(_))), "{name}");
            }
        }
    }
}

/// Every prefix of a good request, and the request with every octet changed, with credentials in it.
#[tokio::test]
async fn damaged_requests_do_no_harm() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let good = {
        let draft = phone.draft_register(&[
            "Contact: <sip:a@1.test>;q=0.5;expires=600",
            "Expires: 60",
            "Path: <sip:p.test;lr>",
        ]);
        let draft = phone.authorize(&draft);
        phone.write(&draft).into_bytes()
    };
    for length in 0..good.len() {
        assert!(world.receive(phone.source, &good[..length]).len() <= 1);
    }
    for index in 0..good.len() {
        for octet in [0, b' ', b'\r', b'\n', b'"', b',', b';', b'%', b'9', 0xff] {
            let mut damaged = good.clone();
            damaged[index] = octet;
            assert!(world.receive(phone.source, &damaged).len() <= 1);
        }
    }
    assert!(world.bindings("alice") <= 20);
    phone.challenge = None;
    let mut again = Phone { call_id: "again".into(), ..Phone::new("bob") };
    assert_eq!(crate::phone::status(&again.register(&mut world, &[])), 200);
}
