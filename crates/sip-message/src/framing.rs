//! Where one message ends and the next begins (RFC 3261 section 18.3, RFC 5626 section 3.5.1), for every transport.

use crate::grammar::TOKEN;
use crate::limits::{MAX_HEAD_OCTETS, MAX_MESSAGE_OCTETS};
use crate::number::number;
use crate::scan::{Folding, Line, header_span};
use crate::{Defect, HeaderName};
use core::fmt;

/// What the octets at hand begin with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framed {
    /// A message of that many octets.
    Message(usize),
    /// A keep-alive of that many octets: on a stream, 4 (CRLF CRLF) asks for a CRLF in return, 2 (CRLF) does not.
    KeepAlive(usize),
    /// Not yet a whole message.
    Incomplete,
    /// Nothing that can be framed; the connection cannot be used any further.
    Malformed(FramingError),
}

/// Why a stream can no longer be split into messages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FramingError {
    /// The first octet cannot begin a start line: this peer speaks something else.
    NoStartLine,
    /// No end of the head within [`crate::limits::MAX_HEAD_OCTETS`].
    HeadTooLarge,
    /// Head and body exceed [`crate::limits::MAX_MESSAGE_OCTETS`].
    MessageTooLarge,
    /// Content-Length is not a number.
    ContentLength,
    /// Two Content-Length headers disagree.
    ConflictingContentLength,
}

impl FramingError {
    /// A short description, fit for a log line or a counter's label.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::NoStartLine => "no start line",
            Self::HeadTooLarge => "head too large",
            Self::MessageTooLarge => "message too large",
            Self::ContentLength => "malformed Content-Length",
            Self::ConflictingContentLength => "conflicting Content-Length",
        }
    }
}

impl fmt::Display for FramingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.describe())
    }
}

impl core::error::Error for FramingError {}

/// What a datagram or a WebSocket message is: a SIP message, or a keep-alive of nothing but line breaks, spaces and
/// NULs.
///
/// Never `Incomplete` and never `Malformed`: a datagram is all there is, and its faults can be answered.
#[must_use]
pub fn datagram(octets: &[u8]) -> Framed {
    if octets.iter().all(|octet| matches!(octet, b'\r' | b'\n' | b' ' | 0)) {
        Framed::KeepAlive(octets.len())
    } else {
        Framed::Message(octets.len())
    }
}

/// Splits the octets of one connection into messages.
///
/// Remembers how far it has looked, so that a peer sending one octet at a time costs no more than any other.
#[derive(Clone, Debug, Default)]
pub struct StreamFramer {
    /// Octets known not to hold the end of the head.
    scanned: usize,
    /// The length of the message, once its head is whole.
    length: Option<usize>,
    /// Where the last message ends nobody knows.
    lost: Option<FramingError>,
}

impl StreamFramer {
    /// A framer for a new connection.
    #[must_use]
    pub const fn new() -> Self {
        Self { scanned: 0, length: None, lost: None }
    }

    /// What the octets received and not yet taken begin with. A message without Content-Length has no body. One whose
    /// Content-Length cannot be used ends with its head, so that it can be answered (RFC 4475 section 3.1.2.3), and the
    /// next call says why nothing follows it.
    ///
    /// After [`Framed::Message`] or [`Framed::KeepAlive`] the caller takes that many octets away before it calls
    /// again; after [`Framed::Incomplete`] it calls again with the same octets and more behind them.
    pub fn frame(&mut self, octets: &[u8]) -> Framed {
        if let Some(error) = self.lost {
            return Framed::Malformed(error);
        }
        if self.length.is_none() {
            match octets {
                [] | [b'\r'] | [b'\r', b'\n'] | [b'\r', b'\n', b'\r'] => return Framed::Incomplete,
                [b'\r', b'\n', b'\r', b'\n', ..] => return Framed::KeepAlive(4),
                [b'\r', b'\n', ..] => return Framed::KeepAlive(2),
                [first, ..] if !TOKEN.has(*first) => return Framed::Malformed(FramingError::NoStartLine),
                _ => {}
            }
            match self.find_length(octets) {
                Ok(length) => self.length = length,
                Err(error) => return Framed::Malformed(error),
            }
        }
        match self.length {
            Some(length) if octets.len() >= length => {
                *self = Self { lost: self.lost, ..Self::new() };
                Framed::Message(length)
            }
            _ => Framed::Incomplete,
        }
    }

    /// The length of the message, if its head is whole.
    fn find_length(&mut self, octets: &[u8]) -> Result<Option<usize>, FramingError> {
        let within = octets.get(..MAX_HEAD_OCTETS).unwrap_or(octets);
        let Some(head_length) = self.find_head_end(within) else {
            self.scanned = within.len();
            return if within.len() < MAX_HEAD_OCTETS { Ok(None) } else { Err(FramingError::HeadTooLarge) };
        };
        let length = content_length(octets.get(..head_length).unwrap_or_default()).and_then(|body_length| {
            let length = head_length.checked_add(body_length).filter(|length| *length <= MAX_MESSAGE_OCTETS);
            length.ok_or(FramingError::MessageTooLarge)
        });
        Ok(Some(length.unwrap_or_else(|error| {
            self.lost = Some(error);
            head_length
        })))
    }

    fn find_head_end(&self, octets: &[u8]) -> Option<usize> {
        // The octets looked at before may end in the first three of the four that end the head.
        let from = self.scanned.saturating_sub(3);
        let new = octets.get(from..)?;
        let found = memchr::memchr_iter(b'\n', new)
            .find(|newline| new.get(newline.saturating_sub(3)..=*newline) == Some(b"\r\n\r\n"))?;
        Some(from + found + 1)
    }
}

/// The Content-Length of a head that ends in an empty line, 0 without one.
fn content_length(head: &[u8]) -> Result<usize, FramingError> {
    let mut found = None;
    let mut begin = Line::find(head, 0, Folding::Ends).map_or(head.len(), |line| line.next);
    while let Some(line) = Line::find(head, begin, Folding::Continues) {
        if let Some(span) = header_span(head, begin, line.end)
            && span.name == HeaderName::ContentLength
        {
            let value = head.get(usize::from(span.value_start)..usize::from(span.value_end)).unwrap_or_default();
            let length = number(value, u32::MAX, HeaderName::ContentLength).map_err(|defect| match defect {
                Defect::OutOfRange(_) => FramingError::MessageTooLarge,
                _ => FramingError::ContentLength,
            })?;
            if found.is_some_and(|earlier| earlier != length) {
                return Err(FramingError::ConflictingContentLength);
            }
            found = Some(length);
        }
        begin = line.next;
    }
    usize::try_from(found.unwrap_or(0)).map_err(|_| FramingError::MessageTooLarge)
}
