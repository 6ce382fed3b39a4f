//! Service-Route that names flows, and requests that come with it.

use crate::phone::{Phone, header, status};
use crate::world::{ACCOUNT, Options, Sent, World, tcp};
use sip_transport::{ConnectionId, Flow, Transport};

/// Where another phone is called.
const BOB: &str = "sip:bob@ma-aaaaaaaa.example.test";
/// Where OPTIONS is answered by the server itself.
const HERE: &str = "sip:ma-aaaaaaaa.example.test";
/// Where a token begins, behind `<sip:`.
const START: usize = 5;
/// Characters of a token.
const LENGTH: usize = 80;

async fn world(options: Options) -> World {
    let world = World::empty(options).await;
    let scope = world.account(ACCOUNT, None).await;
    world.credential(&scope, "alice").await;
    world.credential(&scope, "bob").await;
    world
}

async fn telling_world() -> World {
    world(Options { service_route: true, ..Options::default() }).await
}

/// Registers, and says what Service-Route the answer has.
fn told(world: &mut World, phone: &mut Phone) -> Option<String> {
    let sent = phone.register(world, &[]);
    assert_eq!(status(&sent), 200);
    header(&sent, "Service-Route")
}

/// The same phone with that Route on all its requests, over that flow, in a call of its own.
fn with_route(phone: &Phone, flow: Flow, call_id: &str, route: &str) -> Phone {
    let lines = vec![format!("Route: {route}")];
    Phone { lines, flow, source: flow.remote, call_id: call_id.into(), ..phone.clone() }
}

fn changed(route: &str, place: usize) -> String {
    let mut octets = route.as_bytes().to_vec();
    octets[place] = if octets[place] == b'A' { b'B' } else { b'A' };
    String::from_utf8(octets).unwrap()
}

