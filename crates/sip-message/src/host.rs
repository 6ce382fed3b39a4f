//! Host and port (RFC 3261 section 25.1).

use crate::grammar::{Cursor, HOST};
use crate::number::port;
use core::net::{IpAddr, Ipv6Addr};

/// A host, with a port where one was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostPort<'m> {
    /// A name, an IPv4 address, or an IPv6 address in its brackets, as sent.
    pub octets: &'m [u8],
    /// The port, if one was given; never zero.
    pub port: Option<u16>,
}

impl<'m> HostPort<'m> {
    /// The address, if the host is one rather than a name.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        let text = core::str::from_utf8(self.octets).ok()?;
        match text.strip_prefix('[') {
            Some(inner) => inner.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => text.parse::<core::net::Ipv4Addr>().ok().map(IpAddr::V4),
        }
    }

    /// Reads a sent-by: a host, and a port after a colon that may have white space around it.
    pub(crate) fn read(cursor: &mut Cursor<'m>) -> Option<Self> {
        let octets = read_host(cursor)?;
        let mut ahead = *cursor;
        let given = match ahead.take_separator(b':') {
            Some(()) => {
                let digits = ahead.take_while(|octet| octet.is_ascii_digit());
                *cursor = ahead;
                Some(port(digits)?)
            }
            None => None,
        };
        Some(Self { octets, port: given })
    }
}

/// Reads a host name, an IPv4 address or a bracketed IPv6 address.
pub(crate) fn read_host<'m>(cursor: &mut Cursor<'m>) -> Option<&'m [u8]> {
    if cursor.peek() != Some(b'[') {
        return cursor.take_class(HOST);
    }
    let length = memchr::memchr(b']', cursor.rest)?;
    let bracketed = cursor.take_count(length + 1);
    let host = HostPort { octets: bracketed, port: None };
    host.ip().map(|_| bracketed)
}
