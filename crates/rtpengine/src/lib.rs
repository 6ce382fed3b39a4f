//! A client of rtpengine, the media proxy, over its ng protocol: bencoded dictionaries in UDP datagrams, each behind a
//! cookie that its answer repeats.
//!
//! [`RtpEngine`] has session descriptions rewritten, so that media goes through an rtpengine and is turned from what one
//! side speaks into what the other does: plain RTP, SRTP with keys in the description, or WebRTC. It sends the same
//! datagram again when no answer comes, turns to another instance when one is silent, and remembers which call is where.
//! It never reads a session description itself and touches no media.

mod bencode;
mod client;
mod command;
mod error;
mod instance;

pub use client::{Config, RtpEngine};
pub use command::{CallKey, Profile, Sides};
pub use error::RtpEngineError;
