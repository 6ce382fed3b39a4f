//! Octets to a session description.

use super::description::{Address, Direction, FormatParameters, MediaDescription, RtpMap, SessionDescription};
use super::limits::{MAX_FORMATS, MAX_OCTETS, MAX_STREAMS};

/// Why octets are no session description that this crate reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadDescription {
    /// It does not begin with `v=0`.
    #[error("the description does not begin with v=0")]
    Version,
    /// A line is not a letter, `=` and a value.
    #[error("a line of the description is not of the form x=value")]
    Line,
    /// An `m=` line lacks a part, or its port is no number.
    #[error("an m= line of the description is malformed")]
    Media,
    /// A `c=` line is not `IN IP4` or `IN IP6` with an address of that family or a name.
    #[error("a c= line of the description is malformed")]
    Connection,
    /// More octets, streams or formats than [`limits`](super::limits) allow.
    #[error("the description is too long, or has too many streams or formats")]
    TooMuch,
}

impl<'s> SessionDescription<'s> {
    /// Reads a description. Lines and attributes that nobody here needs are passed over, those that are not UTF-8 among
    /// them; lines may end with a bare line feed (RFC 8866 section 5).
    ///
    /// # Errors
    /// [`BadDescription`].
    pub fn parse(octets: &'s [u8]) -> Result<Self, BadDescription> {
        if octets.len() > MAX_OCTETS {
            return Err(BadDescription::TooMuch);
        }
        let mut lines = octets.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        if lines.next() != Some(b"v=0") {
            return Err(BadDescription::Version);
        }
        let mut description = Self::default();
        for line in lines.filter(|line| !line.is_empty()) {
            let [letter, b'=', value @ ..] = line else { return Err(BadDescription::Line) };
            match (letter, str::from_utf8(value)) {
                (b'm', value) => description.add_media(value.map_err(|_| BadDescription::Media)?)?,
                (b'c', value) => description.set_address(value.map_err(|_| BadDescription::Connection)?)?,
                (b'a', Ok(attribute)) => description.add_attribute(attribute)?,
                _ => {}
            }
        }
        Ok(description)
    }

