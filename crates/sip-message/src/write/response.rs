//! Responses to one request.

use super::Vec;
use super::echoed::Echoed;
use super::fields::{CRLF, Decimal, push_address, push_body, push_header, push_number, push_text};
use super::kept::KeptRequest;
use super::lines::HeaderLines;
use super::status::Status;
use crate::grammar::trim;
use crate::{HeaderName, Rport, Via};
use core::net::SocketAddr;

/// Writes the response to a request, which may have any defect.
#[must_use = "a response is complete only after `finish`"]
pub struct ResponseWriter<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> ResponseWriter<'o> {
    /// Appends the status line and the headers that RFC 3261 section 8.2.6.2 copies from the request: every Via, From,
    /// To, Call-ID and CSeq, each on one line.
    ///
    /// The topmost Via says what only we know: `received` when its sent-by is not the address the request came from, or
    /// when the client asked for `rport`, which is then filled in too (RFC 3261 section 18.2.1, RFC 3581 section 4).
    /// What the client itself wrote there is dropped. A To without a tag gets `to_tag`, except in a 100.
    pub fn start<'r>(
        out: &'o mut Vec<u8>,
        request: impl Into<Echoed<'r>>,
        status: Status<'_>,
        source: SocketAddr,
        to_tag: &[u8],
    ) -> Self {
        push_status_line(out, status);
        let echoed = request.into();
        push_vias(out, &echoed, source);
        for name in [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq] {
            let Some(value) = echoed.headers.first(name) else { continue };
            if name == HeaderName::To && status.code != 100 && !to_tag.is_empty() && !echoed.to_has_tag {
                push_header(out, name.as_str(), &[value, b";tag=", to_tag]);
            } else {
                push_header(out, name.as_str(), &[value]);
            }
        }
        Self { out }
    }

    /// Appends the status line and what [`Self::start`] copies, to a request that is answered late. A To without a tag gets
    /// `to_tag`, except in a 100.
    pub fn resume(out: &'o mut Vec<u8>, request: &KeptRequest, status: Status<'_>, to_tag: &[u8]) -> Self {
        push_status_line(out, status);
        request.push(out, if status.code == 100 { &[] } else { to_tag });
        Self { out }
    }

    /// Appends a header. CR, LF and NUL in the value become spaces; a name that is not a token appends nothing, nor
    /// does Content-Length, which [`Self::finish`] writes.
    pub fn header(self, name: impl AsRef<str>, value: &[u8]) -> Self {
        self.header_parts(name, &[value])
    }

    /// Appends a header whose value is a number.
    pub fn header_u32(self, name: impl AsRef<str>, value: u32) -> Self {
        self.header_parts(name, &[Decimal::default().write(u64::from(value))])
    }

    /// Appends a header whose value is those parts, one directly after the other.
    pub fn header_parts(self, name: impl AsRef<str>, parts: &[&[u8]]) -> Self {
        push_header(self.out, name.as_ref(), parts);
        self
    }

    /// Appends lines that were written before.
    pub fn lines(self, lines: &HeaderLines) -> Self {
        self.out.extend_from_slice(lines.as_octets());
        self
    }

    /// Leaves the head open: [`super::finish_message`] ends it once the body is known.
    pub fn leave_open(self) {}

    /// Appends Content-Length, the empty line and the body.
    pub fn finish(self, body: &[u8]) {
        push_body(self.out, body);
    }
}

fn push_status_line(out: &mut Vec<u8>, status: Status<'_>) {
    out.extend_from_slice(b"SIP/2.0 ");
    push_number(out, u64::from(status.code));
    out.push(b' ');
    push_text(out, status.reason.as_bytes());
    out.extend_from_slice(CRLF);
}

pub(super) fn push_vias(out: &mut Vec<u8>, echoed: &Echoed<'_>, source: SocketAddr) {
    let mut lines = echoed.headers.all(HeaderName::Via);
    if let Some(top_line) = lines.next() {
        out.extend_from_slice(b"Via: ");
        match &echoed.top_via {
            Some(via) => {
                push_top_via(out, via, source);
                // The others in the line, with the comma before them.
                push_text(out, trim(top_line.get(via.text.len()..).unwrap_or_default()));
            }
            None => push_text(out, top_line),
        }
        out.extend_from_slice(CRLF);
    }
    for line in lines {
        push_header(out, HeaderName::Via.as_str(), &[line]);
    }
}

