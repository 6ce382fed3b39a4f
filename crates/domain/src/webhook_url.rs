//! Where call events are sent.

use crate::Network;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An `http` or `https` URL of at most 2048 printable ASCII characters, without a username. A host that is an address
/// is written in its usual form, so that what is checked is what is connected to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WebhookUrl {
    text: Box<str>,
    address: Option<IpAddr>,
}

/// Why a text is not a [`WebhookUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    /// Another scheme, a username, a missing or malformed host or port, or a character that no URL has.
    #[error("must be an http:// or https:// URL of at most 2048 characters, with a host and without a username")]
    Malformed,
    /// An address or name of this machine or of a private network.
    #[error("must be reachable publicly; this host is local or private")]
    Private,
}

impl WebhookUrl {
    /// Most octets.
    pub const MAX_LENGTH: usize = 2048;

    /// Parses a URL; a host written as an address or as a name of the local machine must be public.
    ///
    /// # Errors
    /// [`WebhookUrlError`].
    pub fn parse(text: &str) -> Result<Self, WebhookUrlError> {
        Self::parse_allowing(text, &[])
    }

    /// The same where the operator allows those networks besides. A name of this machine or of the local network leads to
    /// one of them or to nothing: whoever connects looks at the address.
    ///
    /// # Errors
    /// [`WebhookUrlError`].
    pub fn parse_allowing(text: &str, networks: &[Network]) -> Result<Self, WebhookUrlError> {
        let url = Self::parse_any(text)?;
        let is_private = match url.address {
            Some(address) => !is_public(address) && !networks.iter().any(|network| network.contains(address)),
            None => url.names_this_machine() && networks.is_empty(),
        };
        if is_private { Err(WebhookUrlError::Private) } else { Ok(url) }
    }

    /// Parses a URL of any host: one that was checked before, or whose operator allows more.
    ///
    /// # Errors
    /// [`WebhookUrlError::Malformed`].
    pub fn parse_any(text: &str) -> Result<Self, WebhookUrlError> {
        let forbidden =
            |b: u8| !b.is_ascii_graphic() || matches!(b, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}');
        if text.len() > Self::MAX_LENGTH || text.bytes().any(forbidden) {
            return Err(WebhookUrlError::Malformed);
        }
        let host = host_of(text).ok_or(WebhookUrlError::Malformed)?;
        let address = address_of(host)?;
        Ok(Self { text: text.into(), address })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its host, where that is an address.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    fn names_this_machine(&self) -> bool {
        let host = host_of(&self.text).unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        host == "localhost" || host.ends_with(".localhost") || !host.contains(['.', ':'])
    }
}

/// The host between scheme and port or path, without the brackets of an IPv6 address' neighbours being lost.
fn host_of(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next().filter(|authority| !authority.contains('@'))?;
    let end = authority.rfind(']').map_or_else(|| authority.find(':'), |end| Some(end + 1));
    let (host, port) = authority.split_at_checked(end.unwrap_or(authority.len()))?;
    let port_ok = match port.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok_and(|port| port > 0),
        None => port.is_empty(),
    };
    (port_ok && !host.is_empty()).then_some(host)
}

/// `None` for a name. What ends in a number is an address to some clients, so it must be one in the usual form.
fn address_of(host: &str) -> Result<Option<IpAddr>, WebhookUrlError> {
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let address = inner.parse::<Ipv6Addr>().map_err(|_| WebhookUrlError::Malformed)?;
        return Ok(Some(IpAddr::from(address).to_canonical()));
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"));
    if hexadecimal || last.bytes().all(|b| b.is_ascii_digit()) {
        return name.parse::<Ipv4Addr>().map(|address| Some(address.into())).map_err(|_| WebhookUrlError::Malformed);
    }
    let well_formed = name.split('.').all(|label| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    });
    if well_formed && name.len() <= 253 { Ok(None) } else { Err(WebhookUrlError::Malformed) }
}

/// Whether an address is one of the public Internet (the registries of special-purpose addresses, RFC 6890).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..=127).contains(&b);
    let protocol_assignments = (a, b, c) == (192, 0, 0);
    let benchmarking = a == 198 && (b == 18 || b == 19);
    let relay = (a, b, c) == (192, 88, 99);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224
        || shared
        || protocol_assignments
        || benchmarking
        || relay)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Global unicast is 2000::/3; within it, special purposes, and what carries an IPv4 address inside (6to4).
    let global = a & 0xe000 == 0x2000;
    let special = (a == 0x2001 && b < 0x0200) || (a, b) == (0x2001, 0x0db8) || a == 0x2002 || a == 0x3fff;
    global && !special
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Without its query, which may hold a token of the receiver's.
impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({})", self.text.split(['?', '#']).next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_urls() {
        for good in [
            "https://hooks.example.com/calls?key=1",
            "http://hooks.example.com:8080",
            "HTTPS://8.8.8.8/",
            "https://[2606:4700::1]:8443/a",
        ] {
            assert_eq!(WebhookUrl::parse(good).map(|url| url.to_string()), Ok(good.into()));
        }
        assert!(!format!("{:?}", WebhookUrl::parse("https://a.example/b?key=1").unwrap()).contains("key"));
    }

    #[test]
    fn an_operator_allows_private_urls() {
        let allowed: [Network; 2] = ["10.1.0.0/16".parse().unwrap(), "::1/128".parse().unwrap()];
        let check = |url: &str| WebhookUrl::parse_allowing(url, &allowed).map(|_| ());
        for good in
            ["http://10.1.2.3/", "http://[::ffff:10.1.2.3]/", "http://[::1]:81", "http://localhost/", "http://1.1.1.1"]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for private in ["http://10.2.0.1/", "http://127.0.0.1/", "http://169.254.169.254/"] {
            assert_eq!(check(private), Err(WebhookUrlError::Private), "{private}");
        }
    }

    #[test]
    fn private_and_malformed_urls() {
        for private in [
            "http://localhost/",
            "http://LOCALHOST:80",
            "https://a.localhost.",
            "http://127.0.0.1/",
            "http://10.1.2.3",
            "http://169.254.169.254/latest",
            "http://192.168.0.1",
            "http://172.16.0.1",
            "http://100.64.0.1",
            "http://0.0.0.0",
            "http://224.0.0.1",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://[2002:7f00:1::]/",
            "http://[64:ff9b::7f00:1]/",
            "http://intranet/",
            "http://127.0.0.1./",
        ] {
            assert_eq!(WebhookUrl::parse(private), Err(WebhookUrlError::Private), "{private}");
            assert!(WebhookUrl::parse_any(private).is_ok(), "{private}");
        }
        let long = format!("https://a.example/{}", "a".repeat(2048));
        for bad in [
            "",
            "hooks.example.com",
            "ftp://a.example",
            "https://",
            "https:///a",
            "https://user@a.example/",
            "https://a.example:0/",
            "https://a.example:65536/",
            "https://a.example:+80/",
            "https://a..example/",
            "https://a b/",
            "https://a.example/\r\nX: y",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://127.1/",
            "http://0177.0.0.1/",
            "http://1.2.3.4.5/",
            "http://[::1",
            "http://[::1]x/",
            "http://a\\@b.example/",
            &long,
        ] {
            assert_eq!(WebhookUrl::parse(bad), Err(WebhookUrlError::Malformed), "{bad:?}");
        }
    }
}
