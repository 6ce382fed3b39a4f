//! Requests of a user agent client.

use super::Vec;
use super::fields::{Decimal, push_body, push_header};
use super::lines::HeaderLines;
use crate::Method;
use crate::grammar::TOKEN;

/// Writes a request.
#[must_use = "a request is complete only after `finish`"]
pub struct RequestWriter<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> RequestWriter<'o> {
    /// Appends the request line.
    ///
    /// Octets that cannot stand in a method become `-`, as does a method of none; octets that would end or split a Request-URI are
    /// percent-encoded.
    pub fn start(out: &'o mut Vec<u8>, method: Method<'_>, uri: &[u8]) -> Self {
        out.extend(method.as_bytes().iter().map(|octet| if TOKEN.has(*octet) { *octet } else { b'-' }));
        if method.as_bytes().is_empty() {
            out.push(b'-');
        }
        out.push(b' ');
        for octet in uri {
            push_uri_octet(out, *octet);
        }
        out.extend_from_slice(b" SIP/2.0\r\n");
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

fn push_uri_octet(out: &mut Vec<u8>, octet: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    if octet.is_ascii_graphic() && !matches!(octet, b'<' | b'>' | b'"') {
        out.push(octet);
        return;
    }
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
    out.extend_from_slice(&[b'%', digit(octet >> 4), digit(octet & 15)]);
}