    fn add_media(&mut self, value: &'s str) -> Result<(), BadDescription> {
        let mut words = value.split_ascii_whitespace();
        let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
            return Err(BadDescription::Media);
        };
        // A count of ports may follow a slash; the first is the one.
        let port = port.split('/').next().unwrap_or_default().parse().map_err(|_| BadDescription::Media)?;
        let formats: Vec<_> = words.take(MAX_FORMATS + 1).collect();
        if formats.is_empty() {
            return Err(BadDescription::Media);
        }
        if formats.len() > MAX_FORMATS || self.media.len() >= MAX_STREAMS {
            return Err(BadDescription::TooMuch);
        }
        self.media.push(MediaDescription { kind, port, protocol, formats, ..MediaDescription::default() });
        Ok(())
    }

    fn set_address(&mut self, value: &'s str) -> Result<(), BadDescription> {
        let address = Some(read_address(value).ok_or(BadDescription::Connection)?);
        match self.media.last_mut() {
            Some(stream) => stream.address = address,
            None => self.address = address,
        }
        Ok(())
    }

    fn add_attribute(&mut self, attribute: &'s str) -> Result<(), BadDescription> {
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        let direction = Direction::named(name);
        let Some(stream) = self.media.last_mut() else {
            self.direction = direction.or(self.direction);
            return Ok(());
        };
        stream.direction = direction.or(stream.direction);
        match name {
            "rtpmap" => push(&mut stream.maps, read_map(value)),
            "fmtp" => push(&mut stream.parameters, read_parameters(value)),
            "crypto" => push(&mut stream.crypto, Some(value)),
            "ptime" => {
                stream.packet_time_ms = value.trim().parse().ok().or(stream.packet_time_ms);
                Ok(())
            }
            "rtcp-mux" => {
                stream.rtcp_mux = true;
                Ok(())
            }
            "setup" => {
                stream.setup = Some(value.trim());
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// A malformed value is passed over: the stream may do without.
fn push<T>(list: &mut Vec<T>, value: Option<T>) -> Result<(), BadDescription> {
    if list.len() >= MAX_FORMATS {
        return Err(BadDescription::TooMuch);
    }
    list.extend(value);
    Ok(())
}

fn read_address(value: &str) -> Option<Address<'_>> {
    let mut words = value.split_ascii_whitespace();
    let (network, family, address) = (words.next()?, words.next()?, words.next()?);
    if network != "IN" || words.next().is_some() {
        return None;
    }
    let host = address.split('/').next()?;
    match (family, host.parse()) {
        ("IP4", Ok(ip @ std::net::IpAddr::V4(_))) | ("IP6", Ok(ip @ std::net::IpAddr::V6(_))) => Some(Address::Ip(ip)),
        ("IP4" | "IP6", Err(_)) => {
            let is_name = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_');
            (!host.is_empty() && host.bytes().all(is_name)).then_some(Address::Name(host))
        }
        _ => None,
    }
}

fn read_map(value: &str) -> Option<RtpMap<'_>> {
    let (payload_type, encoding) = value.trim().split_once(' ')?;
    let mut parts = encoding.trim().split('/');
    Some(RtpMap {
        payload_type: payload_type.parse().ok()?,
        encoding: parts.next()?,
        clock_rate_hz: parts.next()?.parse().ok()?,
    })
}

fn read_parameters(value: &str) -> Option<FormatParameters<'_>> {
    let (payload_type, value) = value.trim().split_once(' ')?;
    Some(FormatParameters { payload_type: payload_type.parse().ok()?, value: value.trim() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::Protection;

    const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 192.0.2.7\r\ns=\u{fffd}\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\na=sendonly\r\n\
        m=audio 4000/2 RTP/AVP 0 96 101\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:30\r\na=rtcp-mux\r\na=recvonly\r\n\
        m=video 5000 UDP/TLS/RTP/SAVPF 97\r\nc=IN IP6 2001:db8::1\r\na=setup:actpass\r\n\
        m=audio 6000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n";

    #[test]
    fn a_description() {
        let description = SessionDescription::parse(OFFER.as_bytes()).unwrap();
        assert_eq!(description.address, Some(Address::Ip([192, 0, 2, 7].into())));
        let [audio, video, secure] = description.media.as_slice() else { panic!("{description:?}") };
        assert_eq!((audio.kind, audio.port, audio.protocol), ("audio", 4000, "RTP/AVP"));
        assert_eq!(audio.formats, ["0", "96", "101"]);
        assert_eq!(audio.maps[0], RtpMap { payload_type: 96, encoding: "opus", clock_rate_hz: 48_000 });
        assert_eq!(audio.parameters[1], FormatParameters { payload_type: 101, value: "0-16" });
        assert_eq!((audio.packet_time_ms, audio.rtcp_mux), (Some(30), true));
        assert_eq!(description.direction_of(audio), Direction::ReceiveOnly);
        assert_eq!(description.direction_of(video), Direction::SendOnly);
        assert_eq!(description.address_of(video), Some(Address::Ip("2001:db8::1".parse().unwrap())));
        assert_eq!((video.protection(), video.setup), (Protection::Dtls, Some("actpass")));
        assert_eq!(secure.protection(), Protection::Sdes);
        assert_eq!(secure.crypto, ["1 AES_CM_128_HMAC_SHA1_80 inline:AAAA"]);
    }

    #[test]
    fn bare_line_feeds_and_foreign_octets_do_not_matter() {
        let unix = OFFER.replace("\r\n", "\n");
        assert_eq!(SessionDescription::parse(unix.as_bytes()).unwrap().media.len(), 3);
        let octets = b"v=0\r\ns=\xff\r\na=\xfe\r\nm=audio 1 RTP/AVP 0\r\na=\xff\r\n";
        assert_eq!(SessionDescription::parse(octets).unwrap().media.len(), 1);
    }

    #[test]
    fn faults_are_named() {
        let streams = "m=audio 1 RTP/AVP 0\r\n".repeat(33);
        let formats = format!("m=audio 1 RTP/AVP{}\r\n", " 0".repeat(65));
        let maps = format!("m=audio 1 RTP/AVP 0\r\n{}", "a=rtpmap:0 PCMU/8000\r\n".repeat(65));
        for (lines, expected) in [
            ("nonsense\r\n", BadDescription::Line),
            ("m=audio\r\n", BadDescription::Media),
            ("m=audio 1 RTP/AVP\r\n", BadDescription::Media),
            ("m=audio x RTP/AVP 0\r\n", BadDescription::Media),
            ("m=audio 65536 RTP/AVP 0\r\n", BadDescription::Media),
            ("c=IN IP4\r\n", BadDescription::Connection),
            ("c=IN IP4 ::1\r\n", BadDescription::Connection),
            ("c=IN IP6 192.0.2.1\r\n", BadDescription::Connection),
            ("c=IN IP4 a b\r\n", BadDescription::Connection),
            ("c=ATM NSAP 1\r\n", BadDescription::Connection),
            (&streams, BadDescription::TooMuch),
            (&formats, BadDescription::TooMuch),
            (&maps, BadDescription::TooMuch),
        ] {
            let text = format!("v=0\r\n{lines}");
            assert_eq!(SessionDescription::parse(text.as_bytes()), Err(expected), "{lines}");
        }
        assert_eq!(SessionDescription::parse(b""), Err(BadDescription::Version));
        let long = [b"v=0\r\n", &vec![b'\n'; MAX_OCTETS][..]].concat();
        assert_eq!(SessionDescription::parse(&long), Err(BadDescription::TooMuch));
    }
}
