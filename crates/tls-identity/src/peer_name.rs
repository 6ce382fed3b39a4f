//! Whom we mean to reach.

use rustls::pki_types::ServerName;
use std::fmt;

/// The host of the URI that a request goes to: what the peer's certificate has to be for, whatever the domain name
/// system made of it (RFC 5922 section 4). Equal names have equal authority.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PeerName {
    host: Box<str>,
    name: ServerName<'static>,
}

impl PeerName {
    /// Reads a host name or an address, an IPv6 address with its brackets or without; `None` for what is neither.
    #[must_use]
    pub fn of_host(host: &str) -> Option<Self> {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let bare = bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase();
        let name = ServerName::try_from(bare.clone()).ok()?;
        Some(Self { host: bare.into_boxed_str(), name })
    }

    /// In lower case, without brackets or a dot at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.host
    }

    pub(crate) const fn server_name(&self) -> &ServerName<'static> {
        &self.name
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_host_written_differently_is_one_name() {
        let read = |host: &str| PeerName::of_host(host).map(|name| name.to_string());
        assert_eq!(read("Carrier.Example.").as_deref(), Some("carrier.example"));
        assert_eq!(PeerName::of_host("[2001:DB8::1]"), PeerName::of_host("2001:db8::1"));
        assert_eq!(read("192.0.2.1").as_deref(), Some("192.0.2.1"));
        for wrong in ["", "a..b", "a b", "[2001:db8::1", "sip:a"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
