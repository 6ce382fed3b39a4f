//! The parts of a message that cannot break out of their line.

use super::Vec;
use crate::HeaderName;
use crate::grammar::{TOKEN, is_space};
use core::fmt::Write;
use core::net::IpAddr;

pub(super) const CRLF: &[u8] = b"\r\n";

/// Appends octets to a line: a fold becomes one space, as does any other CR, LF or NUL.
pub(super) fn push_text(out: &mut Vec<u8>, mut text: &[u8]) {
    while let Some(place) = memchr::memchr3(b'\r', b'\n', 0, text) {
        let (clean, rest) = text.split_at_checked(place).unwrap_or((text, &[]));
        out.extend_from_slice(clean);
        out.push(b' ');
        let broken = rest.iter().position(|octet| *octet != 0 && !is_space(*octet)).unwrap_or(rest.len());
        text = rest.get(broken..).unwrap_or_default();
    }
    out.extend_from_slice(text);
}

/// Appends a header line. A name that is not a token appends nothing, nor does Content-Length, which is written with
/// the body.
pub(super) fn push_header(out: &mut Vec<u8>, name: &str, parts: &[&[u8]]) {
    let writes = match HeaderName::from_octets(name.as_bytes()) {
        HeaderName::ContentLength => false,
        HeaderName::Other => TOKEN.covers(name.as_bytes()),
        _ => true,
    };
    if !writes {
        return;
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    for part in parts {
        push_text(out, part);
    }
    out.extend_from_slice(CRLF);
}

/// Ends a message whose writer left its head open: appends Content-Length, the empty line and the body.
pub fn finish_message(out: &mut Vec<u8>, body: &[u8]) {
    push_body(out, body);
}

/// Appends Content-Length, the empty line and the body.
pub(super) fn push_body(out: &mut Vec<u8>, body: &[u8]) {
    out.extend_from_slice(b"Content-Length: ");
    push_number(out, u64::try_from(body.len()).unwrap_or(u64::MAX));
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

/// Appends the decimal digits of a number.
pub fn push_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = Decimal::default();
    out.extend_from_slice(digits.write(number));
}

/// Appends an address without brackets, as `received` has it.
pub(super) fn push_address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let [first, rest @ ..] = address.octets();
            push_number(out, u64::from(first));
            for octet in rest {
                out.push(b'.');
                push_number(out, u64::from(octet));
            }
        }
        IpAddr::V6(address) => {
            let written = write!(Octets(out), "{address}");
            debug_assert!(written.is_ok(), "appending to a vector cannot fail");
        }
    }
}

/// A vector of octets as a sink of text.
struct Octets<'o>(&'o mut Vec<u8>);

impl Write for Octets<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Room for the decimal digits of any `u64`.
#[derive(Default)]
pub(super) struct Decimal([u8; 20]);

impl Decimal {
    pub(super) fn write(&mut self, mut number: u64) -> &[u8] {
        let mut unused = self.0.len();
        for place in self.0.iter_mut().rev() {
            *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
            unused -= 1;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.0.get(unused..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let mut out = Vec::new();
        for number in [0, 9, 10, 4711, u64::MAX] {
            push_number(&mut out, number);
            out.push(b' ');
        }
        assert_eq!(out, b"0 9 10 4711 18446744073709551615 ");
    }

    #[test]
    fn line_breaks_become_spaces() {
        let clean = |text: &[u8]| {
            let mut out = Vec::new();
            push_text(&mut out, text);
            out
        };
        assert_eq!(clean(b"a\r\n  b"), b"a b");
        assert_eq!(clean(b"a\nX: y\rz\0"), b"a X: y z ");
        assert_eq!(clean(b"\r\n\r\n"), b" ");
    }

    #[test]
    fn names_that_are_no_tokens_write_nothing() {
        let mut out = Vec::new();
        for name in ["", "A: b\r\nC", "a b", "Content-Length", "L", "ä"] {
            push_header(&mut out, name, &[b"x"]);
        }
        assert!(out.is_empty());
    }
}
