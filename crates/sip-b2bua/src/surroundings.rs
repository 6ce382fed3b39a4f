//! What a call needs of the world around it, handed in with every event.

use crate::{LegId, TargetRef};
use sip_dialog::Millis;
use sip_message::{CheckedRequest, HeaderName, Method, Response};
use std::net::SocketAddr;

/// Where branches, tags and Call-IDs come from: they have to be unguessable (RFC 3261 sections 8.1.1.7, 19.3).
pub trait Randomness {
    /// Fills `out` with characters of `[A-Za-z0-9]`.
    fn token(&mut self, out: &mut [u8]);

    /// The same for a Call-ID of ours. Whoever finds calls by their Call-IDs may let them begin alike; 16 characters at
    /// least stay random.
    fn call_id(&mut self, out: &mut [u8]) {
        self.token(out);
    }
}

/// Who answers the challenges of next hops; it alone has secrets.
pub trait Answerer {
    /// The header that answers a 401 or 407; `None` where there is no secret for that target, or the challenge cannot be
    /// answered.
    fn answer(&mut self, challenged: &Challenged<'_>) -> Option<ChallengeAnswer>;
}

/// A request of ours that was challenged.
#[derive(Clone, Copy, Debug)]
pub struct Challenged<'c> {
    /// Over which leg.
    pub leg: LegId,
    /// Which target challenges; `None` for the caller's phone.
    pub target: Option<TargetRef>,
    /// The 401 or 407.
    pub response: &'c Response<'c>,
    /// The method of the request.
    pub method: Method<'c>,
    /// Its Request-URI.
    pub uri: &'c [u8],
    /// Its body.
    pub body: &'c [u8],
}

/// What answers a challenge.
#[derive(Clone, PartialEq, Eq)]
pub struct ChallengeAnswer {
    /// Authorization or Proxy-Authorization.
    pub header: HeaderName,
    /// Its value.
    pub value: Vec<u8>,
}

/// Shows the name only: the value may be tried against a password.
impl std::fmt::Debug for ChallengeAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChallengeAnswer({})", self.header.as_str())
    }
}

/// The world at the moment of one event.
pub struct Surroundings<'s> {
    /// The time.
    pub now: Millis,
    /// Unguessable text.
    pub randomness: &'s mut dyn Randomness,
    /// Secrets of next hops.
    pub answerer: &'s mut dyn Answerer,
}

/// A request of a peer's, as it came.
#[derive(Clone, Copy)]
pub struct Heard<'m> {
    /// The request.
    pub request: &'m CheckedRequest<'m>,
    /// Where it came from, for the Via of the response (RFC 3261 section 18.2.1, RFC 3581).
    pub source: SocketAddr,
    /// What the response is given with.
    pub ticket: crate::ServerTicket,
}

/// How a request of ours failed without a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// Nothing came back in time.
    TimedOut,
    /// It could not be sent.
    Unreachable,
}

/// Why there is no path to a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unroutable {
    /// There is no place, or no further place, to send to.
    NoPlaceLeft,
    /// There is one, but it is known to be down or may not be sent to.
    Unavailable,
}

/// What became of a session description given to [`Action::Bridge`](crate::Action::Bridge).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Bridged {
    /// This goes on in its place.
    Body(Vec<u8>),
    /// It cannot be bridged; the exchange it belongs to fails.
    Failed(MediaFault),
}

/// Why a session description cannot be bridged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MediaFault {
    /// It asks for what nobody could bridge.
    Unacceptable,
    /// Whoever bridges media is not there, or has no room.
    Unavailable,
}

impl MediaFault {
    /// The status of what answers the request it was in.
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::Unacceptable => 488,
            Self::Unavailable => 503,
        }
    }
}
