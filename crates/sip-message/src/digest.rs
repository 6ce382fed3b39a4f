//! Digest credentials and challenges (RFC 3261 section 25.1, RFC 7616).

use crate::grammar::{Cursor, TOKEN, is_space};
use crate::limits::MAX_AUTH_PARAMS;
use crate::{Defect, HeaderName};
use core::fmt;

/// Digest credentials as a client sent them.
///
/// Every field holds the octets exactly as sent, without the quotes around them; a quoted and a bare value are the
/// same. Escapes inside quotes stay, because the digest is computed over what was sent.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct DigestCredentials<'m> {
    /// The user's name, or its hash where `userhash` says so.
    pub username: Option<&'m [u8]>,
    /// The realm the credentials are for.
    pub realm: Option<&'m [u8]>,
    /// The nonce of the challenge this answers.
    pub nonce: Option<&'m [u8]>,
    /// The URI the digest was computed over.
    pub uri: Option<&'m [u8]>,
    /// The digest, in hexadecimal.
    pub response: Option<&'m [u8]>,
    /// The algorithm; MD5 where absent.
    pub algorithm: Option<&'m [u8]>,
    /// The client's nonce.
    pub cnonce: Option<&'m [u8]>,
    /// What the challenge asked to be returned.
    pub opaque: Option<&'m [u8]>,
    /// The quality of protection.
    pub qop: Option<&'m [u8]>,
    /// The nonce count, eight hexadecimal digits.
    pub nc: Option<&'m [u8]>,
    /// `true` where `username` is a hash (RFC 7616 section 3.4.4).
    pub userhash: Option<&'m [u8]>,
}

impl fmt::Debug for DigestCredentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestCredentials(..)")
    }
}

/// A digest challenge as a server sent it; fields as in [`DigestCredentials`].
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct DigestChallenge<'m> {
    /// The realm credentials are asked for.
    pub realm: Option<&'m [u8]>,
    /// The nonce to compute the digest with.
    pub nonce: Option<&'m [u8]>,
    /// What the answer must return.
    pub opaque: Option<&'m [u8]>,
    /// The algorithm; MD5 where absent.
    pub algorithm: Option<&'m [u8]>,
    /// `true` where only the nonce of the last attempt was too old.
    pub stale: Option<&'m [u8]>,
    /// The qualities of protection offered, a comma-separated list.
    pub qop: Option<&'m [u8]>,
    /// The URIs the challenge covers.
    pub domain: Option<&'m [u8]>,
    /// `true` where a hashed username is accepted.
    pub userhash: Option<&'m [u8]>,
}

impl fmt::Debug for DigestChallenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestChallenge(..)")
    }
}

impl<'m> DigestCredentials<'m> {
    /// Reads what follows the scheme; `name` is the header to blame.
    pub(crate) fn read(params: &'m [u8], name: HeaderName) -> Result<Self, Defect> {
        let mut credentials = Self::default();
        read_params(params, name, |param, value| store(credentials.field(param), value))?;
        Ok(credentials)
    }

    fn field(&mut self, name: &[u8]) -> Option<&mut Option<&'m [u8]>> {
        Some(match Known::of(name)? {
            Known::Username => &mut self.username,
            Known::Realm => &mut self.realm,
            Known::Nonce => &mut self.nonce,
            Known::Uri => &mut self.uri,
            Known::Response => &mut self.response,
            Known::Algorithm => &mut self.algorithm,
            Known::Cnonce => &mut self.cnonce,
            Known::Opaque => &mut self.opaque,
            Known::Qop => &mut self.qop,
            Known::Nc => &mut self.nc,
            Known::Userhash => &mut self.userhash,
            Known::Stale | Known::Domain => return None,
        })
    }
}

impl<'m> DigestChallenge<'m> {
    /// Reads what follows the scheme; `name` is the header to blame.
    pub(crate) fn read(params: &'m [u8], name: HeaderName) -> Result<Self, Defect> {
        let mut challenge = Self::default();
        read_params(params, name, |param, value| store(challenge.field(param), value))?;
        Ok(challenge)
    }

