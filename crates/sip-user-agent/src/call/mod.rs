//! A call to somebody, to find out whether it can be placed and whether audio comes back.

mod invitation;
mod media;
mod peer_requests;
mod progress;
mod run;

use crate::Step;
use rtp::ReceptionReport;
use sip_digest::HashAlgorithm;
use std::time::Duration;

pub(crate) use run::CallRun;

/// What is wanted of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallPlan {
    /// Whom to call: a sip URI.
    pub to: String,
    /// How long to talk once it is answered.
    pub talk: Duration,
    /// How long to let it ring before it is cancelled.
    pub ring: Duration,
}

/// What came of a call.
#[derive(Clone, PartialEq, Debug)]
pub struct CallReport {
    /// How it ended.
    pub end: CallEnd,
    /// Every message sent or received in it, retransmissions included; the first [`crate::Exchange::MAX_STEPS`] of them.
    pub ladder: Vec<Step>,
    /// The hash of the last credentials sent; `None` if none were asked for.
    pub algorithm: Option<HashAlgorithm>,
    /// From the first INVITE to ringing, or to the answer where nothing rang.
    pub post_dial_delay: Option<Duration>,
    /// From the first INVITE to the 2xx.
    pub answered_after: Option<Duration>,
    /// What was heard; `None` if it was not answered.
    pub media: Option<MediaReport>,
}

impl CallReport {
    /// Of a call for which nothing was sent.
    pub(crate) const fn not_begun(end: CallEnd) -> Self {
        Self { end, ladder: Vec::new(), algorithm: None, post_dial_delay: None, answered_after: None, media: None }
    }
}

/// How a call ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CallEnd {
    /// It was answered, and we hung up as planned.
    HungUp,
    /// It was answered, and the other side hung up first.
    PeerHungUp,
    /// It was answered, but our BYE was not: with another status, or with none where that is `None`.
    ByeUnanswered(Option<u16>),
    /// A final response other than 2xx.
    Refused {
        /// The status, 300 to 699.
        status: u16,
        /// The reason phrase, control characters escaped.
        reason: String,
    },
    /// No response at all.
    TimedOut,
    /// It rang as long as planned, and was cancelled.
    NotAnswered,
    /// None of the challenges can be answered with the account's hashes.
    NoAcceptableChallenge,
    /// It was answered with a session description that agrees on nothing; what is wrong with it.
    NoCommonMedia(String),
    /// The socket of signalling or media failed; what the system or the framing said.
    TransportFailed(String),
}

/// What was sent and heard.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MediaReport {
    /// Packets sent.
    pub sent: u64,
    /// How many of them came back as they were.
    pub returned: u64,
    /// The packets heard.
    pub reception: ReceptionReport,
    /// What was in them.
    pub heard: Heard,
    /// How long those that came back took; `None` if none did.
    pub round_trip: Option<RoundTrip>,
}

/// What the packets heard amount to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Nothing came.
    Nothing,
    /// Packets without sound.
    Silence,
    /// Sound, but not the tone that was sent.
    OtherSound,
    /// The tone that was sent, with more than half of all energy.
    Tone,
}

/// Round-trip times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RoundTrip {
    /// The shortest.
    pub least: Duration,
    /// The arithmetic mean.
    pub mean: Duration,
    /// The longest.
    pub most: Duration,
}
