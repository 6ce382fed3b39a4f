//! The end of connections: told once for each, brought about from outside, and counted.

use crate::recorder::answer_to;
use crate::server::{QUICK, Server, message};
use sip_transport::{ConnectionConfig, ConnectionId, Flow, SendError, Transport, TransportCounts};
use std::time::Duration;

async fn registered(server: &Server) -> (crate::server::Peer, Flow) {
    let mut peer = server.connect().await;
    let octets = message("AAA", 0);
    peer.send(&octets).await;
    peer.expect(&answer_to(octets.len())).await;
    let flow = server.recorder.received.lock().last().unwrap().flow;
    assert!(server.flows.is_open(flow.connection));
    (peer, flow)
}

#[tokio::test]
async fn each_end_is_told_once() {
    let server = Server::start(ConnectionConfig { message_seconds: 1, ..QUICK });
    let (left, left_flow) = registered(&server).await;
    let (mut wrong, wrong_flow) = registered(&server).await;
    let (reset, reset_flow) = registered(&server).await;
    let mut silent = server.connect().await;
    drop(left);
    wrong.send(b"\x16\x03\x01").await;
    wrong.expect_end().await;
    reset.stream.set_zero_linger().unwrap();
    drop(reset);
    silent.expect_end().await;
    server.connections(0).await;
    let mut closed: Vec<_> = server.recorder.closed.lock().iter().map(|flow| flow.connection.0).collect();
    closed.sort_unstable();
    let mut expected = [left_flow, wrong_flow, reset_flow].map(|flow| flow.connection.0).to_vec();
    expected.push(4);
    assert_eq!(closed, expected);
    assert!(!server.flows.is_open(left_flow.connection));
    let counts = server.flows.connection_counts().of(Transport::Tcp);
    assert_eq!(counts, TransportCounts { open: 0, opened: 4, refused: 0, gave_way: 0, failed_handshakes: 0 });
}

#[tokio::test]
async fn one_is_ended_from_outside_after_what_it_was_sent() {
    let server = Server::start(QUICK);
    let (mut revoked, flow) = registered(&server).await;
    let (mut other, _) = registered(&server).await;
    server.flows.send(&flow, flow.remote, b"the last").unwrap();
    assert!(server.flows.close(flow.connection));
    assert!(!server.flows.close(flow.connection) && !server.flows.is_open(flow.connection));
    assert!(matches!(server.flows.send(&flow, flow.remote, b"too late"), Err(SendError::FlowGone)));
    assert_eq!(revoked.expect_end().await.1, b"the last");
    while server.recorder.closed.lock().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(*server.recorder.closed.lock(), [flow]);
    let octets = message("BBB", 0);
    other.send(&octets).await;
    other.expect(&answer_to(octets.len())).await;
    assert!(!server.flows.close(ConnectionId(99)) && !server.flows.close(ConnectionId::NONE));
}

#[tokio::test]
async fn a_flood_of_connections_takes_nobodys_place() {
    let server = Server::start(ConnectionConfig { max_connections: 20, ..QUICK });
    let octets = message("KNOWN", 0);
    let mut phones = Vec::new();
    for _ in 0..5 {
        let mut phone = server.connect().await;
        phone.send(&octets).await;
        phone.expect(&answer_to(octets.len())).await;
        phones.push(phone);
    }
    let mut flood = Vec::new();
    for _ in 0..2_000 {
        flood.push(server.connect().await);
    }
    server
        .counts(Transport::Tcp, |counts| counts.opened == 2_005 && counts.open == 20 && counts.gave_way == 1_985)
        .await;
    assert_eq!(server.flows.connection_count(), 20);
    let (mut late, _) = registered(&server).await;
    for phone in phones.iter_mut().chain([&mut late]) {
        phone.send(&octets).await;
        phone.expect(&answer_to(octets.len())).await;
    }
    drop((flood, phones, late));
    server.connections(0).await;
    server.counts(Transport::Tcp, |counts| counts.open == 0).await;
    assert_eq!(server.recorder.closed.lock().len(), 2_006, "each end is told once");
}
