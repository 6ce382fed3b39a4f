//! The PROXY protocol, version 2: who is behind a balancer, in its own words (haproxy, `doc/proxy-protocol.txt`).
//!
//! A parser of our own, because the header is fixed in all that matters here, and the crates for it bring version 1, which
//! is text without a bound worth the name, and values (TLVs) that nobody reads here.

use crate::ends::Ends;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// What every header begins with: signature, version and command, family and protocol, length of the rest.
const FIXED_OCTETS: usize = 16;
/// Most octets of the rest: addresses, and values that are passed over.
const MAX_REST_OCTETS: usize = 2_048;

/// Why a connection from a balancer cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum ProxyFault {
    #[error("no PROXY header; let the balancer send one (version 2), or leave its network out of --proxy-from")]
    Absent,
    #[error("a PROXY header of version 1; let the balancer send version 2 (send-proxy-v2)")]
    Version1,
    #[error("a PROXY header of an unknown version or command")]
    Version,
    #[error("a PROXY header for something else than TCP over IPv4 or IPv6")]
    Family,
    #[error("a PROXY header that is too short for its addresses, or too long")]
    Length,
}

/// What the fixed part says of the rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Preamble {
    family: Family,
    rest: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Family {
    /// The balancer speaks for itself, or for somebody that it cannot name: the connection's own addresses hold.
    Own,
    Ipv4,
    Ipv6,
}

/// Reads the header that a balancer begins with; the ends of the connection that it stands for. It may take for ever: the
/// caller bounds time and number.
pub(crate) async fn read<S: AsyncRead + Unpin>(stream: &mut S, own: Ends) -> io::Result<Ends> {
    let mut fixed = [0; FIXED_OCTETS];
    let mut filled = 0;
    while let Some(room) = fixed.get_mut(filled..).filter(|room| !room.is_empty()) {
        match stream.read(room).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => filled += more,
        }
        // What is wrong is found at its first octet: other protocols may never send sixteen.
        check_beginning(fixed.get(..filled).unwrap_or_default()).map_err(io::Error::other)?;
    }
    let preamble = Preamble::parse(&fixed).map_err(io::Error::other)?;
    let mut rest = vec![0; preamble.rest];
    stream.read_exact(&mut rest).await?;
    preamble.ends(&rest, own).map_err(io::Error::other)
}

fn check_beginning(octets: &[u8]) -> Result<(), ProxyFault> {
    if octets.iter().zip(&SIGNATURE).all(|(octet, expected)| octet == expected) {
        Ok(())
    } else if octets.iter().zip(b"PROXY ").all(|(octet, expected)| octet == expected) {
        Err(ProxyFault::Version1)
    } else {
        Err(ProxyFault::Absent)
    }
}

impl Preamble {
    fn parse(fixed: &[u8; FIXED_OCTETS]) -> Result<Self, ProxyFault> {
        let [signature @ .., version_and_command, family, high, low] = fixed;
        check_beginning(signature)?;
        let rest = usize::from(u16::from_be_bytes([*high, *low]));
        if rest > MAX_REST_OCTETS {
            return Err(ProxyFault::Length);
        }
        let family = match (version_and_command, family) {
            (0x20, _) | (0x21, 0x00) => Family::Own,
            (0x21, 0x11) => Family::Ipv4,
            (0x21, 0x21) => Family::Ipv6,
            (0x21, _) => return Err(ProxyFault::Family),
            _ => return Err(ProxyFault::Version),
        };
        Ok(Self { family, rest })
    }

    fn ends(self, rest: &[u8], own: Ends) -> Result<Ends, ProxyFault> {
        match self.family {
            Family::Own => Some(own),
            Family::Ipv4 => addresses::<4>(rest, |octets| Ipv4Addr::from(octets).into()),
            Family::Ipv6 => addresses::<16>(rest, |octets| Ipv6Addr::from(octets).into()),
        }
        .ok_or(ProxyFault::Length)
    }
}

