//! A session description as it was read.

use crate::g711::Law;
use std::net::IpAddr;

/// A session description: a view into its octets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SessionDescription<'s> {
    /// The address of streams that have none of their own.
    pub address: Option<Address<'s>>,
    /// The direction of streams that have none of their own.
    pub direction: Option<Direction>,
    /// The streams in their order, which an answer keeps (RFC 3264 section 6).
    pub media: Vec<MediaDescription<'s>>,
}

/// The value of a `c=` line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Address<'s> {
    /// An address, without the lifetime or count of a multicast one.
    Ip(IpAddr),
    /// A host name, which nothing here looks up.
    Name(&'s str),
}

/// Who sends, seen from the writer of the description.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Direction {
    /// Both.
    #[default]
    SendReceive,
    /// The writer only: the other side is put on hold.
    SendOnly,
    /// The other side only.
    ReceiveOnly,
    /// Nobody.
    Inactive,
}

/// One `m=` line with what belongs to it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MediaDescription<'s> {
    /// `audio`, `video` or another.
    pub kind: &'s str,
    /// Where the writer wants it; 0 refuses or withdraws the stream.
    pub port: u16,
    /// The transport, `RTP/AVP` among others.
    pub protocol: &'s str,
    /// The formats, payload types where the transport is RTP, the most wanted first.
    pub formats: Vec<&'s str>,
    /// Its own address.
    pub address: Option<Address<'s>>,
    /// Its own direction.
    pub direction: Option<Direction>,
    /// What its payload types mean.
    pub maps: Vec<RtpMap<'s>>,
    /// Parameters of its payload types.
    pub parameters: Vec<FormatParameters<'s>>,
    /// Milliseconds of media that a packet should hold.
    pub packet_time_ms: Option<u16>,
    /// Whether RTCP may share the port (RFC 5761).
    pub rtcp_mux: bool,
    /// The values of `a=crypto` lines (RFC 4568); secrets, therefore not for logs.
    pub crypto: Vec<&'s str>,
    /// The value of `a=setup`, who begins the DTLS handshake (RFC 5763).
    pub setup: Option<&'s str>,
}

/// An `a=rtpmap` line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RtpMap<'s> {
    /// Which payload type it explains.
    pub payload_type: u8,
    /// The encoding's name, in any case.
    pub encoding: &'s str,
    /// Samples per second.
    pub clock_rate_hz: u32,
}

/// An `a=fmtp` line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FormatParameters<'s> {
    /// Which payload type it is about.
    pub payload_type: u8,
    /// The parameters as written.
    pub value: &'s str,
}

/// How a stream's packets are protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    /// Not at all.
    None,
    /// SRTP with keys in the description (RFC 4568).
    Sdes,
    /// SRTP with keys from a DTLS handshake (RFC 5764).
    Dtls,
    /// The transport is none of RTP's.
    NotRtp,
}

impl Direction {
    /// The attribute's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendReceive => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::ReceiveOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The same as the other side sees it, which is what an answer says (RFC 3264 section 6.1).
    #[must_use]
    pub const fn mirrored(self) -> Self {
        match self {
            Self::SendOnly => Self::ReceiveOnly,
            Self::ReceiveOnly => Self::SendOnly,
            Self::SendReceive | Self::Inactive => self,
        }
    }

    /// Whether the writer wants to hear something.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendReceive | Self::ReceiveOnly)
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::SendReceive, Self::SendOnly, Self::ReceiveOnly, Self::Inactive]
            .into_iter()
            .find(|direction| direction.as_str() == name)
    }
}

/// What a payload type stands for, of what this crate speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Spoken {
    G711(Law),
    TelephoneEvent,
}

impl MediaDescription<'_> {
    /// How its packets are protected, by its transport.
    #[must_use]
    pub fn protection(&self) -> Protection {
        let is = |name: &str| self.protocol.eq_ignore_ascii_case(name);
        if is("RTP/AVP") || is("RTP/AVPF") {
            Protection::None
        } else if is("RTP/SAVP") || is("RTP/SAVPF") {
            Protection::Sdes
        } else if is("UDP/TLS/RTP/SAVP") || is("UDP/TLS/RTP/SAVPF") {
            Protection::Dtls
        } else {
            Protection::NotRtp
        }
    }

    /// What one of its formats stands for; without an `rtpmap` the static payload types of RFC 3551 hold.
    pub(super) fn spoken(&self, payload_type: u8) -> Option<Spoken> {
        let Some(map) = self.maps.iter().find(|map| map.payload_type == payload_type) else {
            return match payload_type {
                0 => Some(Spoken::G711(Law::Mu)),
                8 => Some(Spoken::G711(Law::A)),
                _ => None,
            };
        };
        let is = |name: &str| map.encoding.eq_ignore_ascii_case(name) && map.clock_rate_hz == crate::CLOCK_RATE_HZ;
        if is("PCMU") {
            Some(Spoken::G711(Law::Mu))
        } else if is("PCMA") {
            Some(Spoken::G711(Law::A))
        } else if is("telephone-event") {
            Some(Spoken::TelephoneEvent)
        } else {
            None
        }
    }

    /// Its payload types; formats that are no such number are passed over.
    pub(super) fn payload_types(&self) -> impl Iterator<Item = u8> + '_ {
        self.formats.iter().filter_map(|format| format.parse().ok()).filter(|number| *number < 128)
    }
}

impl<'s> SessionDescription<'s> {
    /// Where packets of that stream go.
    #[must_use]
    pub fn address_of(&self, stream: &MediaDescription<'s>) -> Option<Address<'s>> {
        stream.address.or(self.address)
    }

    /// The direction of that stream. An address of zeros is the hold of RFC 2543: nothing may be sent there
    /// (RFC 3264 section 8.4).
    #[must_use]
    pub fn direction_of(&self, stream: &MediaDescription<'s>) -> Direction {
        let said = stream.direction.or(self.direction).unwrap_or_default();
        let is_on_hold = matches!(self.address_of(stream), Some(Address::Ip(address)) if address.is_unspecified());
        match (said, is_on_hold) {
            (Direction::SendReceive, true) => Direction::SendOnly,
            (Direction::ReceiveOnly, true) => Direction::Inactive,
            (said, _) => said,
        }
    }
}
