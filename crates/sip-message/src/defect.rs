//! What can be wrong with a message, named after the peer's mistake.

use crate::HeaderName;
use core::fmt;

/// A fault in a message that can still be answered.
///
/// Carries no octets of the message, so it may be logged as it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Defect {
    /// The start line names a SIP version other than 2.0.
    UnsupportedVersion,
    /// The start line has something other than single spaces between its three parts.
    MalformedStartLine,
    /// The Request-URI breaks the grammar, stands in angle brackets or has headers.
    MalformedRequestUri,
    /// The Request-URI has more than [`crate::limits::MAX_REQUEST_URI_OCTETS`] octets.
    RequestUriTooLong,
    /// A URI in a header breaks the grammar.
    MalformedUri,
    /// A header line has no colon, or a name that is not a token.
    MalformedHeaderLine,
    /// A CR without LF, or an LF without CR, stands in the head.
    BareLineBreak,
    /// A NUL stands in the head elsewhere than as a quoted-pair.
    ForbiddenNul,
    /// The empty line after the headers is missing.
    HeadNotTerminated,
    /// More than [`crate::limits::MAX_HEADERS`] header lines.
    TooManyHeaders,
    /// The message has more than [`crate::limits::MAX_MESSAGE_OCTETS`] octets.
    MessageTooLarge,
    /// A header without which no request or response is complete is not there.
    Missing(HeaderName),
    /// A header that may stand once only stands there again.
    Duplicate(HeaderName),
    /// The header's value breaks its grammar.
    Malformed(HeaderName),
    /// A number in the header is larger than it may be.
    OutOfRange(HeaderName),
    /// A parameter stands twice in one value of the header.
    DuplicateParameter(HeaderName),
    /// The method in CSeq is not that of the start line.
    CSeqMethodMismatch,
    /// Two Content-Length headers disagree.
    ConflictingContentLength,
    /// Content-Length promises more octets than there are.
    BodyTruncated,
}

impl Defect {
    /// The status of the response that tells the peer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::RequestUriTooLong => 414,
            Self::UnsupportedVersion => 505,
            Self::TooManyHeaders | Self::MessageTooLarge => 513,
            _ => 400,
        }
    }

    /// A short text fit for the response's reason phrase.
    #[must_use]
    pub const fn reason_phrase(self) -> &'static str {
        match self {
            Self::UnsupportedVersion => "Version Not Supported",
            Self::MalformedStartLine => "Malformed start line",
            Self::MalformedRequestUri => "Malformed Request-URI",
            Self::RequestUriTooLong => "Request-URI Too Long",
            Self::MalformedUri => "Malformed URI",
            Self::MalformedHeaderLine => "Malformed header line",
            Self::BareLineBreak => "Bare CR or LF in header",
            Self::ForbiddenNul => "NUL in header",
            Self::HeadNotTerminated => "Missing empty line after headers",
            Self::TooManyHeaders => "Too Many Headers",
            Self::MessageTooLarge => "Message Too Large",
            Self::Missing(name) => name.missing_phrase(),
            Self::Duplicate(name) => name.duplicate_phrase(),
            Self::Malformed(name) => name.malformed_phrase(),
            Self::OutOfRange(name) => name.out_of_range_phrase(),
            Self::DuplicateParameter(name) => name.duplicate_parameter_phrase(),
            Self::CSeqMethodMismatch => "CSeq method mismatch",
            Self::ConflictingContentLength => "Conflicting Content-Length",
            Self::BodyTruncated => "Body shorter than Content-Length",
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason_phrase())
    }
}

impl core::error::Error for Defect {}

/// Why octets are no SIP message at all; there is nobody to answer, so they are dropped.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unparseable {
    /// Nothing but line breaks.
    Empty,
    /// More octets than [`crate::limits::MAX_MESSAGE_OCTETS`].
    TooLarge,
    /// The first line is neither a request line nor a status line, or has no CRLF.
    NoStartLine,
    /// The status code of a response is not three digits from 100 to 699.
    StatusCode,
    /// The octets end in the middle of a header line.
    HeadCutOff,
}

impl Unparseable {
    /// A short description, fit for a log line or a counter's label.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too large",
            Self::NoStartLine => "no start line",
            Self::StatusCode => "status code out of range",
            Self::HeadCutOff => "head cut off",
        }
    }
}

impl fmt::Display for Unparseable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.describe())
    }
}

impl core::error::Error for Unparseable {}
