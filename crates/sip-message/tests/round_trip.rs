//! What the writers write, the parser reads; and nothing handed to a writer gets out of its line.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod sample;

use proptest::prelude::*;
use sample::{Address, Sample, config, sample, write_request};
use sip_message::framing::{Framed, StreamFramer};
use sip_message::write::{RequestWriter, ResponseWriter, Status};
use sip_message::{Contact, HeaderName, HeaderSpans, Headers, Message, Method, Request, Response, Rport, parse};
use std::net::SocketAddr;

fn read_request<'m>(octets: &'m [u8], spans: &'m mut HeaderSpans) -> Request<'m> {
    match parse(octets, spans) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?} from {}", octets.escape_ascii()),
    }
}

fn read_response<'m>(octets: &'m [u8], spans: &'m mut HeaderSpans) -> Response<'m> {
    match parse(octets, spans) {
        Ok(Message::Response(response)) => response,
        other => panic!("{other:?} from {}", octets.escape_ascii()),
    }
}

fn assert_address(read: sip_message::NameAddr<'_>, written: &Address) {
    assert_eq!(read.display_name, written.display.as_deref().map(str::as_bytes));
    assert_eq!(read.uri_octets, written.uri.as_bytes());
    let params: Vec<_> = read.params.iter().map(|param| (param.name, param.value)).collect();
    let expected: Vec<_> =
        written.params.iter().map(|(name, value)| (name.as_bytes(), value.as_deref().map(str::as_bytes))).collect();
    assert_eq!(params, expected);
}