    fn field(&mut self, name: &[u8]) -> Option<&mut Option<&'m [u8]>> {
        Some(match Known::of(name)? {
            Known::Realm => &mut self.realm,
            Known::Nonce => &mut self.nonce,
            Known::Opaque => &mut self.opaque,
            Known::Algorithm => &mut self.algorithm,
            Known::Stale => &mut self.stale,
            Known::Qop => &mut self.qop,
            Known::Domain => &mut self.domain,
            Known::Userhash => &mut self.userhash,
            _ => return None,
        })
    }
}

/// The parameters that have a field.
enum Known {
    Username,
    Realm,
    Nonce,
    Uri,
    Response,
    Algorithm,
    Cnonce,
    Opaque,
    Qop,
    Nc,
    Userhash,
    Stale,
    Domain,
}

impl Known {
    #[inline]
    fn of(name: &[u8]) -> Option<Self> {
        let (text, known) = match (name.len(), name.first()?.to_ascii_lowercase()) {
            (8, b'u') if name == b"username" || name.eq_ignore_ascii_case(b"username") => return Some(Self::Username),
            (8, b'u') => ("userhash", Self::Userhash),
            (8, _) => ("response", Self::Response),
            (5, b'r') => ("realm", Self::Realm),
            (5, b'n') => ("nonce", Self::Nonce),
            (5, _) => ("stale", Self::Stale),
            (3, b'u') => ("uri", Self::Uri),
            (3, _) => ("qop", Self::Qop),
            (9, _) => ("algorithm", Self::Algorithm),
            (6, b'c') => ("cnonce", Self::Cnonce),
            (6, b'd') => ("domain", Self::Domain),
            (6, _) => ("opaque", Self::Opaque),
            (2, _) => ("nc", Self::Nc),
            _ => return None,
        };
        (name == text.as_bytes() || name.eq_ignore_ascii_case(text.as_bytes())).then_some(known)
    }
}

/// What follows the scheme in a header value whose scheme is Digest, in any case; `None` for other schemes.
pub(crate) fn params_of_digest(value: &[u8]) -> Option<&[u8]> {
    let (scheme, params) = value.split_at_checked(6)?;
    let is_whole = params.first().is_none_or(|octet| is_space(*octet));
    (scheme.eq_ignore_ascii_case(b"Digest") && is_whole).then_some(params)
}

/// What became of one parameter.
enum Stored {
    First,
    Again,
    Unknown,
}

fn store<'m>(field: Option<&mut Option<&'m [u8]>>, value: &'m [u8]) -> Stored {
    match field.map(|field| field.replace(value)) {
        Some(None) => Stored::First,
        Some(Some(_)) => Stored::Again,
        None => Stored::Unknown,
    }
}

/// Reads comma-separated parameters and hands each to `visit`. The same name twice is refused also where it is unknown;
/// empty list elements are passed over.
fn read_params<'m>(
    params: &'m [u8],
    header: HeaderName,
    mut visit: impl FnMut(&'m [u8], &'m [u8]) -> Stored,
) -> Result<(), Defect> {
    let mut cursor = Cursor::new(params);
    for count in 0.. {
        skip_empty_elements(&mut cursor);
        if cursor.is_at_end() {
            break;
        }
        if count == MAX_AUTH_PARAMS {
            return Err(Defect::Malformed(header));
        }
        let (name, value) = read_param(&mut cursor).ok_or(Defect::Malformed(header))?;
        let again = match visit(name, value) {
            Stored::First => false,
            Stored::Again => true,
            Stored::Unknown => stands_before(params, count, name),
        };
        if again {
            return Err(Defect::DuplicateParameter(header));
        }
    }
    Ok(())
}

fn skip_empty_elements(cursor: &mut Cursor<'_>) {
    cursor.skip_space();
    while cursor.take_separator(b',').is_some() {}
}

/// Whether one of the first so many parameters has that name. They have been read before and so can be read again.
fn stands_before(params: &[u8], count: usize, name: &[u8]) -> bool {
    let mut cursor = Cursor::new(params);
    (0..count).any(|_| {
        skip_empty_elements(&mut cursor);
        read_param(&mut cursor).is_some_and(|(earlier, _)| earlier.eq_ignore_ascii_case(name))
    })
}