fn status_line(sent: &Sent) -> String {
    String::from_utf8_lossy(&sent.octets).lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn nothing_is_told_and_no_route_read_unless_asked_for() {
    let mut telling = telling_world().await;
    let route = told(&mut telling, &mut Phone::new("alice")).unwrap();
    let mut world = world(Options::default()).await;
    let mut phone = Phone::new("alice");
    assert_eq!(told(&mut world, &mut phone), None);
    let elsewhere = Phone::new("alice").at("192.0.2.9:5099").flow;
    for (call_id, route) in [("right", &route), ("changed", &changed(&route, START))] {
        let mut phone = with_route(&phone, elsewhere, call_id, route);
        assert_eq!(status(&phone.request(&mut world, "OPTIONS", HERE)), 200);
    }
}

#[tokio::test]
async fn the_value_leads_to_this_server_over_the_same_transport() {
    let flow = Phone::new("alice").flow;
    let local = |local: &str| local.parse().unwrap();
    for (public_host, transport, at, expected) in [
        (Some("sip.public.test"), Transport::Udp, "198.51.100.1:5060", "@sip.public.test:5060;transport=udp;lr>"),
        (Some("sip.public.test"), Transport::Tls, "198.51.100.1:5061", "@sip.public.test:5061;transport=tls;lr>"),
        (Some("2001:db8::7"), Transport::Tcp, "198.51.100.1:5060", "@[2001:db8::7]:5060;transport=tcp;lr>"),
        (None, Transport::Udp, "198.51.100.1:5060", "@198.51.100.1:5060;transport=udp;lr>"),
        (None, Transport::Udp, "[::ffff:198.51.100.1]:5060", "@198.51.100.1:5060;transport=udp;lr>"),
        (None, Transport::Wss, "[2001:db8::1]:7443", "@[2001:db8::1]:7443;transport=ws;lr>"),
    ] {
        let mut world = world(Options { service_route: true, public_host, ..Options::default() }).await;
        let connection = ConnectionId(u64::from(!transport.is_datagram()));
        let flow = Flow { transport, local: local(at), connection, ..flow };
        let mut phone = Phone { flow, ..Phone::new("alice") };
        let route = told(&mut world, &mut phone).unwrap();
        assert!(route.starts_with("<sip:"), "{route}");
        assert_eq!(&route[START + LENGTH..], expected);
        let mut phone = with_route(&phone, flow, "call", &route);
        assert_eq!(status(&phone.request(&mut world, "OPTIONS", HERE)), 200, "{route}");
        let mut phone = with_route(&phone, flow, "changed", &changed(&route, START));
        assert_eq!(status(&phone.request(&mut world, "OPTIONS", HERE)), 403, "{route}");
    }
}

#[tokio::test]
async fn an_outbound_registration_is_told_so() {
    let mut world = telling_world().await;
    let contact = "Contact: <sip:alice@192.0.2.7:5062>;+sip.instance=\"<urn:x:1>\";reg-id=1";
    let sent = Phone::new("alice").register(&mut world, &[contact, "Supported: outbound"]);
    assert_eq!(status(&sent), 200);
    assert!(header(&sent, "Service-Route").unwrap().ends_with(";lr;ob>"));
}

#[tokio::test]
async fn over_the_flow_it_names_a_route_changes_nothing() {
    let mut world = telling_world().await;
    for flow in [Phone::new("alice").flow, tcp(Phone::new("alice").source, 5)] {
        let name = format!("{:?}", flow.transport);
        let mut phone = Phone { flow, call_id: format!("{name}-register"), ..Phone::new("alice") };
        let route = told(&mut world, &mut phone).unwrap();
        for (method, uri, expected) in
            [("OPTIONS", HERE, 200), ("INVITE", BOB, 480), ("INVITE", "sip:nobody@ma-aaaaaaaa.example.test", 404)]
        {
            let both = format!("{route}, <sip:next.test;lr>");
            for route in [&route, &both] {
                let call_id = format!("{name}-{method}-{expected}-{}", route.len());
                let mut phone = with_route(&phone, flow, &call_id, route);
                assert_eq!(status(&phone.request(&mut world, method, uri)), expected, "{method} {uri} {route}");
            }
        }
    }
}

#[tokio::test]
async fn a_changed_token_is_refused_behind_the_gate_only() {
    let mut world = telling_world().await;
    let mut phone = Phone::new("alice");
    let route = told(&mut world, &mut phone).unwrap();
    let no_token = format!("<sip:alice@sip.public.test:5060{}", &route[route.find(";lr").unwrap()..]);
    for (number, wrong) in (START..START + LENGTH).map(|place| changed(&route, place)).chain([no_token]).enumerate() {
        let mut phone = with_route(&phone, phone.flow, &format!("changed-{number}"), &wrong);
        let draft = phone.draft("INVITE", BOB);
        assert_eq!(status(&phone.send(&mut world, &draft)), 407);
        let draft = phone.draft("INVITE", BOB);
        let draft = phone.authorize(&draft);
        let sent = phone.send(&mut world, &draft);
        assert_eq!(status_line(&sent), "SIP/2.0 403 Flow Token Not Valid", "{wrong}");
        assert_eq!(phone.send(&mut world, &draft), sent, "a retransmission");
    }
}

#[tokio::test]
async fn a_flow_that_is_gone_has_failed() {
    let mut world = telling_world().await;
    let source = Phone::new("alice").source;
    let mut phone = Phone { flow: tcp(source, 5), ..Phone::new("alice") };
    let route = told(&mut world, &mut phone).unwrap();
    // A new connection, from the same port even.
    let mut anew = with_route(&phone, tcp(source, 6), "anew", &route);
    let sent = anew.request(&mut world, "INVITE", BOB);
    assert_eq!(status_line(&sent), "SIP/2.0 430 Flow Failed");
    // After a restart another connection bears the number.
    world.restart().await;
    let mut later = with_route(&phone, tcp(source, 5), "later", &route);
    assert_eq!(status(&later.request(&mut world, "OPTIONS", HERE)), 430);
}

#[tokio::test]
async fn a_flow_of_datagrams_is_its_addresses() {
    let mut world = telling_world().await;
    let mut phone = Phone::new("alice");
    let route = told(&mut world, &mut phone).unwrap();
    let moved = Phone::new("alice").at("192.0.2.7:40000").flow;
    let mut renumbered = with_route(&phone, moved, "renumbered", &route);
    assert_eq!(status(&renumbered.request(&mut world, "OPTIONS", HERE)), 430);
    world.restart().await;
    let mut later = with_route(&phone, phone.flow, "later", &route);
    assert_eq!(status(&later.request(&mut world, "OPTIONS", HERE)), 200, "nothing of it ended with the process");
}

#[tokio::test]
async fn what_leads_elsewhere_is_not_judged() {
    let mut world = telling_world().await;
    let mut phone = Phone::new("alice");
    let route = told(&mut world, &mut phone).unwrap();
    let wrong = changed(&route, START);
    let elsewhere = wrong.replace("sip.public.test", "sip.elsewhere.test");
    let other_port = wrong.replace(":5060", ":5070");
    for (number, route) in [
        "<sip:sip.public.test:5060;lr>",
        "<sip:198.51.100.1;lr>",
        "<sip:alice@proxy.test;lr>",
        "<tel:+12015550123>",
        &elsewhere,
        &other_port,
        &format!("<sip:proxy.test;lr>, {wrong}"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut phone = with_route(&phone, phone.flow, &format!("elsewhere-{number}"), route);
        assert_eq!(status(&phone.request(&mut world, "OPTIONS", HERE)), 200, "{route}");
    }
}

#[tokio::test]
async fn a_register_is_not_routed() {
    let mut world = telling_world().await;
    let mut phone = Phone::new("alice");
    let route = told(&mut world, &mut phone).unwrap();
    let mut phone = with_route(&phone, phone.flow, "register", &changed(&route, START));
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    assert_eq!(world.bindings("alice"), 1);
}
