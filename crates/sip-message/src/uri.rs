//! URIs (RFC 3261 section 19.1).

use crate::grammar::{Cursor, PASSWORD, URI, URI_HEADER, URI_PARAM, USER};
use crate::host::read_host;
use crate::limits::MAX_URI_PARAMS;
use crate::number::port;
use crate::{Defect, Params};

/// A URI's scheme, without regard to case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme<'m> {
    /// `sip`.
    Sip,
    /// `sips`.
    Sips,
    /// `tel` (RFC 3966).
    Tel,
    /// Any other, as sent.
    Other(&'m [u8]),
}

/// A URI, split but not decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Uri<'m> {
    /// The scheme.
    pub scheme: Scheme<'m>,
    /// The user part of a sip or sips URI, the number of a tel URI, still percent-encoded.
    pub user: Option<&'m [u8]>,
    /// The password after the user part, which RFC 3261 section 19.1.1 advises against.
    pub password: Option<&'m [u8]>,
    /// The host of a sip or sips URI, an IPv6 address in its brackets; empty for other schemes.
    pub host: &'m [u8],
    /// The port of a sip or sips URI; never zero.
    pub port: Option<u16>,
    /// The parameters of a sip, sips or tel URI.
    pub params: Params<'m>,
    /// What follows `?` in a sip or sips URI; empty without one.
    pub headers: &'m [u8],
    /// Everything after the scheme's colon.
    pub opaque: &'m [u8],
}

impl<'m> Uri<'m> {
    /// Reads a URI that stands by itself, without angle brackets.
    ///
    /// # Errors
    /// [`Defect::MalformedUri`].
    pub fn parse(octets: &'m [u8]) -> Result<Self, Defect> {
        Self::read(octets).ok_or(Defect::MalformedUri)
    }

    #[inline]
    fn read(octets: &'m [u8]) -> Option<Self> {
        let colon = octets.iter().position(|octet| *octet == b':')?;
        let scheme = Scheme::read(octets.get(..colon)?)?;
        let opaque = octets.get(colon + 1..)?;
        if !escapes_are_whole(opaque) {
            return None;
        }
        let bare = Self {
            scheme,
            user: None,
            password: None,
            host: &[],
            port: None,
            params: Params::default(),
            headers: &[],
            opaque,
        };
        match scheme {
            Scheme::Sip | Scheme::Sips => bare.read_sip(),
            Scheme::Tel => bare.read_tel(),
            Scheme::Other(_) => URI.covers(opaque).then_some(bare),
        }
    }

    #[inline]
    fn read_sip(mut self) -> Option<Self> {
        let mut cursor = Cursor::new(self.opaque);
        if let Some(at) = memchr::memchr(b'@', self.opaque) {
            (self.user, self.password) = read_userinfo(cursor.take_count(at))?;
            cursor.take(b'@')?;
        }
        self.host = read_host(&mut cursor)?;
        if cursor.take(b':').is_some() {
            self.port = Some(port(cursor.take_while(|octet| octet.is_ascii_digit()))?);
        }
        self.params = read_params(&mut cursor)?;
        if cursor.take(b'?').is_some() {
            self.headers = cursor.take_class(URI_HEADER)?;
            if uri_headers(self.headers).count() > MAX_URI_PARAMS
                || uri_headers(self.headers).any(|pair| pair.is_none())
            {
                return None;
            }
        }
        cursor.is_at_end().then_some(self)
    }

    fn read_tel(mut self) -> Option<Self> {
        let mut cursor = Cursor::new(self.opaque);
        let number = cursor.take_while(|octet| URI.has(octet) && !matches!(octet, b';' | b'?' | b'@'));
        self.user = Some(number).filter(|number| !number.is_empty());
        self.user?;
        self.params = read_params(&mut cursor)?;
        cursor.is_at_end().then_some(self)
    }

    /// Whether the scheme is sip or sips.
    #[must_use]
    pub const fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user part with its percent-escapes decoded, octet by octet; nothing without a user part.
    #[must_use]
    pub const fn decoded_user(&self) -> PercentDecoded<'m> {
        match self.user {
            Some(user) => PercentDecoded::new(user),
            None => PercentDecoded::new(&[]),
        }
    }
}

impl<'m> Scheme<'m> {
    fn read(octets: &'m [u8]) -> Option<Self> {
        match octets {
            _ if octets.eq_ignore_ascii_case(b"sip") => Some(Self::Sip),
            _ if octets.eq_ignore_ascii_case(b"sips") => Some(Self::Sips),
            _ if octets.eq_ignore_ascii_case(b"tel") => Some(Self::Tel),
            [first, rest @ ..] if first.is_ascii_alphabetic() => {
                let legal = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
                rest.iter().all(legal).then_some(Self::Other(octets))
            }
            _ => None,
        }
    }
}

type UserInfo<'m> = (Option<&'m [u8]>, Option<&'m [u8]>);

fn read_userinfo(octets: &[u8]) -> Option<UserInfo<'_>> {
    let mut cursor = Cursor::new(octets);
    let user = cursor.take_class(USER)?;
    if cursor.is_at_end() {
        return Some((Some(user), None));
    }
    cursor.take(b':')?;
    let password = cursor.take_while(|octet| PASSWORD.has(octet));
    cursor.is_at_end().then_some((Some(user), Some(password)))
}

/// Reads `;name[=value]` as often as it stands there; a name may stand once only (RFC 3261 section 19.1.1).
fn read_params<'m>(cursor: &mut Cursor<'m>) -> Option<Params<'m>> {
    let start = *cursor;
    let mut count = 0;
    loop {
        let earlier = Params { octets: cursor.since(&start) };
        if cursor.take(b';').is_none() {
            return Some(earlier);
        }
        let name = cursor.take_class(URI_PARAM)?;
        if cursor.take(b'=').is_some() {
            cursor.take_class(URI_PARAM)?;
        }
        count += 1;
        if count > MAX_URI_PARAMS || earlier.iter().any(|param| param.name.eq_ignore_ascii_case(name)) {
            return None;
        }
    }
}