/// Reads `name=value` or `name="value"` and stops before the comma or end behind it.
#[inline]
fn read_param<'m>(cursor: &mut Cursor<'m>) -> Option<(&'m [u8], &'m [u8])> {
    let name = cursor.take_class(TOKEN)?;
    cursor.take_separator(b'=')?;
    let value = if cursor.peek() == Some(b'"') {
        cursor.take_quoted()?
    } else {
        cursor.take_while(|octet| !is_space(octet) && !matches!(octet, b',' | b'"'))
    };
    cursor.skip_space();
    cursor.peek().is_none_or(|octet| octet == b',').then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: HeaderName = HeaderName::Authorization;

    fn read(value: &'static str) -> Result<DigestCredentials<'static>, Defect> {
        DigestCredentials::read(params_of_digest(value.as_bytes()).unwrap(), NAME)
    }

    #[test]
    fn quoted_and_bare_values_are_the_same() {
        let quoted = read(r#"Digest username="bob", nc="00000001", qop="auth", algorithm="MD5", response="0f""#);
        let bare = read("DIGEST username=bob,nc=00000001 , qop = auth,\r\n algorithm=MD5,response=0f");
        assert_eq!(quoted, bare);
        assert_eq!(bare.unwrap().nc, Some(&b"00000001"[..]));
    }

    #[test]
    fn octets_stay_as_sent() {
        let credentials = read(r#"Digest username="b\"o,b\\", uri="sip:A@b;x=%61", nonce=a==, cnonce="""#).unwrap();
        assert_eq!(credentials.username, Some(&br#"b\"o,b\\"#[..]));
        assert_eq!(credentials.uri, Some(&b"sip:A@b;x=%61"[..]));
        assert_eq!(credentials.nonce, Some(&b"a=="[..]));
        assert_eq!(credentials.cnonce, Some(&b""[..]));
        assert_eq!(credentials.realm, None);
    }

    #[test]
    fn the_same_name_twice_is_refused() {
        for value in [
            r#"Digest username="a", username="a""#,
            r#"Digest nonce="a", realm="r", NONCE=b"#,
            r#"Digest x=1, realm="r", X=1"#,
        ] {
            assert_eq!(read(value), Err(Defect::DuplicateParameter(NAME)), "{value}");
        }
        assert!(read("Digest x=1, y=1,, realm=r,").is_ok());
    }

    #[test]
    fn faults() {
        let many = format!("Digest {}", (0..=MAX_AUTH_PARAMS).map(|n| format!("p{n}=1,")).collect::<String>());
        let too_many = DigestCredentials::read(params_of_digest(many.as_bytes()).unwrap(), NAME);
        assert_eq!(too_many, Err(Defect::Malformed(NAME)));
        for value in [
            "Digest username",
            r#"Digest username="open"#,
            r#"Digest username="a" realm="b""#,
            r#"Digest username="a"b"#,
            "Digest =a",
            "Digest username=a b",
        ] {
            assert_eq!(read(value), Err(Defect::Malformed(NAME)), "{value}");
        }
    }

    #[test]
    fn other_schemes_are_not_digest() {
        for value in [&b"Basic abc"[..], b"Digestive a=b", b"Dig", b""] {
            assert_eq!(params_of_digest(value), None);
        }
    }

    #[test]
    fn challenges() {
        let value =
            br#"Digest realm="r", domain="sip:h", nonce="n", stale=TRUE, qop="auth,auth-int", algorithm=SHA-256"#;
        let challenge = DigestChallenge::read(params_of_digest(value).unwrap(), HeaderName::WwwAuthenticate).unwrap();
        assert_eq!((challenge.realm, challenge.domain), (Some(&b"r"[..]), Some(&b"sip:h"[..])));
        assert_eq!((challenge.qop, challenge.stale), (Some(&b"auth,auth-int"[..]), Some(&b"TRUE"[..])));
    }

    #[test]
    fn debug_shows_nothing_of_the_values() {
        let credentials = read(r#"Digest username="bob", nonce="abc", response="0f""#).unwrap();
        assert_eq!(format!("{credentials:?}"), "DigestCredentials(..)");
    }
}
