//! The RTP packet (RFC 3550 section 5.1).

/// Octets of the header without contributing sources or an extension.
pub const RTP_HEADER_OCTETS: usize = 12;

const VERSION: u8 = 2;

/// One packet: its header's fields and its payload, without padding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RtpPacket<'p> {
    /// What the payload is, 0 to 127; its meaning is agreed on in the session description.
    pub payload_type: u8,
    /// In audio, the first packet after silence.
    pub marker: bool,
    /// One more for each packet, wrapping.
    pub sequence: u16,
    /// When the payload's first sample was taken, in samples, wrapping.
    pub timestamp: u32,
    /// The synchronisation source: who sends.
    pub source: u32,
    /// The media.
    pub payload: &'p [u8],
}

/// Why octets are no RTP packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadPacket {
    /// Shorter than its own header says.
    #[error("the packet is shorter than its header says")]
    Truncated,
    /// Not of version 2: STUN, DTLS or anything else that shares the port.
    #[error("the packet is not RTP version 2")]
    OtherVersion,
    /// An RTCP packet on the same port (RFC 5761 section 4).
    #[error("the packet is RTCP")]
    Control,
    /// The padding is longer than what it pads.
    #[error("the packet has more padding than octets")]
    Padding,
}

impl<'p> RtpPacket<'p> {
    /// Reads a packet. Contributing sources and header extensions are passed over.
    ///
    /// # Errors
    /// [`BadPacket`]; such a packet is dropped.
    pub fn parse(octets: &'p [u8]) -> Result<Self, BadPacket> {
        let (header, rest) = octets.split_first_chunk::<RTP_HEADER_OCTETS>().ok_or(BadPacket::Truncated)?;
        let [flags, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *header;
        if flags >> 6 != VERSION {
            return Err(BadPacket::OtherVersion);
        }
        // The types of RTCP packets, 192 to 223, taken for a marker and a payload type.
        if (192..=223).contains(&kind) {
            return Err(BadPacket::Control);
        }
        let contributing = usize::from(flags & 0x0f) * 4;
        let mut payload = rest.get(contributing..).ok_or(BadPacket::Truncated)?;
        if flags & 0x10 != 0 {
            let (extension, after) = payload.split_first_chunk::<4>().ok_or(BadPacket::Truncated)?;
            let [_, _, high, low] = *extension;
            let words = usize::from(u16::from_be_bytes([high, low]));
            payload = after.get(words * 4..).ok_or(BadPacket::Truncated)?;
        }
        if flags & 0x20 != 0 {
            let padding = payload.last().copied().map(usize::from).filter(|count| *count > 0);
            let kept = padding.and_then(|padding| payload.len().checked_sub(padding)).ok_or(BadPacket::Padding)?;
            payload = payload.get(..kept).unwrap_or_default();
        }
        Ok(Self {
            payload_type: kind & 0x7f,
            marker: kind & 0x80 != 0,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            source: u32::from_be_bytes([c0, c1, c2, c3]),
            payload,
        })
    }

    /// Appends the packet's octets; a payload type above 127 loses its highest bit.
    pub fn write(&self, out: &mut Vec<u8>) {
        let marker = if self.marker { 0x80 } else { 0 };
        out.extend_from_slice(&[VERSION << 6, marker | (self.payload_type & 0x7f)]);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.source.to_be_bytes());
        out.extend_from_slice(self.payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: [u8; 16] = [0x80, 0x80, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4];

    #[test]
    fn a_packet_is_read_and_written() {
        let packet = RtpPacket::parse(&PACKET).unwrap();
        let expected = RtpPacket {
            payload_type: 0,
            marker: true,
            sequence: 0x1234,
            timestamp: 160,
            source: 0xdead_beef,
            payload: &[1, 2, 3, 4],
        };
        assert_eq!(packet, expected);
        let mut out = Vec::new();
        packet.write(&mut out);
        assert_eq!(out, PACKET);
    }

    fn check(first: u8, kind: u8, rest: &[u8], expected: Result<&[u8], BadPacket>) {
        let octets = [&[first, kind], &PACKET[2..12], rest].concat();
        assert_eq!(RtpPacket::parse(&octets).map(|packet| packet.payload), expected, "{octets:?}");
    }

    #[test]
    fn what_stands_around_the_payload_is_passed_over() {
        check(0x81, 0, &[9, 9, 9, 9, 1], Ok(&[1]));
        check(0x90, 0, &[0xbe, 0xde, 0, 1, 9, 9, 9, 9, 1], Ok(&[1]));
        check(0xa0, 0, &[1, 0, 0, 3], Ok(&[1]));
        check(0xa0, 0, &[0, 0, 3], Ok(&[]));
    }

    #[test]
    fn what_is_no_packet_is_told_apart() {
        check(0x81, 0, &[9, 9, 9], Err(BadPacket::Truncated));
        check(0x90, 0, &[0xbe, 0xde, 0, 2, 9, 9, 9, 9, 1], Err(BadPacket::Truncated));
        check(0x90, 0, &[0xbe], Err(BadPacket::Truncated));
        check(0xa0, 0, &[1, 0, 0, 5], Err(BadPacket::Padding));
        check(0xa0, 0, &[1, 0], Err(BadPacket::Padding));
        check(0xa0, 0, &[], Err(BadPacket::Padding));
        check(0x00, 1, &[1], Err(BadPacket::OtherVersion));
        check(0x80, 200, &[1], Err(BadPacket::Control));
        assert_eq!(RtpPacket::parse(&PACKET[..11]), Err(BadPacket::Truncated));
    }
}