fn assert_common(headers: Headers<'_>, sample: &Sample) {
    assert_eq!(headers.vias().count(), 1 + sample.more_vias.len());
    assert_address(headers.from_header().unwrap(), &sample.from);
    assert_eq!(headers.call_id(), Ok(sample.call_id.as_bytes()));
    let cseq = headers.cseq().unwrap();
    assert_eq!((cseq.number, cseq.method.as_bytes()), (sample.cseq, sample.method.as_bytes()));
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_written_request_reads_as_what_was_written(sample in sample()) {
        let octets = write_request(&sample);
        let mut spans = HeaderSpans::new();
        let request = read_request(&octets, &mut spans);
        prop_assert_eq!(request.check().map(drop), Ok(()), "{}", octets.escape_ascii());
        let headers = request.headers();
        assert_common(headers, &sample);
        prop_assert_eq!(request.uri_octets(), sample.uri.as_bytes());
        prop_assert_eq!(request.body(), &sample.body[..]);
        let via = headers.top_via().unwrap();
        prop_assert_eq!(via.transport, sample.via.transport.as_bytes());
        prop_assert_eq!((via.host.octets, via.host.port), (sample.via.host.as_bytes(), sample.via.port));
        prop_assert_eq!(via.branch, Some(sample.via.branch.as_bytes()));
        prop_assert_eq!(via.rport == Rport::Requested, sample.via.rport);
        assert_address(headers.to_header().unwrap(), &sample.to);
        prop_assert_eq!(headers.max_forwards(), Ok(Some(sample.max_forwards)));
        let contacts: Vec<_> = headers.contacts().map(Result::unwrap).collect();
        prop_assert_eq!(contacts.len(), sample.contacts.len());
        for (read, written) in contacts.into_iter().zip(&sample.contacts) {
            let Contact::Address(address) = read else { panic!("a wildcard") };
            assert_address(address, written);
        }
        prop_assert_eq!(StreamFramer::new().frame(&octets), Framed::Message(octets.len()));
    }

    #[test]
    fn a_response_carries_what_the_request_had(sample in sample(), source: SocketAddr, code in 100u16..700) {
        let octets = write_request(&sample);
        let mut spans = HeaderSpans::new();
        let request = read_request(&octets, &mut spans);
        let mut out = Vec::new();
        ResponseWriter::start(&mut out, &request, Status::of(code), source, b"tt").finish(&sample.body);
        let mut spans = HeaderSpans::new();
        let response = read_response(&out, &mut spans);
        prop_assert_eq!(response.check(), Ok(()), "{}", out.escape_ascii());
        prop_assert_eq!((response.status(), response.body()), (code, &sample.body[..]));
        let headers = response.headers();
        assert_common(headers, &sample);
        let to = headers.to_header().unwrap();
        prop_assert_eq!(to.tag(), (code != 100).then_some(&b"tt"[..]));
        let via = headers.top_via().unwrap();
        prop_assert_eq!(via.branch, Some(sample.via.branch.as_bytes()));
        let noted = if sample.via.rport { Rport::Port(source.port()) } else { Rport::Absent };
        if source.port() != 0 {
            prop_assert_eq!(via.rport, noted);
        }
        if sample.via.host.parse() == Ok(source.ip()) && !sample.via.rport {
            prop_assert_eq!(via.received, None);
        } else if sample.via.host != "[::1]" {
            let noted = source.ip().to_canonical().to_string();
            prop_assert_eq!(via.received, Some(noted.as_bytes()));
        }
    }

    #[test]
    fn credentials_are_read_as_sent(
        username in "([^\\x00-\\x1f\\x7f\"\\\\]|\\\\\"){0,12}",
        nonce in "[a-zA-Z0-9+/=]{1,40}",
        quote_nonce: bool,
        nc in "[0-9a-f]{8}",
        gap in "( |\r\n )?",
    ) {
        let nonce_value = if quote_nonce { format!("\"{nonce}\"") } else { nonce.clone() };
        let value = format!("digest username{gap}=\"{username}\"{gap},nc={nc},{gap}NONCE={gap}{nonce_value}");
        let octets = format!("REGISTER sip:h SIP/2.0\r\nAuthorization: Basic x\r\nAuthorization: {value}\r\n\r\n");
        let mut spans = HeaderSpans::new();
        let request = read_request(octets.as_bytes(), &mut spans);
        let found: Vec<_> = request.headers().digest_credentials(HeaderName::Authorization).collect();
        prop_assert_eq!(found.len(), 1);
        let credentials = found.first().copied().unwrap().unwrap();
        prop_assert_eq!(credentials.username, Some(username.as_bytes()));
        prop_assert_eq!(credentials.nonce, Some(nonce.as_bytes()));
        prop_assert_eq!((credentials.nc, credentials.response), (Some(nc.as_bytes()), None));
    }

    #[test]
    fn nothing_gets_out_of_its_line(
        name in any::<String>(),
        value in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), Just(0), Just(b' ')], 0..40),
        reason in "[\r\n\\PC]{0,10}",
    ) {
        let mut out = Vec::new();
        RequestWriter::start(&mut out, Method::Other(&value), &value).header(&name, &value).header("X", &value).finish(b"");
        assert_lines(&out, if is_header_name(&name) { 3 } else { 2 });

        let request = b"OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nTo: <sip:h>\r\n\r\n";
        let mut spans = HeaderSpans::new();
        let request = read_request(request, &mut spans);
        let mut out = Vec::new();
        let status = Status { code: 400, reason: &reason };
        ResponseWriter::start(&mut out, &request, status, "192.0.2.1:9".parse().unwrap(), &value)
            .header(&name, &value)
            .header("X", &value)
            .finish(b"");
        assert_lines(&out, if is_header_name(&name) { 5 } else { 4 });
    }
}

fn is_header_name(name: &str) -> bool {
    let token = |octet: u8| octet.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&octet);
    let is_length = name.eq_ignore_ascii_case("l") || name.eq_ignore_ascii_case("content-length");
    !name.is_empty() && name.bytes().all(token) && !is_length
}

/// The octets are one head with so many headers and nothing that could be read as more.
fn assert_lines(octets: &[u8], headers: usize) {
    let text = octets.escape_ascii();
    assert_eq!(octets.windows(2).filter(|pair| pair == b"\r\n").count(), headers + 2, "{text}");
    for forbidden in [b'\r', b'\n'] {
        assert_eq!(octets.iter().filter(|octet| **octet == forbidden).count(), headers + 2, "{text}");
    }
    assert!(!octets.contains(&0), "{text}");
    assert!(octets.ends_with(b"\r\nContent-Length: 0\r\n\r\n"), "{text}");
    assert_eq!(StreamFramer::new().frame(octets), Framed::Message(octets.len()), "{text}");
}
