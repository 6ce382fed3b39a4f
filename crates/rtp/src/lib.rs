//! What a test call needs of media, without IO: RTP packets (RFC 3550), G.711, a tone and how much of it comes back,
//! telephone events (RFC 4733), reception statistics, and session descriptions (RFC 8866) with the rules of offer and
//! answer (RFC 3264).
//!
//! Nothing here owns a socket, reads a clock or draws a random number: arrival times, sequence numbers and sources are
//! arguments. Whatever octets come in, nothing panics and nothing grows beyond the bounds of [`sdp::limits`].

pub mod g711;
pub mod sdp;

mod packet;
mod reception;
mod telephone_event;
mod tone;

pub use packet::{BadPacket, RTP_HEADER_OCTETS, RtpPacket};
pub use reception::{Reception, ReceptionReport};
pub use telephone_event::{BadTelephoneEvent, TelephoneEvent};
pub use tone::{Tone, tone_share};

/// Samples per second of everything this crate speaks, and the unit of its RTP timestamps.
pub const CLOCK_RATE_HZ: u32 = 8000;
