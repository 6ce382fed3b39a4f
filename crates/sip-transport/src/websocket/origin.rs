//! Which web pages may use a WebSocket here (RFC 6455 section 10.2, RFC 7118 section 9.1).

use std::fmt;
use std::net::IpAddr;

/// Where a page came from, as browsers write it: scheme, host and port, in lower case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

/// A text that names no origin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("write https://HOST or https://HOST:PORT, without a path")]
pub struct UnusableOrigin;

/// Whose pages are let in. Only browsers say where a page came from, and whoever says nothing is no browser: this
/// protects users of browsers from pages that they visit, and is no means against anybody else.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum OriginPolicy {
    /// Pages from the host that is asked, on whatever port, and from this machine where the host is this machine.
    #[default]
    SameHost,
    /// Pages of these origins alone.
    Only(Vec<Origin>),
    /// Every page.
    Any,
}

impl Origin {
    /// Reads an origin.
    ///
    /// # Errors
    /// When it has a path or more, or a scheme that no browser has.
    pub fn parse(text: &str) -> Result<Self, UnusableOrigin> {
        let (scheme, authority) = text.split_once("://").ok_or(UnusableOrigin)?;
        let scheme = scheme.to_ascii_lowercase();
        let default = match &*scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(UnusableOrigin),
        };
        let (host, port) = split_port(authority).ok_or(UnusableOrigin)?;
        Ok(Self { scheme, host, port: port.unwrap_or(default) })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match (&*self.scheme, self.port) {
            ("http", 80) | ("https", 443) => Ok(()),
            (_, port) => write!(f, ":{port}"),
        }
    }
}

impl OriginPolicy {
    /// Whether a page of that origin may speak to the host that it asked for. `null`, as local files have, is an origin
    /// like no other.
    pub(crate) fn allows(&self, origin: &str, asked_host: &str) -> bool {
        let origin = Origin::parse(origin);
        match self {
            Self::Any => true,
            Self::Only(allowed) => origin.is_ok_and(|origin| allowed.contains(&origin)),
            Self::SameHost => {
                let (Ok(origin), Some((asked, _))) = (origin, split_port(asked_host)) else { return false };
                origin.host == asked || (is_this_machine(&origin.host) && is_this_machine(&asked))
            }
        }
    }
}

/// Host, in lower case, and port of an authority without user information.
fn split_port(authority: &str) -> Option<(String, Option<u16>)> {
    let bracket = authority.rfind(']').unwrap_or(0);
    let (host, port) = match authority.get(bracket..)?.find(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(bracket + colon);
            (host, Some(port.get(1..)?.parse().ok()?))
        }
        None => (authority, None),
    };
    let is_host = !host.is_empty()
        && host
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_' | b':' | b'[' | b']'));
    is_host.then(|| (host.to_ascii_lowercase(), port))
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or_else(|_| host == "localhost" || host.ends_with(".localhost"), |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_pages_of_the_same_host() {
        let policy = OriginPolicy::default();
        for (origin, host, allowed) in [
            ("https://sip.example.com", "sip.example.com:8443", true),
            ("https://SIP.example.com:444", "sip.example.COM", true),
            ("https://evil.example", "sip.example.com", false),
            ("https://sip.example.com.evil.example", "sip.example.com", false),
            ("http://localhost:3000", "127.0.0.1:5066", true),
            ("http://[::1]:3000", "localhost:5066", true),
            ("http://[2001:db8::1]", "[2001:db8::1]:5066", true),
            ("http://localhost:3000", "192.0.2.1:5066", false),
            ("https://evil.example", "127.0.0.1:5066", false),
            ("null", "127.0.0.1:5066", false),
            ("", "", false),
        ] {
            assert_eq!(policy.allows(origin, host), allowed, "{origin} to {host}");
        }
        assert!(OriginPolicy::Any.allows("null", ""));
    }

    #[test]
    fn named_origins_alone() {
        let policy = OriginPolicy::Only(vec![Origin::parse("https://phone.example.com").unwrap()]);
        for (origin, allowed) in [
            ("https://phone.example.com", true),
            ("https://PHONE.example.com:443", true),
            ("http://phone.example.com", false),
            ("https://phone.example.com:8443", false),
            ("https://sip.example.com", false),
            ("null", false),
        ] {
            assert_eq!(policy.allows(origin, "sip.example.com"), allowed, "{origin}");
        }
    }

    #[test]
    fn origins_are_read_and_shown() {
        for (text, shown) in [
            ("https://A.example", Some("https://a.example")),
            ("http://a.example:80", Some("http://a.example")),
            ("https://a.example:8443", Some("https://a.example:8443")),
            ("https://[::1]:8443", Some("https://[::1]:8443")),
            ("https://a.example/", None),
            ("https://a.example:x", None),
            ("https://", None),
            ("ftp://a.example", None),
            ("a.example", None),
            ("https://me@a.example", None),
        ] {
            assert_eq!(Origin::parse(text).ok().map(|origin| origin.to_string()).as_deref(), shown, "{text}");
        }
    }
}
