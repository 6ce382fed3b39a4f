//! Messages out of a stream, however it is cut.

use crate::recorder::answer_to;
use crate::server::{QUICK, Server, message};

#[tokio::test]
async fn one_octet_at_a_time_is_one_message() {
    let server = Server::start(QUICK);
    let mut peer = server.connect().await;
    let octets = message("AAA", 5);
    for octet in &octets {
        peer.send(&[*octet]).await;
        tokio::task::yield_now().await;
    }
    peer.expect(&answer_to(octets.len())).await;
    let received = server.recorder.received.lock();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].octets, octets);
    assert_eq!(received[0].flow.remote, peer.stream.local_addr().unwrap());
    assert_eq!(received[0].flow.local, server.address);
}

#[tokio::test]
async fn messages_that_come_together_are_answered_in_order() {
    let server = Server::start(QUICK);
    let mut peer = server.connect().await;
    let (first, second, third) = (message("AAA", 0), message("BBB", 7000), message("CCC", 3));
    let together = [&first[..], b"\r\n", &second, &third].concat();
    let (head, tail) = together.split_at(together.len() - 2);
    peer.send(head).await;
    peer.expect(&[answer_to(first.len()), answer_to(second.len())].concat()).await;
    peer.send(tail).await;
    peer.expect(&answer_to(third.len())).await;
    assert_eq!(server.recorder.firsts(), ["AAA", "BBB", "CCC"]);
}

#[tokio::test]
async fn the_largest_message_passes() {
    let server = Server::start(QUICK);
    let mut peer = server.connect().await;
    let length = message("AAA", 60_000).len();
    let largest = message("AAA", 60_000 + 65_535 - length);
    assert_eq!(largest.len(), 65_535);
    peer.send(&largest).await;
    peer.expect(&answer_to(65_535)).await;
}

#[tokio::test]
async fn keep_alives_are_answered_between_messages() {
    let server = Server::start(QUICK);
    let mut peer = server.connect().await;
    peer.send(b"\r\n\r\n").await;
    peer.expect(b"\r\n").await;
    // Cut anywhere.
    for part in [&b"\r"[..], b"\n\r", b"\n"] {
        peer.send(part).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    peer.expect(b"\r\n").await;
    let octets = message("AAA", 0);
    peer.send(&[&octets[..], b"\r\n\r\n", &octets].concat()).await;
    let answer = answer_to(octets.len());
    peer.expect(&[&answer[..], b"\r\n", &answer].concat()).await;
    assert_eq!(server.recorder.firsts(), ["AAA", "AAA"]);
}

#[tokio::test]
async fn what_cannot_be_framed_ends_the_connection_after_what_could() {
    let server = Server::start(QUICK);
    let octets = message("AAA", 0);
    for garbage in [
        &b"\x16\x03\x01\x02\x00"[..],
        b"<html>",
        b"AAA sip:h SIP/2.0\r\nContent-Length: 4294967295\r\n\r\n",
        b"AAA sip:h SIP/2.0\r\nContent-Length: 65535\r\n\r\n",
        b"AAA sip:h SIP/2.0\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"AAA sip:h SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n",
        b"AAA sip:h SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        &[b'A'; 40_000],
    ] {
        let mut peer = server.connect().await;
        peer.send(&octets).await;
        peer.expect(&answer_to(octets.len())).await;
        peer.send(garbage).await;
        let (_, rest) = peer.expect_end().await;
        // What is a message but for its length is handed on, so that it can be refused.
        let refused = if garbage.starts_with(b"AAA sip:") { answer_to(garbage.len()) } else { Vec::new() };
        assert_eq!(rest, refused, "{:?}", &garbage[..5]);
    }
    server.connections(0).await;
}
