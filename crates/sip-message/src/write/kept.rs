//! What is kept of a request that is answered later.

use super::Vec;
use super::echoed::Echoed;
use super::fields::push_header;
use super::response::push_vias;
use crate::HeaderName;
use core::net::SocketAddr;

/// The lines that every response repeats of its request (RFC 3261 section 8.2.6.2), written once, so that the request
/// itself need not be kept; [`super::ResponseWriter::resume`] puts them into a response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptRequest {
    octets: Vec<u8>,
    /// Where a tag belongs; `None` if To has one.
    tag_place: Option<usize>,
}

impl KeptRequest {
    /// Keeps what responses to that request repeat; the topmost Via is completed as
    /// [`super::ResponseWriter::start`] does it.
    #[must_use]
    pub fn of<'r>(request: impl Into<Echoed<'r>>, source: SocketAddr) -> Self {
        let echoed = request.into();
        let mut octets = Vec::with_capacity(384);
        push_vias(&mut octets, &echoed, source);
        let mut tag_place = None;
        for name in [HeaderName::From, HeaderName::CallId, HeaderName::CSeq, HeaderName::To] {
            let Some(value) = echoed.headers.first(name) else { continue };
            push_header(&mut octets, name.as_str(), &[value]);
        }
        if !echoed.to_has_tag && echoed.headers.first(HeaderName::To).is_some() {
            tag_place = octets.len().checked_sub(2);
        }
        Self { octets, tag_place }
    }

    pub(super) fn push(&self, out: &mut Vec<u8>, to_tag: &[u8]) {
        let place = self.tag_place.filter(|_| !to_tag.is_empty());
        let (before, after) =
            place.and_then(|place| self.octets.split_at_checked(place)).unwrap_or((&self.octets, &[]));
        out.extend_from_slice(before);
        if !after.is_empty() {
            out.extend_from_slice(b";tag=");
            out.extend(to_tag.iter().map(|octet| if crate::grammar::TOKEN.has(*octet) { *octet } else { b'-' }));
            out.extend_from_slice(after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::{HeaderLines, RequestWriter, ResponseWriter, Status, finish_message};
    use crate::{HeaderSpans, Message, Method, Request, parse};

    const SOURCE: &str = "192.0.2.1:4711";

    fn with_request(to: &str, check: impl FnOnce(&Request<'_>)) {
        let text = format!(
            "INVITE sip:h SIP/2.0\r\nv: SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bK1, SIP/2.0/UDP b\r\nt: {to}\r\n\
             From: <sip:b@h>;tag=1\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nSubject: a\r\n\tb\r\nX-Y: z\r\n\r\n"
        );
        let mut spans = HeaderSpans::new();
        let Ok(Message::Request(request)) = parse(text.as_bytes(), &mut spans) else { panic!("{text}") };
        check(&request);
    }

    fn late(request: &Request<'_>, status: u16) -> String {
        let kept = KeptRequest::of(request, SOURCE.parse().unwrap());
        let mut out = Vec::new();
        ResponseWriter::resume(&mut out, &kept, Status::of(status), b"tt").finish(b"");
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_late_response_says_what_an_immediate_one_does() {
        for to in ["<sip:a@h>", "<sip:a@h>;tag=theirs"] {
            with_request(to, |request| {
                for status in [100, 200] {
                    let mut now = Vec::new();
                    ResponseWriter::start(&mut now, request, Status::of(status), SOURCE.parse().unwrap(), b"tt")
                        .finish(b"");
                    let sorted = |text: &str| {
                        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
                        lines.sort();
                        lines
                    };
                    assert_eq!(sorted(&late(request, status)), sorted(str::from_utf8(&now).unwrap()), "{to} {status}");
                }
            });
        }
    }

    #[test]
    fn lines_are_copied_whole_and_cannot_break_out() {
        with_request("<sip:a@h>", |request| {
            let mut lines = HeaderLines::new();
            assert!(lines.is_empty());
            let crosses = |name: HeaderName| matches!(name, HeaderName::Subject | HeaderName::Other);
            request.headers().iter().filter(|header| crosses(header.name)).for_each(|header| lines.copy(&header));
            lines.header("X-Z", b"1\r\nEvil: 2");
            lines.header_u32("Max-Forwards", 7);
            let mut out = Vec::new();
            RequestWriter::start(&mut out, Method::Options, b"sip:h").lines(&lines).leave_open();
            finish_message(&mut out, b"body");
            let expected = "OPTIONS sip:h SIP/2.0\r\nSubject: a b\r\nX-Y: z\r\nX-Z: 1 Evil: 2\r\nMax-Forwards: 7\r\n\
                 Content-Length: 4\r\n\r\nbody";
            assert_eq!(str::from_utf8(&out).unwrap(), expected);
        });
    }
}
