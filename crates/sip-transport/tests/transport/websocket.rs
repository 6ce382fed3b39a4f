//! WebSocket below the same loop, by a client that makes its frames by hand.

use crate::recorder::answer_to;
use crate::server::{PATIENCE, Peer, QUICK, Server, message};
use crate::tls::Certified;
use sip_transport::websocket::Origin;
use sip_transport::{ConnectionConfig, Layers, OriginPolicy, Transport};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// A client's frame, masked with zeros but for the first octet's mask.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x55, 0, 0, 0];
    let length = match payload.len() {
        length @ 0..126 => vec![0x80 | length as u8],
        length => [&[0xfe][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    let masked = payload.iter().enumerate().map(|(at, octet)| if at % 4 == 0 { octet ^ 0x55 } else { *octet });
    [&[first][..], &length, &mask].concat().into_iter().chain(masked).collect()
}

fn request(more: &str) -> String {
    format!(
        "GET /sip HTTP/1.1\r\nHost: localhost:5066\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

const SIP: &str = "Sec-WebSocket-Protocol: sip\r\n";

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    async fn upgrade(mut self) -> Self {
        self.send(request(SIP).as_bytes()).await;
        let head = self.head().await;
        assert!(head.starts_with("HTTP/1.1 101 ") && head.contains("Sec-WebSocket-Protocol: sip\r\n"), "{head}");
        self
    }

    async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(tokio::time::timeout(PATIENCE, self.stream.read_u8()).await.unwrap().unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    /// The next frame, which must be of that kind.
    async fn expect_frame(&mut self, first: u8, payload: &[u8]) {
        let length = match payload.len() {
            length @ 0..126 => vec![length as u8],
            length => [&[126][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
        };
        self.expect(&[&[first][..], &length, payload].concat()).await;
    }

    async fn expect_close(&mut self, code: u16) {
        self.expect_frame(CLOSE, &code.to_be_bytes()).await;
        assert_eq!(self.expect_end().await.1, b"", "nothing follows a close frame");
    }

    async fn is_answered(&mut self) {
        let octets = message("AAA", 0);
        self.send(&frame(TEXT, &octets)).await;
        self.expect_frame(TEXT, &answer_to(octets.len())).await;
    }
}

fn start(config: ConnectionConfig) -> Server {
    Server::speaking(Layers::Ws, config)
}

async fn connect(server: &Server) -> Peer {
    server.connect().await.upgrade().await
}

#[tokio::test]
async fn each_message_is_answered_in_its_kind() {
    let server = start(QUICK);
    let mut peer = connect(&server).await;
    // Without Content-Length, and with more after the head than it says: the frame alone counts.
    for octets in [&b"AAA sip:h SIP/2.0\r\nCall-ID: 1\r\n\r\nbody"[..], &message("AAA", 3), &message("AAA", 60_000)] {
        for kind in [TEXT, BINARY] {
            peer.send(&frame(kind, octets)).await;
            peer.expect_frame(kind, &answer_to(octets.len())).await;
        }
    }
    let received = server.recorder.received.lock().clone();
    assert_eq!(received[0].octets, b"AAA sip:h SIP/2.0\r\nCall-ID: 1\r\n\r\nbody");
    let flow = received[0].flow;
    assert_eq!((flow.transport, flow.remote), (Transport::Ws, peer.stream.local_addr().unwrap()));
    server.flows.send(&flow, flow.remote, b"late").unwrap();
    peer.expect_frame(BINARY, b"late").await;
    // Ends as it should: answered with the same code.
    peer.send(&frame(CLOSE, &1001_u16.to_be_bytes())).await;
    peer.expect_close(1001).await;
    server.connections(0).await;
    assert_eq!(*server.recorder.closed.lock(), [flow]);
}

#[tokio::test]
async fn fragments_and_control_frames_between_them() {
    let server = start(QUICK);
    let mut peer = connect(&server).await;
    let octets = message("AAA", 9);
    let (head, tail) = octets.split_at(20);
    for part in [frame(0x01, head), frame(PING, b"still there"), frame(PONG, b""), frame(0x80, tail)] {
        for octet in part {
            peer.send(&[octet]).await;
        }
    }
    peer.expect_frame(PONG, b"still there").await;
    peer.expect_frame(TEXT, &answer_to(octets.len())).await;
    assert_eq!(server.recorder.firsts(), ["AAA"]);
}

#[tokio::test]
async fn keep_alives_are_messages_of_their_own() {
    let server = start(QUICK);
    let mut peer = connect(&server).await;
    peer.send(&frame(TEXT, b"\r\n\r\n")).await;
    peer.expect_frame(TEXT, b"\r\n").await;
    peer.send(&frame(TEXT, b"\r\n")).await;
    peer.send(&frame(TEXT, b"")).await;
    peer.is_answered().await;
    assert_eq!(server.recorder.firsts(), ["AAA"]);
}

#[tokio::test]
async fn what_is_no_websocket_of_sip_is_told_what_to_do() {
    let server = start(QUICK);
    for (sent, status, said) in [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), "426", "such as JsSIP"),
        (request(""), "400", "sub-protocol \"sip\""),
        (request("Sec-WebSocket-Protocol: chat\r\n"), "400", "sub-protocol \"sip\""),
        (request(&format!("{SIP}Origin: https://evil.example\r\n")), "403", "--ws-origin"),
        (format!("GET /{}", "a".repeat(9_000)), "431", "too large"),
        ("\x16\x03\x01\x02\x00".to_owned(), "400", "WebSocket client"),
        ("REGISTER sip:example.com SIP/2.0\r\n\r\n".to_owned(), "400", "WebSocket client"),
    ] {
        let mut peer = server.connect().await;
        peer.send(sent.as_bytes()).await;
        peer.stream.shutdown().await.unwrap();
        let (_, answer) = peer.expect_end().await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(said), "{answer}");
    }
    server.counts(Transport::Ws, |counts| counts.failed_handshakes == 7 && counts.opened == 0).await;
    assert!(server.recorder.closed.lock().is_empty());
}

#[tokio::test]
async fn pages_are_let_in_by_their_origin() {
    let allowed = OriginPolicy::Only(vec![Origin::parse("https://phone.example.com").unwrap()]);
    let server = start(ConnectionConfig { origins: allowed, ..QUICK });
    for (origin, status) in [("https://phone.example.com", "101"), ("http://localhost", "403"), ("null", "403")] {
        let mut peer = server.connect().await;
        peer.send(request(&format!("{SIP}Origin: {origin}\r\n")).as_bytes()).await;
        assert!(peer.head().await.starts_with(&format!("HTTP/1.1 {status} ")), "{origin}");
    }
    connect(&server).await.is_answered().await;
}

#[tokio::test]
async fn faults_are_named_by_their_codes() {
    let server = start(QUICK);
    let too_large = [&[BINARY, 0xff][..], &70_000_u64.to_be_bytes(), &[0; 4], &[0; 70_000]].concat();
    for (octets, code) in [
        (vec![TEXT, 2, b'h', b'i'], 1002),
        (too_large, 1009),
        (frame(TEXT, b"\xff\xfe"), 1007),
        (frame(0xc1, b"compressed"), 1002),
        (frame(0x80, b"continued"), 1002),
        (frame(PING, &[b'p'; 126]), 1002),
    ] {
        let mut peer = connect(&server).await;
        peer.send(&frame(TEXT, &message("AAA", 0))).await;
        peer.send(&octets).await;
        peer.expect_frame(TEXT, &answer_to(message("AAA", 0).len())).await;
        peer.expect_close(code).await;
    }
    server.connections(0).await;
    assert_eq!(server.recorder.closed.lock().len(), 6);
}

#[tokio::test]
async fn neither_handshakes_nor_frames_may_dawdle() {
    let server = start(ConnectionConfig { handshake_seconds: 1, message_seconds: 1, ..QUICK });
    let mut upgrading = server.connect().await;
    upgrading.send(b"GET / HTTP/1.1\r\n").await;
    let mut silent = connect(&server).await;
    let mut fragmenting = connect(&server).await;
    let mut idle = connect(&server).await;
    fragmenting.is_answered().await;
    idle.is_answered().await;
    fragmenting.send(&frame(0x01, b"REGISTER")).await;
    upgrading.expect_end().await;
    silent.expect_close(1008).await;
    // Control frames do not keep a message alive.
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        if fragmenting.stream.write_all(&frame(PONG, b"")).await.is_err() {
            break;
        }
    }
    fragmenting.expect_close(1008).await;
    idle.is_answered().await;
}

#[tokio::test]
async fn stopping_says_farewell() {
    let server = start(QUICK);
    let mut peer = connect(&server).await;
    peer.is_answered().await;
    server.stop.send(true).unwrap();
    peer.expect_close(1001).await;
    tokio::time::timeout(PATIENCE, server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_same_within_tls() {
    let certified = Certified::new();
    let server = Server::speaking(Layers::Wss(certified.acceptor()), QUICK);
    let mut peer = certified.connect(&server).await.upgrade().await;
    peer.is_answered().await;
    let flow = server.recorder.received.lock()[0].flow;
    assert_eq!(flow.transport, Transport::Wss);
    assert!(server.flows.close(flow.connection));
    peer.expect_close(1008).await;
    server.connections(0).await;
    assert_eq!(*server.recorder.closed.lock(), [flow]);
    let plain = certified.connect(&server).await;
    drop(plain);
    let refused = certified.connect(&server).await;
    let mut refused = Peer { stream: refused.stream };
    refused.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(refused.head().await.starts_with("HTTP/1.1 426 "));
}
