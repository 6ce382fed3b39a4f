//! What a session description (RFC 8866) tells of who made it: what it speaks, and whether it can be reached.

use crate::calls::media::MediaProfile;
use std::net::IpAddr;

/// What the maker of a description speaks: what its first medium that is not refused is sent over.
pub(crate) fn profile_of(sdp: &[u8]) -> MediaProfile {
    let media = lines(sdp).filter_map(|line| line.strip_prefix(b"m="));
    let mut protocols = media.filter_map(|medium| {
        let mut parts = medium.split(|octet| *octet == b' ');
        let (port, protocol) = (parts.nth(1)?, parts.next()?);
        (port != b"0").then_some(protocol)
    });
    let protocol = protocols.next().unwrap_or_default();
    let has = |part: &[u8]| protocol.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part));
    if has(b"TLS/RTP/SAVP") {
        MediaProfile::WebRtc
    } else if has(b"SAVP") {
        MediaProfile::Sdes
    } else {
        MediaProfile::PlainRtp
    }
}

/// Whether its media goes where nobody but its neighbours can send: to a private address that it does not send from
/// either.
pub(crate) fn is_hidden(sdp: &[u8], sends_from: IpAddr) -> bool {
    let address = lines(sdp).find_map(|line| {
        let text = std::str::from_utf8(line.strip_prefix(b"c=")?).ok()?;
        text.split(' ').nth(2)?.split('/').next()?.parse().ok()
    });
    address.is_some_and(|address| is_unreachable(address, sends_from))
}

/// Whether an address that somebody gave leads nowhere from here, who sends from another.
pub(crate) fn is_unreachable(given: IpAddr, sends_from: IpAddr) -> bool {
    let (given, sends_from) = (given.to_canonical(), sends_from.to_canonical());
    given != sends_from && !given.is_unspecified() && is_private(given)
}

/// Whether of two sides, by where they send from, only one is in a private network: what it announces leads the other
/// nowhere.
pub(crate) fn are_apart(one: IpAddr, other: IpAddr) -> bool {
    is_private(one.to_canonical()) != is_private(other.to_canonical())
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            address.is_private() || address.is_loopback() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

fn lines(sdp: &[u8]) -> impl Iterator<Item = &[u8]> {
    sdp.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spoken() {
        for (media, profile) in [
            ("m=audio 4000 RTP/AVP 0\r\n", MediaProfile::PlainRtp),
            ("m=audio 4000 RTP/AVPF 0\r\n", MediaProfile::PlainRtp),
            ("m=audio 4000 RTP/SAVP 0\r\n", MediaProfile::Sdes),
            ("m=audio 4000 rtp/savpf 0\n", MediaProfile::Sdes),
            ("m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n", MediaProfile::WebRtc),
            ("m=audio 4000 UDP/TLS/RTP/SAVP 0\r\n", MediaProfile::WebRtc),
            ("m=video 0 RTP/AVP 96\r\nm=audio 4000 RTP/SAVP 0\r\n", MediaProfile::Sdes),
            ("m=audio\r\n", MediaProfile::PlainRtp),
            ("", MediaProfile::PlainRtp),
        ] {
            let sdp = format!("v=0\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{media}");
            assert_eq!(profile_of(sdp.as_bytes()), profile, "{media}");
        }
    }

    #[test]
    fn who_is_hidden() {
        for (connection, source, hidden) in [
            ("IN IP4 192.168.1.5", "203.0.113.9", true),
            ("IN IP4 192.168.1.5", "::ffff:203.0.113.9", true),
            ("IN IP4 192.168.1.5", "192.168.1.5", false),
            ("IN IP4 10.0.0.5/127", "10.0.0.6", true),
            ("IN IP4 100.64.0.1", "203.0.113.9", true),
            ("IN IP4 127.0.0.9", "127.0.0.1", true),
            ("IN IP4 203.0.113.10", "203.0.113.9", false),
            ("IN IP4 0.0.0.0", "203.0.113.9", false),
            ("IN IP6 fd00::5", "2001:db8::1", true),
            ("IN IP6 2001:db8::2", "2001:db8::1", false),
            ("IN IP4 phone.example.com", "203.0.113.9", false),
        ] {
            let sdp = format!("v=0\r\no=- 1 1 IN IP4 192.168.9.9\r\nc={connection}\r\nt=0 0\r\n");
            assert_eq!(is_hidden(sdp.as_bytes(), source.parse().unwrap()), hidden, "{connection} from {source}");
        }
        assert!(!is_hidden(b"v=0", "203.0.113.9".parse().unwrap()));
    }

    #[test]
    fn who_is_apart() {
        for (one, other, apart) in [
            ("10.0.0.5", "203.0.113.9", true),
            ("203.0.113.9", "::ffff:10.0.0.5", true),
            ("10.0.0.5", "192.168.1.5", false),
            ("203.0.113.9", "198.51.100.1", false),
            ("fd00::5", "2001:db8::1", true),
        ] {
            assert_eq!(are_apart(one.parse().unwrap(), other.parse().unwrap()), apart, "{one} and {other}");
        }
    }
}
