//! Offering one audio stream, and reading what came of it.

use super::answer::{Chosen, choose};
use super::description::{Direction, SessionDescription};
use crate::g711::Law;
use std::fmt::Write as _;
use std::net::IpAddr;

/// Where we want media, and how our descriptions are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocalMedia {
    /// The address to announce.
    pub address: IpAddr,
    /// The port to announce; even, by custom.
    pub port: u16,
    /// The same in every description of one session (RFC 8866 section 5.2).
    pub session_id: u64,
    /// One more with each description that differs (RFC 3264 section 8).
    pub version: u64,
}

/// The other side took no audio stream of ours, or took it in a way we did not offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the answer accepts no audio stream of the offer")]
pub struct NoAudio;

/// The payload type we offer telephone events with.
const TELEPHONE_EVENT: u8 = 101;

/// An offer of one audio stream: those laws in that order, and telephone events.
#[must_use]
pub fn offer(local: &LocalMedia, laws: &[Law], direction: Direction) -> String {
    let mut payload_types: Vec<u8> = laws.iter().map(|law| payload_type_of(*law)).collect();
    payload_types.push(TELEPHONE_EVENT);
    let mut out = head(local);
    let list: Vec<String> = payload_types.iter().map(u8::to_string).collect();
    write_line(&mut out, format_args!("m=audio {} RTP/AVP {}", local.port, list.join(" ")));
    for law in laws {
        write_map(&mut out, payload_type_of(*law), encoding_of(*law));
    }
    write_telephone_event(&mut out, TELEPHONE_EVENT);
    write_line(&mut out, format_args!("a=ptime:20"));
    write_line(&mut out, format_args!("a={}", direction.as_str()));
    out
}

/// What an answer to [`offer`] chose.
///
/// # Errors
/// [`NoAudio`].
pub fn accepted(answer: &SessionDescription<'_>) -> Result<Chosen, NoAudio> {
    let first = answer.media.first().ok_or(NoAudio)?;
    choose(answer, first).ok_or(NoAudio)
}

/// The lines before the first stream.
pub(super) fn head(local: &LocalMedia) -> String {
    let LocalMedia { address, session_id, version, .. } = local;
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    let mut out = String::with_capacity(512);
    write_line(&mut out, format_args!("v=0"));
    write_line(&mut out, format_args!("o=- {session_id} {version} IN {family} {address}"));
    write_line(&mut out, format_args!("s=-"));
    write_line(&mut out, format_args!("c=IN {family} {address}"));
    write_line(&mut out, format_args!("t=0 0"));
    out
}

pub(super) fn write_map(out: &mut String, payload_type: u8, encoding: &str) {
    write_line(out, format_args!("a=rtpmap:{payload_type} {encoding}/8000"));
}

pub(super) fn write_telephone_event(out: &mut String, payload_type: u8) {
    write_map(out, payload_type, "telephone-event");
    write_line(out, format_args!("a=fmtp:{payload_type} 0-16"));
}

pub(super) fn write_line(out: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(line);
    out.push_str("\r\n");
}

pub(super) const fn encoding_of(law: Law) -> &'static str {
    match law {
        Law::Mu => "PCMU",
        Law::A => "PCMA",
    }
}

const fn payload_type_of(law: Law) -> u8 {
    match law {
        Law::Mu => 0,
        Law::A => 8,
    }
}