fn push_top_via(out: &mut Vec<u8>, via: &Via<'_>, source: SocketAddr) {
    let address = source.ip().to_canonical();
    let asks_for_port = via.rport != Rport::Absent;
    let is_elsewhere = via.host.ip().map(|ip| ip.to_canonical()) != Some(address);
    if !asks_for_port && !is_elsewhere && via.received.is_none() {
        push_text(out, via.text);
        return;
    }
    push_text(out, before_params(via));
    let ours = |name: &[u8]| name.eq_ignore_ascii_case(b"received") || name.eq_ignore_ascii_case(b"rport");
    for param in via.params.iter().filter(|param| !ours(param.name)) {
        out.push(b';');
        push_text(out, param.name);
        if let Some(value) = param.value {
            out.push(b'=');
            push_text(out, value);
        }
    }
    if asks_for_port || is_elsewhere {
        out.extend_from_slice(b";received=");
        push_address(out, address);
    }
    if asks_for_port {
        out.extend_from_slice(b";rport=");
        push_number(out, u64::from(source.port()));
    }
}

/// A Via value up to its parameters.
fn before_params<'m>(via: &Via<'m>) -> &'m [u8] {
    via.text.strip_suffix(via.params.as_octets()).map_or(via.text, trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HeaderSpans, Message, parse};

    fn respond(via: &str, source: &str) -> String {
        let request = format!(
            "OPTIONS sip:h SIP/2.0\r\nVia: {via}\r\nVia: SIP/2.0/UDP b;x=\r\n\ty\r\nTo: <sip:a@h>\r\n\
             From: <sip:b@h>;tag=1\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n"
        );
        let mut spans = HeaderSpans::new();
        let Ok(Message::Request(request)) = parse(request.as_bytes(), &mut spans) else { panic!("{request}") };
        let mut out = Vec::new();
        ResponseWriter::start(&mut out, &request, Status::of(200), source.parse().unwrap(), b"tt")
            .header_u32(HeaderName::Expires, 60)
            .header_parts("X-Y", &[b"a", b"b"])
            .finish(b"body");
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_whole_response() {
        assert_eq!(
            respond("SIP/2.0/UDP 192.0.2.1;branch=z, SIP/2.0/UDP c", "192.0.2.1:5060"),
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z, SIP/2.0/UDP c\r\nVia: SIP/2.0/UDP b;x= y\r\n\
             From: <sip:b@h>;tag=1\r\nTo: <sip:a@h>;tag=tt\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nExpires: 60\r\n\
             X-Y: ab\r\nContent-Length: 4\r\n\r\nbody"
        );
    }

    #[test]
    fn received_and_rport() {
        for (via, source, expected) in [
            ("SIP/2.0/UDP 192.0.2.1:5070;branch=z", "192.0.2.1:9", "SIP/2.0/UDP 192.0.2.1:5070;branch=z"),
            ("SIP/2.0/UDP h;branch=z", "192.0.2.1:9", "SIP/2.0/UDP h;branch=z;received=192.0.2.1"),
            (
                "SIP/2.0/UDP 192.0.2.1;rport;branch=z",
                "192.0.2.1:9",
                "SIP/2.0/UDP 192.0.2.1;branch=z;received=192.0.2.1;rport=9",
            ),
            (
                "SIP/2.0/UDP 10.0.0.1;rport=5;received=6.6.6.6;branch=\"z,\" , SIP/2.0/UDP c;rport",
                "[2001:db8::1]:9",
                "SIP/2.0/UDP 10.0.0.1;branch=\"z,\";received=2001:db8::1;rport=9, SIP/2.0/UDP c;rport",
            ),
            ("SIP/2.0/UDP 192.0.2.1;received=6.6.6.6", "192.0.2.1:9", "SIP/2.0/UDP 192.0.2.1"),
            ("SIP/2.0/UDP 192.0.2.1", "[::ffff:192.0.2.1]:9", "SIP/2.0/UDP 192.0.2.1"),
            ("SIP/2.0/UDP [2001:db8:0::1]", "[2001:db8::1]:9", "SIP/2.0/UDP [2001:db8:0::1]"),
            ("SIP/2.0/UDP h;;", "192.0.2.1:9", "SIP/2.0/UDP h;;"),
            ("SIP/2.0/UDP h;rport x", "192.0.2.1:9", "SIP/2.0/UDP h;rport x"),
        ] {
            let response = respond(via, source);
            let top = response.lines().nth(1).and_then(|line| line.strip_prefix("Via: "));
            assert_eq!(top, Some(expected), "{via}");
        }
    }
}
