//! The URI of a next hop, as tenants write it.

use crate::HostName;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// A SIP or SIPS URI without headers, at most 255 octets of printable ASCII: what a request can be sent to (RFC 3261
/// section 19.1). Kept as it was written.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SipUri {
    text: Box<str>,
    /// Where the host begins and ends in the text.
    host: (usize, usize),
    port: Option<u16>,
}

/// Why a text is not a [`SipUri`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SipUriError {
    /// Another scheme, or none.
    #[error("must begin with sip: or sips:")]
    Scheme,
    /// More than 255 octets.
    #[error("must have at most 255 characters")]
    TooLong,
    /// A space, a control character, a quotation mark, an angle bracket or a letter beyond ASCII.
    #[error("must not contain spaces, control characters, '<', '>', '\"' or letters beyond ASCII")]
    ForbiddenCharacter,
    /// No host, or one that is neither a name nor an address.
    #[error("needs a host name or an IP address, such as sip:gateway.example.com")]
    Host,
    /// A port that is no number from 1 to 65535.
    #[error("has a port that is not a number from 1 to 65535")]
    Port,
    /// Headers after `?`, which would reach into requests.
    #[error("must not have headers (a part after '?')")]
    Headers,
    /// A password in the user part.
    #[error("must not have a password; set it with the origination URI's secret instead")]
    Password,
}

/// The host of a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UriHost {
    /// A name.
    Name(HostName),
    /// An address.
    Address(IpAddr),
}

impl SipUri {
    /// Most octets.
    pub const MAX_LENGTH: usize = 255;

    /// Parses a URI.
    ///
    /// # Errors
    /// [`SipUriError`] names the rule it breaks.
    pub fn parse(text: &str) -> Result<Self, SipUriError> {
        if text.len() > Self::MAX_LENGTH {
            return Err(SipUriError::TooLong);
        }
        let forbidden = |b: u8| !b.is_ascii_graphic() || matches!(b, b'<' | b'>' | b'"' | b'\\' | b'^' | b'`');
        let (scheme, rest) = text.split_once(':').ok_or(SipUriError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("sip") && !scheme.eq_ignore_ascii_case("sips") {
            return Err(SipUriError::Scheme);
        }
        if text.bytes().any(forbidden) {
            return Err(SipUriError::ForbiddenCharacter);
        }
        if rest.contains('?') {
            return Err(SipUriError::Headers);
        }
        let (user, after_user) = rest.rsplit_once('@').map_or((None, rest), |(user, host)| (Some(user), host));
        match user {
            Some(user) if user.contains(':') => return Err(SipUriError::Password),
            Some("") => return Err(SipUriError::Host),
            Some(user) if user.contains('@') => return Err(SipUriError::ForbiddenCharacter),
            _ => {}
        }
        let host_port = after_user.split(';').next().unwrap_or_default();
        let (host, port) = split_port(host_port)?;
        let begin = text.len() - after_user.len();
        let uri = Self { text: text.into(), host: (begin, begin + host.len()), port };
        uri.host().map(|_| uri).ok_or(SipUriError::Host)
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether its scheme is `sips`.
    #[must_use]
    pub fn is_sips(&self) -> bool {
        self.text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sips:"))
    }

    /// Its host; a parsed URI has one.
    #[must_use]
    pub fn host(&self) -> Option<UriHost> {
        let text = self.text.get(self.host.0..self.host.1)?;
        if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            return inner.parse::<Ipv6Addr>().ok().map(|address| UriHost::Address(address.into()));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return address.is_ipv4().then_some(UriHost::Address(address));
        }
        // A name whose last label is a number would be read as an address by some resolvers (RFC 1123 section 2.1).
        let name = HostName::parse(text).ok()?;
        let last = name.as_str().rsplit('.').next().unwrap_or_default();
        let is_number = last.bytes().all(|b| b.is_ascii_digit());
        (!is_number).then_some(UriHost::Name(name))
    }

    /// Its port, where it has one.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }
}

fn split_port(host_port: &str) -> Result<(&str, Option<u16>), SipUriError> {
    let after_address = host_port.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match host_port.get(after_address..).and_then(|rest| rest.split_once(':')) {
        None => (host_port, None),
        Some((before, port)) => (host_port.get(..after_address + before.len()).unwrap_or_default(), Some(port)),
    };
    let number = |text: &str| {
        let plain = text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|port| plain && *port > 0).ok_or(SipUriError::Port)
    };
    Ok((host, port.map(number).transpose()?))
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SipUri({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_of_next_hops() {
        let name = |text: &str| Some(UriHost::Name(HostName::parse(text).unwrap()));
        let address = |text: &str| Some(UriHost::Address(text.parse().unwrap()));
        for (text, host, port) in [
            ("sip:gw.example.com", name("gw.example.com"), None),
            ("sips:GW.example.com:5061;transport=tcp", name("gw.example.com"), Some(5061)),
            ("sip:+4930123@192.0.2.1:5070", address("192.0.2.1"), Some(5070)),
            ("sip:[2001:db8::1]:5060;lr", address("2001:db8::1"), Some(5060)),
            ("SIP:[2001:db8::1]", address("2001:db8::1"), None),
        ] {
            let uri = SipUri::parse(text).unwrap();
            assert_eq!((uri.host(), uri.port(), uri.as_str()), (host, port, text));
        }
        assert!(SipUri::parse("SIPS:a.example").unwrap().is_sips());
        assert!(!SipUri::parse("sip:a.example").unwrap().is_sips());
    }

    #[test]
    fn what_is_no_next_hop() {
        for (text, error) in [
            ("", SipUriError::Scheme),
            ("http://a.example", SipUriError::Scheme),
            ("gw.example.com:5060", SipUriError::Scheme),
            ("sip:", SipUriError::Host),
            ("sip:@a.example", SipUriError::Host),
            ("sip:a b.example", SipUriError::ForbiddenCharacter),
            ("sip:a.example\r\nRoute: <sip:b>", SipUriError::ForbiddenCharacter),
            ("sip:<a.example>", SipUriError::ForbiddenCharacter),
            ("sip:a@b@c.example", SipUriError::ForbiddenCharacter),
            ("sip:ä.example", SipUriError::ForbiddenCharacter),
            ("sip:a.example?Route=b", SipUriError::Headers),
            ("sip:user:secret@a.example", SipUriError::Password),
            ("sip:a.example:0", SipUriError::Port),
            ("sip:a.example:65536", SipUriError::Port),
            ("sip:a.example:", SipUriError::Port),
            ("sip:192.0.2.999", SipUriError::Host),
            ("sip:127.1", SipUriError::Host),
            ("sip:2130706433", SipUriError::Host),
            ("sip:[::1", SipUriError::Port),
            ("sip:::1", SipUriError::Port),
        ] {
            assert_eq!(SipUri::parse(text), Err(error), "{text:?}");
        }
        let long = format!("sip:{}.example", "a".repeat(255));
        assert_eq!(SipUri::parse(&long), Err(SipUriError::TooLong));
    }
}
