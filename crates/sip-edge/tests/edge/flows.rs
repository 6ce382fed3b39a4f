//! Bindings and the connections they were made over.

use crate::phone::{Phone, header, status};
use crate::world::{World, tcp};
use sip_transport::{ConnectionId, Flow, Inbound, Transport};

fn over(transport: Transport, connection: u64, phone: Phone) -> Phone {
    let flow = Flow { transport, connection: ConnectionId(connection), ..phone.flow };
    Phone { flow, ..phone }
}

#[tokio::test]
async fn a_browsers_binding_ends_with_its_connection() {
    let mut world = World::new().await;
    let browser = Phone { contact: "<sip:alice@x7.invalid;transport=ws>".into(), ..Phone::new("alice") };
    for transport in [Transport::Ws, Transport::Wss] {
        let mut browser = over(transport, 5, browser.clone());
        assert_eq!(status(&browser.register(&mut world, &[])), 200);
        assert_eq!(world.bindings("alice"), 1);
        world.node.edge.closed(&Flow { connection: ConnectionId(4), ..browser.flow });
        assert_eq!(world.bindings("alice"), 1);
        world.node.edge.closed(&browser.flow);
        assert_eq!(world.bindings("alice"), 0);
    }
}

#[tokio::test]
async fn a_phone_that_connects_anew_is_listed_once() {
    let mut world = World::new().await;
    let at_port = |port: u16, connection| {
        let source = format!("192.0.2.7:{port}").parse().unwrap();
        let contact = format!("<sip:alice@192.0.2.7:{port};transport=tcp>");
        Phone { contact, flow: tcp(source, connection), source, ..Phone::new("alice") }
    };
    let mut first = at_port(40_001, 1);
    assert_eq!(status(&first.register(&mut world, &[])), 200);
    world.node.edge.closed(&first.flow);
    assert_eq!(world.bindings("alice"), 1, "somebody may still connect to it");
    let mut second = Phone { call_id: "anew".into(), ..at_port(40_002, 2) };
    let contacts = header(&second.register(&mut world, &[]), "Contact").unwrap();
    assert_eq!(contacts, "<sip:alice@192.0.2.7:40002;transport=tcp>;expires=3600");
}

const FLOW: &str = "Contact: <sip:alice@192.0.2.7:5062>;+sip.instance=\"<urn:x:1>\";reg-id=1";
const SUPPORTED: &str = "Supported: path, outbound";
const PROXY: &str = "Via: SIP/2.0/UDP p.test;branch=z9hG4bKa";

/// RFC 5626 section 6: we are the first hop, or the first hop has said that it keeps the flow.
#[tokio::test]
async fn outbound_is_done_where_the_first_hop_does_it() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let with_ob = "Path: <sip:middle.test;lr>, <sip:token@edge.test;lr;ob>";
    let without_ob = "Path: <sip:token@middle.test;lr;ob>, <sip:edge.test;lr>";
    for (lines, expected, required) in [
        (&[FLOW, SUPPORTED][..], 200, Some("outbound")),
        (&[FLOW, SUPPORTED, "Require: outbound"], 200, Some("outbound")),
        (&[FLOW, SUPPORTED, PROXY, with_ob], 200, Some("outbound")),
        (&[FLOW, SUPPORTED, PROXY, without_ob], 439, None),
        (&[FLOW, SUPPORTED, PROXY], 439, None),
        (&[FLOW], 200, None),
        (&["Contact: <sip:alice@192.0.2.7:5062>;reg-id=1", SUPPORTED], 200, None),
        (&["Contact: <sip:alice@192.0.2.7:5062>", SUPPORTED, PROXY], 200, None),
    ] {
        let sent = phone.register_again(&mut world, lines);
        assert_eq!(status(&sent), expected, "{lines:?}");
        assert_eq!(header(&sent, "Require").as_deref(), required, "{lines:?}");
        assert_eq!(header(&sent, "Flow-Timer").as_deref(), required.map(|_| "120"), "{lines:?}");
    }
    assert_eq!(world.bindings("alice"), 1);
}

/// Behind a proxy that keeps no flow a reg-id names nothing; a phone that does not know outbound is not told.
#[tokio::test]
async fn a_reg_id_behind_a_proxy_without_outbound_is_ignored() {
    let mut world = World::new().await;
    let mut phone = Phone::new("alice");
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let sent = phone.register_again(&mut world, &[FLOW, PROXY]);
    let contact = header(&sent, "Contact").unwrap();
    assert_eq!(contact, "<sip:alice@192.0.2.7:5062>;expires=3600;+sip.instance=\"<urn:x:1>\"");
}

/// RFC 5626 section 4.4.2: the phone learns its address, on the port that speaks SIP.
#[tokio::test]
async fn a_stun_keep_alive_is_answered_over_udp_only() {
    let mut world = World::new().await;
    let source = "192.0.2.1:32853".parse().unwrap();
    let request = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat();
    let sent = world.receive(source, &request);
    assert_eq!((sent.len(), sent[0].destination), (1, source));
    assert_eq!(sent[0].octets[..8], [1, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42]);
    assert_eq!(sent[0].octets[20..], [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
    assert_eq!(world.receive(source, &[&request[..], b"x"].concat()), []);
    assert_eq!(world.receive_on(0, &tcp(source, 1), &request), []);
    assert_eq!(world.events(), []);
}
