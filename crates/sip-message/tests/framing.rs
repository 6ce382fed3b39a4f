//! Splitting streams and datagrams into messages.

use sip_message::framing::{Framed, FramingError, StreamFramer, datagram};
use sip_message::limits::{MAX_HEAD_OCTETS, MAX_MESSAGE_OCTETS};
use sip_message::{HeaderSpans, Message, parse};

const EMPTY: &[u8] = b"OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nContent-Length: 0\r\n\r\n";
const WITH_BODY: &[u8] = b"MESSAGE sip:h SIP/2.0\r\nl\t:\r\n 6\r\nX: y\r\n\r\n\r\n\r\nab";
const NO_LENGTH: &[u8] = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP h\r\n\r\n";

/// Feeds a stream in chunks of that size and takes away whatever is whole.
fn frames(stream: &[u8], chunk: usize) -> Vec<Framed> {
    let (mut framer, mut buffer, mut found) = (StreamFramer::new(), Vec::new(), Vec::new());
    for piece in stream.chunks(chunk) {
        buffer.extend_from_slice(piece);
        loop {
            let framed = framer.frame(&buffer);
            match framed {
                Framed::Incomplete => break,
                Framed::Message(length) | Framed::KeepAlive(length) => {
                    found.push(framed);
                    buffer.drain(..length);
                }
                Framed::Malformed(_) => {
                    found.push(framed);
                    return found;
                }
            }
        }
    }
    if !buffer.is_empty() {
        found.push(Framed::Incomplete);
    }
    found
}

#[test]
fn the_same_frames_in_chunks_of_any_size() {
    let stream = [b"\r\n\r\n", EMPTY, WITH_BODY, b"\r\n", NO_LENGTH, b"\r\n\r\n\r\n", EMPTY, b"OPT"].concat();
    let expected = [
        Framed::KeepAlive(4),
        Framed::Message(EMPTY.len()),
        Framed::Message(WITH_BODY.len()),
        Framed::KeepAlive(2),
        Framed::Message(NO_LENGTH.len()),
        Framed::KeepAlive(4),
        Framed::KeepAlive(2),
        Framed::Message(EMPTY.len()),
        Framed::Incomplete,
    ];
    for chunk in 1..=stream.len() {
        assert_eq!(frames(&stream, chunk), expected, "chunks of {chunk}");
    }
}

#[test]
fn a_framed_message_has_the_whole_body() {
    let mut spans = HeaderSpans::new();
    let Ok(Message::Request(request)) = parse(WITH_BODY, &mut spans) else { panic!("not a request") };
    assert_eq!(request.body(), b"\r\n\r\nab");
}

#[test]
fn a_stream_that_cannot_be_split() {
    let with_lengths = |lines: &str| format!("OPTIONS sip:h SIP/2.0\r\n{lines}\r\n\r\n").into_bytes();
    let endless = [b"OPTIONS sip:h SIP/2.0\r\nX: ", &b"x".repeat(MAX_HEAD_OCTETS)[..]].concat();
    for (stream, error) in [
        (with_lengths("Content-Length: -1"), FramingError::ContentLength),
        (with_lengths("Content-Length: 1x"), FramingError::ContentLength),
        (with_lengths("Content-Length:"), FramingError::ContentLength),
        (with_lengths("l: 5\r\nContent-Length: 6"), FramingError::ConflictingContentLength),
        (with_lengths("Content-Length: 99999999999999999999"), FramingError::MessageTooLarge),
        (with_lengths(&format!("l: {MAX_MESSAGE_OCTETS}")), FramingError::MessageTooLarge),
        (endless, FramingError::HeadTooLarge),
        (b"\x16\x03\x01\x02\x00\x01".to_vec(), FramingError::NoStartLine),
        (b"\rOPTIONS".to_vec(), FramingError::NoStartLine),
    ] {
        for chunk in [1, 7, stream.len()] {
            let found = frames(&stream, chunk);
            assert_eq!(
                found.last(),
                Some(&Framed::Malformed(error)),
                "{}",
                stream[..20.min(stream.len())].escape_ascii()
            );
        }
    }
}

#[test]
fn equal_lengths_frame_and_the_check_refuses_them() {
    let stream = b"OPTIONS sip:h SIP/2.0\r\nl: 1\r\nContent-Length: 01\r\n\r\nx";
    assert_eq!(frames(stream, 3), [Framed::Message(stream.len())]);
}

#[test]
fn the_largest_message_frames() {
    let head = |body_length: usize| format!("OPTIONS sip:h SIP/2.0\r\nl: {body_length}\r\n\r\n").into_bytes();
    let mut stream = head(MAX_MESSAGE_OCTETS - head(10_000).len());
    stream.resize(MAX_MESSAGE_OCTETS, b'x');
    assert_eq!(frames(&stream, 1000), [Framed::Message(MAX_MESSAGE_OCTETS)]);
}

#[test]
fn bare_line_feeds_end_no_head() {
    let stream = b"OPTIONS sip:h SIP/2.0\nVia: x\n\nCall-ID: y\r\n\r\n";
    assert_eq!(frames(stream, 5), [Framed::Message(stream.len())]);
}

#[test]
fn datagrams() {
    assert_eq!(datagram(EMPTY), Framed::Message(EMPTY.len()));
    assert_eq!(datagram(b"OPTIONS"), Framed::Message(7));
    for keep_alive in [&b""[..], b"\r\n\r\n", b"\r\n", b"\0\0\0\0", b" "] {
        assert_eq!(datagram(keep_alive), Framed::KeepAlive(keep_alive.len()));
    }
}
