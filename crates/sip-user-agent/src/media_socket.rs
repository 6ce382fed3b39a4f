//! The UDP sockets of media, on even ports (RFC 3550 section 11).

use std::io;
use std::net::{IpAddr, UdpSocket};
use std::ops::RangeInclusive;

/// Binds the first free even port of the range, looking from `from` on and once around.
pub(crate) fn bind_even(address: IpAddr, ports: &RangeInclusive<u16>, from: u16) -> io::Result<UdpSocket> {
    let even = |range: RangeInclusive<u16>| range.filter(|port| port % 2 == 0 && *port != 0);
    let from = from.clamp(*ports.start(), (*ports.end()).max(*ports.start()));
    let wrapped = *ports.start()..=from;
    for port in even(from..=*ports.end()).chain(even(wrapped)) {
        match UdpSocket::bind((address, port)) {
            Ok(socket) => {
                socket.set_nonblocking(true)?;
                return Ok(socket);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "every media port is in use"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn ports_are_even_and_each_given_once() {
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let all = 1024..=u16::MAX;
        let first = bind_even(local, &all, 41_001).unwrap();
        let port = first.local_addr().unwrap().port();
        assert_eq!(port % 2, 0);
        let same = port..=port + 1;
        assert_eq!(bind_even(local, &same, port).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(first);
        assert!(bind_even(local, &same, port + 1).is_ok(), "looks around once");
        assert!(bind_even(local, &(7..=7), 7).is_err(), "no even port");
    }
}
