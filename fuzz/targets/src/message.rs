//! A datagram.

use sip_message::framing::{Framed, datagram};
use sip_message::write::{Echoed, ResponseWriter, Status};
use sip_message::{HeaderName, HeaderSpans, Headers, Message, parse};

/// Reading ends; every value can be asked for; and an answer to whatever has a Via can be read.
///
/// # Panics
/// When one of them does not hold.
pub fn message(octets: &[u8]) {
    assert!(matches!(datagram(octets), Framed::Message(_) | Framed::KeepAlive(_)));
    let mut spans = HeaderSpans::new();
    let (headers, answer) = match parse(octets, &mut spans) {
        Ok(Message::Request(request)) => {
            assert_eq!(request.check().is_ok(), request.check().is_ok());
            if let Ok(checked) = request.check() {
                assert_eq!(Some(checked.call_id()), request.headers().call_id().ok());
                assert!(octets.len() >= checked.body().len());
            }
            let mut answer = Vec::new();
            if request.headers().first(HeaderName::Via).is_some() {
                let remote = ([192, 0, 2, 1], 5060).into();
                let tag = *b"0123456789abcdef";
                ResponseWriter::start(&mut answer, Echoed::from(&request), Status::of(400), remote, &tag).finish(b"");
            }
            (request.headers(), answer)
        }
        Ok(Message::Response(response)) => {
            let _ = response.check();
            (response.headers(), Vec::new())
        }
        Err(unparseable) => return assert!(!unparseable.describe().is_empty()),
    };
    read_everything(headers, octets.len());
    if !answer.is_empty() {
        let mut spans = HeaderSpans::new();
        assert!(matches!(parse(&answer, &mut spans), Ok(Message::Response(response)) if response.status() == 400));
    }
}

fn read_everything(headers: Headers<'_>, length: usize) {
    for header in headers.iter() {
        assert!(!header.name_octets.is_empty() && header.name_octets.len() <= length);
    }
    let counts = [
        headers.vias().count(),
        headers.contacts().count(),
        headers.comma_values(HeaderName::Accept).count(),
        headers.option_tags(HeaderName::Require).count(),
        headers.addresses(HeaderName::Route).count(),
        headers.digest_credentials(HeaderName::Authorization).count(),
        headers.digest_challenges(HeaderName::WwwAuthenticate).count(),
    ];
    assert!(counts.iter().all(|count| *count <= length + 1));
    let _ = (headers.from_header(), headers.to_header(), headers.cseq(), headers.max_forwards(), headers.expires());
    let _ = (headers.min_expires(), headers.retry_after(), headers.content_length());
}
