//! The life of connections: their bounds in number and time, late answers, the end.

use crate::recorder::answer_to;
use crate::server::{QUICK, Server, message};
use sip_transport::{ConnectionConfig, Flow, SendError};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

async fn settle() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[tokio::test]
async fn a_message_that_stalls_ends_its_connection() {
    let server = Server::start(ConnectionConfig { message_seconds: 1, ..QUICK });
    let mut stalled = server.connect().await;
    let mut complete = server.connect().await;
    let octets = message("AAA", 10);
    stalled.send(&octets[..octets.len() - 1]).await;
    complete.send(&octets).await;
    complete.expect(&answer_to(octets.len())).await;
    tokio::time::sleep(SECOND / 2).await;
    let (took, _) = stalled.expect_end().await;
    assert!(took < SECOND, "{took:?} after half a second");
    tokio::time::sleep(SECOND).await;
    // Neither one that has said what it wanted, nor one that keeps itself alive by single line breaks.
    complete.send(b"\r\n").await;
    tokio::time::sleep(SECOND + SECOND / 2).await;
    complete.send(&octets).await;
    complete.expect(&answer_to(octets.len())).await;
    server.connections(1).await;
}

#[tokio::test]
async fn one_octet_now_and_then_does_not_keep_a_message_alive() {
    let server = Server::start(ConnectionConfig { message_seconds: 1, ..QUICK });
    let mut peer = server.connect().await;
    let octets = message("AAA", 0);
    peer.send(&octets).await;
    peer.expect(&answer_to(octets.len())).await;
    let mut sent = 0;
    // Sending fails some time after the other side has closed.
    while sent < octets.len()
        && tokio::io::AsyncWriteExt::write_all(&mut peer.stream, &octets[sent..=sent]).await.is_ok()
    {
        sent += 1;
        tokio::time::sleep(SECOND / 5).await;
    }
    assert!((3..15).contains(&sent), "{sent} octets were taken");
}

#[tokio::test]
async fn a_connection_on_which_nothing_comes_ends() {
    let server = Server::start(ConnectionConfig { message_seconds: 1, ..QUICK });
    let (took, _) = server.connect().await.expect_end().await;
    assert!(took >= SECOND / 2, "{took:?}");
    server.connections(0).await;
}

#[tokio::test]
async fn a_connection_that_falls_silent_ends() {
    let server = Server::start(ConnectionConfig { idle_seconds: 1, ..QUICK });
    let mut peer = server.connect().await;
    let octets = message("AAA", 0);
    for _ in 0..3 {
        tokio::time::sleep(SECOND / 2).await;
        peer.send(&octets).await;
        peer.expect(&answer_to(octets.len())).await;
    }
    let (took, _) = peer.expect_end().await;
    assert!(took >= SECOND / 2, "{took:?}");
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_at_once() {
    let server = Server::start(ConnectionConfig { max_connections: 2, ..QUICK });
    let octets = message("KNOWN", 0);
    let mut peers = [server.connect().await, server.connect().await];
    for peer in &mut peers {
        peer.send(&octets).await;
        peer.expect(&answer_to(octets.len())).await;
    }
    assert_eq!(server.connect().await.expect_end().await.1, b"");
    let [first, mut second] = peers;
    drop(first);
    server.connections(1).await;
    let mut third = server.connect().await;
    for peer in [&mut second, &mut third] {
        peer.send(&octets).await;
        peer.expect(&answer_to(octets.len())).await;
    }
    // Connections are spread over the lanes, and no lane's number is outside the range.
    let lanes: std::collections::BTreeSet<_> = server.recorder.received.lock().iter().map(|noted| noted.lane).collect();
    assert_eq!(lanes.into_iter().collect::<Vec<_>>(), [3, 4]);
}

#[tokio::test]
async fn late_answers_find_their_connection_and_no_other() {
    let server = Server::start(QUICK);
    let mut peers = [server.connect().await, server.connect().await];
    for peer in &mut peers {
        peer.send(&message("MUTE", 0)).await;
    }
    while server.recorder.received.lock().len() < 2 {
        settle().await;
    }
    let flows: Vec<Flow> = server.recorder.received.lock().iter().map(|noted| noted.flow).collect();
    let nowhere = "192.0.2.1:1".parse().unwrap();
    for peer in &mut peers {
        let flow = flows.iter().find(|flow| flow.remote == peer.stream.local_addr().unwrap()).unwrap();
        let text = format!("late for {}", flow.remote);
        server.flows.send(flow, nowhere, text.as_bytes()).unwrap();
        peer.expect(text.as_bytes()).await;
    }
    drop(peers);
    server.connections(0).await;
    assert!(matches!(server.flows.send(&flows[0], nowhere, b"x"), Err(SendError::FlowGone)));
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_dropped() {
    let server = Server::start(ConnectionConfig { write_seconds: 1, ..QUICK });
    let mut peer = server.connect().await;
    peer.send(&message("BIG", 0)).await;
    settle().await;
    server.connections(1).await;
    let flow = server.recorder.received.lock()[0].flow;
    // Late answers wait, a bounded number of them.
    let outcomes: Vec<_> = (0..100).map(|_| server.flows.send(&flow, flow.remote, b"late")).collect();
    assert!(outcomes[0].is_ok());
    assert!(matches!(outcomes[99], Err(SendError::PeerTooSlow)));
    server.connections(0).await;
    let (_, read) = peer.expect_end().await;
    assert!(read.len() < 64 << 20);
}

#[tokio::test]
async fn a_panic_ends_one_connection_and_leaks_nothing_to_others() {
    let server = Server::start(QUICK);
    let octets = message("AAA", 0);
    let mut others = [server.connect().await, server.connect().await];
    for peer in &mut others {
        peer.send(&octets).await;
        peer.expect(&answer_to(octets.len())).await;
    }
    for _ in 0..2 {
        let mut faulty = server.connect().await;
        faulty.send(&message("OOPS", 0)).await;
        assert_eq!(faulty.expect_end().await.1, b"");
    }
    server.connections(2).await;
    for peer in &mut others {
        peer.send(&octets).await;
        peer.expect(&answer_to(octets.len())).await;
    }
}

#[tokio::test]
async fn stopping_ends_listener_and_connections() {
    let server = Server::start(QUICK);
    let (mut silent, mut talking) = (server.connect().await, server.connect().await);
    talking.send(&message("AAA", 0)[..20]).await;
    server.connections(2).await;
    server.stop.send(true).unwrap();
    silent.expect_end().await;
    talking.expect_end().await;
    server.connections(0).await;
    let Server { task, address, .. } = server;
    task.await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    // The port is free for a restart although connections linger.
    sip_transport::bind_tcp(address).unwrap();
}

#[tokio::test]
async fn a_taken_port_is_refused() {
    let server = Server::start(QUICK);
    assert!(sip_transport::bind_tcp(server.address).is_err());
}