/// The `name=value` pairs after a URI's `?`; `None` for one that has no name or no `=`.
pub(crate) fn uri_headers(octets: &[u8]) -> impl Iterator<Item = Option<(&[u8], &[u8])>> + Clone {
    let pairs = octets.split(|octet| *octet == b'&').filter(move |_| !octets.is_empty());
    pairs.map(|pair| {
        let equals = pair.iter().position(|octet| *octet == b'=').filter(|place| *place > 0)?;
        Some((pair.get(..equals)?, pair.get(equals + 1..)?))
    })
}

fn escapes_are_whole(octets: &[u8]) -> bool {
    let mut rest = octets;
    while let Some(percent) = memchr::memchr(b'%', rest) {
        match rest.get(percent + 1..) {
            Some([high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest = after,
            _ => return false,
        }
    }
    true
}

/// The octets of a text with its percent-escapes decoded; a `%` that starts no escape is itself.
#[derive(Clone, Debug)]
pub struct PercentDecoded<'m> {
    rest: &'m [u8],
}

impl<'m> PercentDecoded<'m> {
    /// Decodes that text.
    #[must_use]
    pub const fn new(text: &'m [u8]) -> Self {
        Self { rest: text }
    }

    /// The next octet, and whether it was escaped.
    pub(crate) fn next_unit(&mut self) -> Option<(u8, Spelling)> {
        if let [b'%', high, low, after @ ..] = self.rest
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            self.rest = after;
            return Some((high << 4 | low, Spelling::Escaped));
        }
        let (first, after) = self.rest.split_first()?;
        self.rest = after;
        Some((*first, Spelling::Plain))
    }
}

/// How an octet of a URI was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    Plain,
    Escaped,
}

impl Iterator for PercentDecoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        self.next_unit().map(|(octet, _)| octet)
    }
}

fn hex_digit(octet: u8) -> Option<u8> {
    match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    }
}

/// Octets that mean something else escaped than plain (RFC 3261 section 25.1, `reserved`).
pub(crate) const fn is_reserved(octet: u8) -> bool {
    matches!(octet, b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Uri<'static> {
        Uri::parse(text.as_bytes()).unwrap_or_else(|defect| panic!("{text}: {defect}"))
    }

    #[test]
    fn every_part_of_a_sip_uri() {
        let uri = read("SIPS:a;b:pw@[2001:db8::1]:5061;lr;transport=tcp?Subject=x&Route=%3Csip:y%3E");
        assert_eq!((uri.scheme, uri.user, uri.password), (Scheme::Sips, Some(&b"a;b"[..]), Some(&b"pw"[..])));
        assert_eq!((uri.host, uri.port), (&b"[2001:db8::1]"[..], Some(5061)));
        assert_eq!((uri.params.find("lr"), uri.params.find("transport")), (Some(&b""[..]), Some(&b"tcp"[..])));
        assert_eq!(uri.headers, b"Subject=x&Route=%3Csip:y%3E");
        let short = read("sip:MA_X.sip.localhost");
        assert_eq!((short.user, short.host, short.port), (None, &b"MA_X.sip.localhost"[..], None));
    }

    #[test]
    fn other_schemes() {
        let tel = read("tel:+1-201-555-0123;phone-context=example.com");
        assert_eq!((tel.scheme, tel.user), (Scheme::Tel, Some(&b"+1-201-555-0123"[..])));
        assert_eq!(tel.params.find("phone-context"), Some(&b"example.com"[..]));
        let other = read("soap.beep://192.0.2.103:3002");
        assert_eq!((other.scheme, other.opaque), (Scheme::Other(b"soap.beep"), &b"//192.0.2.103:3002"[..]));
    }

    #[test]
    fn faults() {
        let many = |count: usize| format!("sip:h{}", (0..count).map(|n| format!(";p{n}")).collect::<String>());
        assert!(Uri::parse(many(MAX_URI_PARAMS).as_bytes()).is_ok());
        let too_many = many(MAX_URI_PARAMS + 1);
        for text in [
            "",
            "sip",
            ":x",
            "1sip:x@h",
            "sip:",
            "sip:@h",
            "sip:x@",
            "sip:x y@h",
            "sip:x@h:0",
            "sip:x@h:",
            "sip:x@h:65536",
            "sip:x@h;",
            "sip:x@h;a=",
            "sip:x@h;=a",
            "sip:x@h;a;b;A=1",
            "sip:x@h?",
            "sip:x@h?a",
            "sip:x@h?=a",
            "sip:x@y@h",
            "sip:%zz@h",
            "sip:%4@h",
            "sip:x@h>",
            "<sip:x@h>",
            "sip:x@[::1",
            "tel:",
            "http:",
            "http:<x>",
            &too_many,
        ] {
            assert_eq!(Uri::parse(text.as_bytes()), Err(Defect::MalformedUri), "{text}");
        }
    }

    #[test]
    fn decoding() {
        let decoded = |text: &'static [u8]| PercentDecoded::new(text).collect::<Vec<_>>();
        assert_eq!(decoded(b"%75se%72"), b"user");
        assert_eq!(decoded(b"%00%Z%45%4"), b"\0%ZE%4");
        assert_eq!(read("sip:%00@h").decoded_user().collect::<Vec<_>>(), b"\0");
        assert_eq!(read("sip:h").decoded_user().count(), 0);
    }
}
