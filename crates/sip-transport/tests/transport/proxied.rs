//! Behind a balancer: the addresses it tells count, from nobody else; and limits of one source.

use crate::recorder::answer_to;
use crate::server::{PATIENCE, Peer, QUICK, Server, message};
use crate::tls::Certified;
use sip_transport::{ConnectionConfig, Flow, Layers, Transport};
use tokio::net::TcpStream;

/// PROXY TCP4 from 192.0.2.7:12345 to 203.0.113.1:5060.
const TOLD: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xcb\0\x71\x01\x30\x39\x13\xc4";
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

fn behind(networks: &[&str]) -> ConnectionConfig {
    ConnectionConfig { proxies: networks.iter().map(|network| network.parse().unwrap()).collect(), ..QUICK }
}

async fn flow_after(server: &Server, beginning: &[u8]) -> (Peer, Flow) {
    let mut peer = server.connect().await;
    let octets = message("AAA", 0);
    peer.send(&[beginning, &octets].concat()).await;
    peer.expect(&answer_to(octets.len())).await;
    let flow = server.recorder.received.lock().last().unwrap().flow;
    (peer, flow)
}

#[tokio::test]
async fn the_addresses_that_a_balancer_tells_are_the_flows() {
    let server = Server::start(behind(&["10.0.0.0/8", "127.0.0.1/32"]));
    let (mut peer, flow) = flow_after(&server, TOLD).await;
    assert_eq!(
        (flow.remote.to_string(), flow.local.to_string()),
        ("192.0.2.7:12345".into(), "203.0.113.1:5060".into())
    );
    server.flows.send(&flow, flow.remote, b"late").unwrap();
    peer.expect(b"late").await;
    let (own, flow) = flow_after(&server, LOCAL).await;
    assert_eq!((flow.remote, flow.local), (own.stream.local_addr().unwrap(), server.address));
}

#[tokio::test]
async fn a_header_is_required_of_balancers_and_slow_ones_are_dropped() {
    let server = Server::start(ConnectionConfig { handshake_seconds: 1, ..behind(&["127.0.0.0/8"]) });
    let mut peers = Vec::new();
    for beginning in [&message("AAA", 0)[..], b"PROXY TCP4 192.0.2.7 203.0.113.1 1 2\r\n", &TOLD[..20], b""] {
        let mut peer = server.connect().await;
        peer.send(beginning).await;
        peers.push(peer);
    }
    for peer in &mut peers {
        let (took, said) = peer.expect_end().await;
        assert!(took < PATIENCE / 2 && said.is_empty());
    }
    server.counts(Transport::Tcp, |counts| counts.failed_handshakes == 4 && counts.opened == 0).await;
    assert!(server.recorder.received.lock().is_empty() && server.recorder.closed.lock().is_empty());
}

#[tokio::test]
async fn from_others_it_is_not_looked_for() {
    let server = Server::start(behind(&["10.0.0.0/8"]));
    let mut forging = server.connect().await;
    forging.send(&[TOLD, &message("AAA", 0)].concat()).await;
    forging.expect_end().await;
    assert!(server.recorder.received.lock().is_empty());
    let (peer, flow) = flow_after(&server, b"").await;
    assert_eq!(flow.remote, peer.stream.local_addr().unwrap());
}

#[tokio::test]
async fn a_handshake_follows_the_header() {
    let certified = Certified::new();
    let server = Server::speaking(Layers::Tls(certified.acceptor()), behind(&["127.0.0.0/8"]));
    let mut raw = server.connect().await;
    raw.send(TOLD).await;
    let mut peer = certified.shake_hands(raw.stream).await;
    let octets = message("AAA", 0);
    peer.send(&octets).await;
    peer.expect(&answer_to(octets.len())).await;
    assert_eq!(server.recorder.received.lock()[0].flow.remote.to_string(), "192.0.2.7:12345");
}

#[tokio::test]
async fn a_source_has_its_own_limit() {
    let limited = ConnectionConfig { max_connections_per_source: Some(2), ..behind(&["127.0.0.1/32"]) };
    let server = Server::start(limited);
    let held = [flow_after(&server, TOLD).await, flow_after(&server, TOLD).await];
    let mut third = server.connect().await;
    third.send(TOLD).await;
    assert_eq!(third.expect_end().await.1, b"");
    server.counts(Transport::Tcp, |counts| counts.refused == 1 && counts.failed_handshakes == 0).await;
    let _other: (Peer<TcpStream>, Flow) = flow_after(&server, LOCAL).await;
    drop(held);
    server.connections(1).await;
    // The place is given back after the connection is gone.
    let mut tries = 0;
    loop {
        let mut peer = server.connect().await;
        peer.send(&[TOLD, &message("AAA", 0)].concat()).await;
        if !peer.expect_end_or(&answer_to(message("AAA", 0).len())).await {
            break;
        }
        tries += 1;
        assert!(tries < 100, "the places of the closed ones are not given back");
    }
}
