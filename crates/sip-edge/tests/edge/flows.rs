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
