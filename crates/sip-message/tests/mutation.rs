//! Damaged torture messages: whatever arrives, reading it ends, without a panic, and what is answered is sound.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod damage;

use damage::{Random, mutate, torture_messages};
use sip_message::framing::{Framed, StreamFramer, datagram};
use sip_message::limits::MAX_CSEQ;
use sip_message::write::{ResponseWriter, Status};
use sip_message::{
    CheckedAddress, CheckedContact, CheckedRequest, Contact, Defect, HeaderName, HeaderSpans, Headers, Message,
    Request, parse, uris_match,
};

const CASES: usize = 200_000;

#[test]
fn damaged_messages_never_panic() {
    run(0x5eed, CASES / 2);
}

#[test]
fn other_damaged_messages_never_panic() {
    run(0xfeed, CASES / 2);
}

/// So many damaged messages; every eighth is framed as well, and answered, and the answer read.
fn run(seed: u64, cases: usize) {
    let messages = torture_messages();
    let mut random = Random(seed);
    let mut spans = HeaderSpans::new();
    let (mut accepted, mut defective, mut dropped) = (0, 0, 0);
    for case in 0..cases {
        let mut octets = messages[case % messages.len()].clone();
        mutate(&mut random, &mut octets, &messages);
        assert!(matches!(datagram(&octets), Framed::Message(_) | Framed::KeepAlive(_)));
        if case % 8 == 0 {
            check_framing(&octets, case);
        }
        let check = match parse(&octets, &mut spans) {
            Ok(Message::Request(request)) => {
                read_everything(request.headers());
                let check = request.check().map(|checked| reads_the_same(&checked));
                if case % 8 == 0 {
                    answer(&request, &octets);
                }
                check
            }
            Ok(Message::Response(response)) => {
                read_everything(response.headers());
                response.check()
            }
            Err(_) => {
                dropped += 1;
                continue;
            }
        };
        match check {
            Ok(()) => accepted += 1,
            Err(_) => defective += 1,
        }
    }
    // The damage must leave some of each, or this would exercise little.
    assert!(accepted > cases / 20 && defective > cases / 4 && dropped > cases / 50, "{accepted} {defective} {dropped}");
}

fn read_everything(headers: Headers<'_>) {
    for header in headers.iter() {
        assert!(!header.name_octets.is_empty());
    }
    let read = [
        headers.vias().filter(Result::is_ok).count(),
        headers.comma_values(HeaderName::Accept).count(),
        headers.option_tags(HeaderName::Require).count(),
        headers.addresses(HeaderName::Route).count(),
        headers.digest_credentials(HeaderName::Authorization).count(),
        headers.digest_challenges(HeaderName::WwwAuthenticate).count(),
    ];
    assert!(read.iter().all(|count| *count < 70_000));
    assert!(headers.cseq().is_ok_and(|cseq| cseq.number <= MAX_CSEQ) || headers.cseq().is_err());
    assert!(headers.call_id().is_ok_and(|id| !id.is_empty()) || headers.call_id().is_err());
    let numbers = [headers.expires(), headers.min_expires(), headers.retry_after(), headers.content_length()];
    assert!(numbers.iter().all(|number| !matches!(number, Err(Defect::Missing(_)))));
    assert!(headers.max_forwards().is_ok() || headers.first(HeaderName::MaxForwards).is_some());
    for address in [headers.from_header(), headers.to_header()].into_iter().flatten() {
        read_address(&address);
    }
    for contact in headers.contacts() {
        if let Ok(Contact::Address(address)) = contact {
            read_address(&address);
            assert!(address.q_thousandths().is_ok_and(|q| q.is_none_or(|q| q <= 1000)) || address.param("q").is_some());
            assert!(address.expires().is_ok() || address.param("expires").is_some());
        }
    }
}

fn read_address(address: &sip_message::NameAddr<'_>) {
    // What was read once can be read again: parameters are as many as the semicolons that begin them.
    for param in address.params.iter() {
        assert!(!param.name.is_empty());
        assert_ne!(param.value, Some(&b""[..]));
    }
    if let Ok(uri) = address.uri() {
        assert!(uris_match(&uri, &uri), "a URI equals itself");
    }
}

/// What the check kept is what the headers say.
fn reads_the_same(checked: &CheckedRequest<'_>) {
    let headers = checked.headers();
    assert_eq!(Ok(*checked.uri()), checked.as_request().uri());
    assert_eq!(Ok(*checked.top_via()), headers.top_via());
    for (kept, read) in [(checked.from_header(), headers.from_header()), (checked.to_header(), headers.to_header())] {
        assert_eq!((Ok(kept.address), Ok(kept.uri)), (read, kept.address.uri()));
    }
    assert_eq!((Ok(checked.call_id()), checked.method()), (headers.call_id(), headers.cseq().unwrap().method));
    assert_eq!(Ok(checked.cseq_number()), headers.cseq().map(|cseq| cseq.number));
    assert_eq!((Ok(checked.max_forwards()), Ok(checked.expires())), (headers.max_forwards(), headers.expires()));
    let kept = checked.contacts().map(|contact| match contact {
        CheckedContact::Wildcard => Contact::Wildcard,
        CheckedContact::Address(CheckedAddress { address, uri }) => {
            assert_eq!(Ok(uri), address.uri());
            Contact::Address(address)
        }
    });
    assert!(kept.map(Ok).eq(headers.contacts()));
}

/// A response to anything that parsed is one message, whose head has only whole lines.
fn answer(request: &Request<'_>, octets: &[u8]) {
    let mut out = Vec::new();
    let status = Status::from(request.check().err().unwrap_or(Defect::UnsupportedVersion));
    ResponseWriter::start(&mut out, request, status, "192.0.2.1:5060".parse().unwrap(), b"tt").finish(b"");
    let mut spans = HeaderSpans::new();
    let Ok(Message::Response(response)) = parse(&out, &mut spans) else {
        panic!("{} -> {}", octets.escape_ascii(), out.escape_ascii());
    };
    let bare = out.iter().enumerate().any(|(place, octet)| match octet {
        b'\r' => out.get(place + 1) != Some(&b'\n'),
        b'\n' => place == 0 || out[place - 1] != b'\r',
        0 => true,
        _ => false,
    });
    assert!(!bare, "{}", out.escape_ascii());
    if request.check().is_ok() {
        assert_eq!(response.check(), Ok(()), "{} -> {}", octets.escape_ascii(), out.escape_ascii());
        assert_eq!(response.headers().call_id(), request.headers().call_id());
        assert_eq!(response.headers().vias().count(), request.headers().vias().count());
    }
}

/// The framer finds the same whether it gets everything at once or in two pieces, and what it cuts off has its body.
fn check_framing(octets: &[u8], case: usize) {
    let whole = StreamFramer::new().frame(octets);
    let mut framer = StreamFramer::new();
    let first = framer.frame(&octets[..case / 8 % octets.len().max(1)]);
    let second = if first == Framed::Incomplete { framer.frame(octets) } else { first };
    assert!(second == whole || matches!(first, Framed::KeepAlive(2)), "{}", octets.escape_ascii());
    if let Framed::Message(length) = whole {
        let mut spans = HeaderSpans::new();
        if let Ok(Message::Request(request)) = parse(&octets[..length], &mut spans) {
            assert_ne!(request.check().err(), Some(Defect::BodyTruncated), "{}", octets.escape_ascii());
        }
    }
}
