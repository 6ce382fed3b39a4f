//! What a URI says about where it leads.

use crate::Transport;
use sip_message::{Scheme, Uri};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// What resolution starts from (RFC 3263 section 4). `maddr` and embedded headers of the URI are left aside: whoever
/// writes a URI shall not choose an address behind its host's back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    pub(super) host: TargetHost,
    pub(super) port: Option<u16>,
    pub(super) transport: Option<Transport>,
    pub(super) security: Security,
}

/// Whether the way has to be encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Security {
    /// `sip`: any transport.
    Any,
    /// `sips`: TLS or secure WebSocket.
    Required,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TargetHost {
    Address(IpAddr),
    /// In lower case, without a dot at its end.
    Name(Box<str>),
}

/// Why a URI leads nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TargetError {
    /// Neither sip nor sips.
    #[error("only sip and sips URIs can be sent to")]
    NotSip,
    /// The host is no address and cannot be a name either.
    #[error("its host is neither an address nor a name")]
    HostIsNoName,
    /// A transport that nobody here knows, or `sips` over UDP.
    #[error("its transport is not one that can be used")]
    UnusableTransport,
}

impl Target {
    /// Reads a URI.
    ///
    /// # Errors
    /// [`TargetError`] says why it leads nowhere.
    pub fn of_uri(uri: &Uri<'_>) -> Result<Self, TargetError> {
        let security = match uri.scheme {
            Scheme::Sip => Security::Any,
            Scheme::Sips => Security::Required,
            _ => return Err(TargetError::NotSip),
        };
        let transport = match uri.params.find("transport") {
            None => None,
            Some(name) => Some(secured(known(name)?, security)?),
        };
        Ok(Self { host: TargetHost::read(uri.host)?, port: uri.port, transport, security })
    }

    /// Whether it means just that place, without anybody being asked: its host is that address, and what it leaves open
    /// means the same (RFC 3263 sections 4.1, 4.2).
    #[must_use]
    pub fn is_address(&self, place: SocketAddr, transport: Transport) -> bool {
        let default_transport = if self.is_secure() { Transport::Tls } else { Transport::Udp };
        let meant = self.transport.unwrap_or(default_transport);
        let default_port = if matches!(meant, Transport::Tls) { 5061 } else { 5060 };
        let is_host = matches!(&self.host, TargetHost::Address(ip) if ip.to_canonical() == place.ip().to_canonical());
        is_host && meant == transport && self.port.unwrap_or(default_port) == place.port()
    }

    /// Whether only an encrypted way leads there.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.security == Security::Required || matches!(self.transport, Some(Transport::Tls | Transport::Wss))
    }
}

impl TargetHost {
    fn read(host: &[u8]) -> Result<Self, TargetError> {
        let text = std::str::from_utf8(host).map_err(|_| TargetError::HostIsNoName)?;
        if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            let address: Ipv6Addr = inner.parse().map_err(|_| TargetError::HostIsNoName)?;
            return Ok(Self::Address(address.into()));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(IpAddr::V4(address)));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_label = |label: &str| {
            let octets = label.as_bytes();
            // An underscore is in no host name, but in the realms some deployments use as one.
            (1..=63).contains(&octets.len())
                && octets.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
        };
        // A last label of digits is an address gone wrong, in whatever notation some system would read it.
        let last_is_number = name.rsplit('.').next().is_some_and(|label| label.bytes().all(|o| o.is_ascii_digit()));
        if name.len() > 253 || last_is_number || !name.split('.').all(is_label) {
            return Err(TargetError::HostIsNoName);
        }
        Ok(Self::Name(name.to_ascii_lowercase().into_boxed_str()))
    }
}

fn known(name: &[u8]) -> Result<Transport, TargetError> {
    let found = Transport::ALL.into_iter().find(|transport| name.eq_ignore_ascii_case(transport.as_str().as_bytes()));
    found.ok_or(TargetError::UnusableTransport)
}

/// `sips` makes TLS of TCP and secure WebSocket of WebSocket (RFC 3263 section 4.1, RFC 7118 section 5.2).
fn secured(transport: Transport, security: Security) -> Result<Transport, TargetError> {
    match (transport, security) {
        (transport, Security::Any) => Ok(transport),
        (Transport::Tcp | Transport::Tls, Security::Required) => Ok(Transport::Tls),
        (Transport::Ws | Transport::Wss, Security::Required) => Ok(Transport::Wss),
        (Transport::Udp, Security::Required) => Err(TargetError::UnusableTransport),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &str) -> Result<Target, TargetError> {
        Target::of_uri(&Uri::parse(uri.as_bytes()).unwrap())
    }

    #[test]
    fn reads_what_a_uri_says() {
        let name = |text: &str| TargetHost::Name(text.into());
        for (uri, host, port, transport, security) in [
            ("sip:a@Example.COM.", name("example.com"), None, None, Security::Any),
            (
                "sip:a@192.0.2.1:5070",
                TargetHost::Address("192.0.2.1".parse().unwrap()),
                Some(5070),
                None,
                Security::Any,
            ),
            ("sips:[2001:db8::1]", TargetHost::Address("2001:db8::1".parse().unwrap()), None, None, Security::Required),
            ("sip:h.example;transport=TCP", name("h.example"), None, Some(Transport::Tcp), Security::Any),
            ("sips:h.example;transport=tcp", name("h.example"), None, Some(Transport::Tls), Security::Required),
            ("sips:h.example;transport=ws", name("h.example"), None, Some(Transport::Wss), Security::Required),
            ("sip:MA_AAAAAAAA.example", name("ma_aaaaaaaa.example"), None, None, Security::Any),
        ] {
            assert_eq!(target(uri), Ok(Target { host, port, transport, security }), "{uri}");
        }
    }

    #[test]
    fn maddr_and_embedded_headers_change_nothing() {
        let plain = target("sip:a@example.com");
        assert_eq!(target("sip:a@example.com;maddr=127.0.0.1"), plain);
        assert_eq!(target("sip:a@example.com?Route=%3Csip:127.0.0.1%3E"), plain);
    }

    #[test]
    fn what_leads_nowhere_says_why() {
        for (uri, error) in [
            ("tel:+123", TargetError::NotSip),
            ("sips:h.example;transport=udp", TargetError::UnusableTransport),
            ("sip:h.example;transport=sctp", TargetError::UnusableTransport),
            ("sip:2130706433", TargetError::HostIsNoName),
            ("sip:127.1", TargetError::HostIsNoName),
            ("sip:0177.0.0.1", TargetError::HostIsNoName),
            ("sip:a..b", TargetError::HostIsNoName),
        ] {
            assert_eq!(target(uri), Err(error), "{uri}");
        }
    }
}
