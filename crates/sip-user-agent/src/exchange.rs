//! What came of one request and its repetitions with credentials.

use sip_digest::HashAlgorithm;
use std::time::Duration;

/// One request to the server, with every transaction it took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// How it ended.
    pub outcome: Outcome,
    /// Every message sent, retransmissions included, and every one received that belonged to it; the first
    /// [`Exchange::MAX_STEPS`] of them.
    pub ladder: Vec<Step>,
    /// The hash of the last credentials sent; `None` if none were.
    pub algorithm: Option<HashAlgorithm>,
    /// Whether the server's `rspauth` was right (RFC 7616 section 3.5); `None` if it sent none.
    pub server_proved_itself: Option<bool>,
    /// From the first octet sent to the outcome.
    pub elapsed: Duration,
    /// The Contact values of a success: after REGISTER, the bindings that now stand.
    pub contacts: Vec<String>,
}

impl Exchange {
    /// Most steps kept: three transactions with all their retransmissions and a response each, and then some.
    pub const MAX_STEPS: usize = 64;
}

/// How an exchange ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A final response of that status, 200 to 299.
    Success(u16),
    /// Any other final response; after a 401 or 407 that asks again for what was just given, the password is wrong.
    Refused {
        /// The status, 300 to 699.
        status: u16,
        /// The reason phrase, control characters escaped.
        reason: String,
    },
    /// No final response before timer F or the deadline.
    TimedOut,
    /// None of the challenges can be answered with the account's hashes.
    NoAcceptableChallenge,
    /// The socket failed; what the system or the framing said.
    TransportFailed(String),
}

/// Which way a message went, seen from the user agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// To the server.
    Sent,
    /// From the server.
    Received,
}

/// One message of an exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Time since the exchange began.
    pub at: Duration,
    /// Which way it went.
    pub direction: Direction,
    /// One line: `REGISTER sip:example.com (CSeq 2, Digest MD5 nc=00000001)`, or
    /// `401 Unauthorized (Digest realm="example.com", SHA-256)`.
    pub summary: String,
    /// The whole message. Of credentials and challenges only what is no secret is shown, the rest reads `<masked>`;
    /// control characters other than line breaks are escaped.
    pub message: String,
}
