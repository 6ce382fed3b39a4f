//! Header lines that are written once and used in many messages.

use super::Vec;
use super::fields::{CRLF, Decimal, push_header, push_text};
use crate::{Header, HeaderName};

/// Header lines that cannot break out of their head; [`super::RequestWriter::lines`] puts them into a message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HeaderLines {
    octets: Vec<u8>,
}

impl HeaderLines {
    /// No lines yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: Vec::new() }
    }

    /// Appends a header. CR, LF and NUL in the value become spaces; a name that is not a token appends nothing, nor does
    /// Content-Length.
    pub fn header(&mut self, name: impl AsRef<str>, value: &[u8]) {
        self.header_parts(name, &[value]);
    }

    /// Appends a header whose value is a number.
    pub fn header_u32(&mut self, name: impl AsRef<str>, value: u32) {
        self.header_parts(name, &[Decimal::default().write(u64::from(value))]);
    }

    /// Appends a header whose value is those parts, one directly after the other.
    pub fn header_parts(&mut self, name: impl AsRef<str>, parts: &[&[u8]]) {
        push_header(&mut self.octets, name.as_ref(), parts);
    }

    /// Appends a header of a message as it stands there, under the usual spelling of its name. Content-Length is left out.
    pub fn copy(&mut self, header: &Header<'_>) {
        let name = match header.name {
            HeaderName::ContentLength => return,
            HeaderName::Other => header.name_octets,
            known => known.as_str().as_bytes(),
        };
        self.octets.extend_from_slice(name);
        self.octets.extend_from_slice(b": ");
        push_text(&mut self.octets, header.value);
        self.octets.extend_from_slice(CRLF);
    }

    /// Appends those of another.
    pub fn append(&mut self, other: &Self) {
        self.octets.extend_from_slice(&other.octets);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The lines, each with its line end.
    #[must_use]
    pub fn as_octets(&self) -> &[u8] {
        &self.octets
    }
}