/// Source and destination address, then source and destination port; what follows is passed over.
fn addresses<const OCTETS: usize>(rest: &[u8], address: fn([u8; OCTETS]) -> IpAddr) -> Option<Ends> {
    let (source, rest) = rest.split_first_chunk::<OCTETS>()?;
    let (destination, rest) = rest.split_first_chunk::<OCTETS>()?;
    let ([from_high, from_low, to_high, to_low], _) = rest.split_first_chunk::<4>()?;
    Some(Ends {
        remote: SocketAddr::new(address(*source), u16::from_be_bytes([*from_high, *from_low])),
        local: SocketAddr::new(address(*destination), u16::from_be_bytes([*to_high, *to_low])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Ends = Ends {
        local: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5060),
        remote: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 40_000),
    };

    fn header(version_and_command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[version_and_command, family], &length, rest].concat()
    }

    async fn shown(octets: &[u8]) -> String {
        let mut stream = octets;
        match read(&mut stream, OWN).await {
            Ok(Ends { local, remote }) => format!("{remote} to {local}, then {stream:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn addresses_of_both_families() {
        let four = [192, 0, 2, 7, 203, 0, 113, 1, 0x30, 0x39, 0x13, 0xc4];
        assert_eq!(
            shown(&[&header(0x21, 0x11, &four)[..], b"S"].concat()).await,
            "192.0.2.7:12345 to 203.0.113.1:5060, then [83]"
        );
        // With values behind the addresses.
        let long = [&four[..], &[4, 0, 2, 9, 9]].concat();
        assert_eq!(shown(&header(0x21, 0x11, &long)).await, "192.0.2.7:12345 to 203.0.113.1:5060, then []");
        let address = "2001:db8::7".parse::<Ipv6Addr>().unwrap().octets();
        let six = [&address[..], &Ipv6Addr::LOCALHOST.octets(), &[0x30, 0x39, 0x13, 0xc5]].concat();
        assert_eq!(shown(&header(0x21, 0x21, &six)).await, "[2001:db8::7]:12345 to [::1]:5061, then []");
    }

    #[tokio::test]
    async fn a_balancer_that_speaks_for_itself() {
        let own = "127.0.0.1:40000 to 127.0.0.1:5060, then []";
        assert_eq!(shown(&header(0x20, 0x00, b"")).await, own);
        assert_eq!(shown(&header(0x20, 0x11, &[1; 12])).await, own, "LOCAL: the addresses are to be ignored");
        assert_eq!(shown(&header(0x21, 0x00, &[1; 30])).await, own, "UNSPEC");
    }

    #[tokio::test]
    async fn whatever_else_is_refused_at_its_first_wrong_octet() {
        for (octets, said) in [
            (&b"PROXY TCP4 192.0.2.7 203.0.113.1 12345 5060\r\n"[..], "send-proxy-v2"),
            (b"P", "send-proxy-v2"),
            (b"REGISTER", "--proxy-from"),
            (b"\x16\x03", "--proxy-from"),
            (b"\r\n\r\n\0\r\nQUIX", "--proxy-from"),
            (&header(0x31, 0x11, &[0; 12]), "unknown version"),
            (&header(0x22, 0x11, &[0; 12]), "unknown version"),
            (&header(0x21, 0x12, &[0; 12]), "something else than TCP"),
            (&header(0x21, 0x31, &[0; 216]), "something else than TCP"),
            (&header(0x21, 0x11, &[0; 11]), "too short"),
            (&header(0x21, 0x21, &[0; 35]), "too short"),
            (&header(0x21, 0x11, &[0; 2_049])[..16], "too long"),
            (&header(0x21, 0x11, &[0; 12])[..27], "eof"),
            (b"\r\n", "end of file"),
        ] {
            let answer = shown(octets).await;
            assert!(answer.contains(said), "{answer} to {octets:?}");
        }
    }
}
