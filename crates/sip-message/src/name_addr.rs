//! Addresses with a display name and parameters (RFC 3261 sections 20.10, 20.20, 20.30, 20.34, 20.39).

use crate::grammar::{Cursor, TOKEN, is_space, trim};
use crate::number::number;
use crate::params::Param;
use crate::{Defect, HeaderName, Params, Uri};

/// An address in either form: `"Name" <uri>;params` or `uri;params`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NameAddr<'m> {
    /// The display name as sent, without the quotes around it; `None` without one.
    pub display_name: Option<&'m [u8]>,
    /// The URI as sent, without angle brackets.
    pub uri_octets: &'m [u8],
    /// The header's parameters, never the URI's.
    pub params: Params<'m>,
    known: KnownParams<'m>,
}

impl<'m> NameAddr<'m> {
    /// The URI, read.
    ///
    /// # Errors
    /// [`Defect::MalformedUri`].
    pub fn uri(&self) -> Result<Uri<'m>, Defect> {
        Uri::parse(self.uri_octets)
    }

    /// The tag of a From or To.
    #[must_use]
    pub fn tag(&self) -> Option<&'m [u8]> {
        self.known.tag
    }

    /// The value of that parameter without its quotes, empty if it has none; `None` if the parameter is absent.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'m [u8]> {
        self.params.find(name)
    }

    /// The preference of a Contact in thousandths, 0 to 1000; `None` without one.
    ///
    /// # Errors
    /// [`Defect::Malformed`] unless it is a number from 0 to 1 with at most three decimals.
    pub fn q_thousandths(&self) -> Result<Option<u16>, Defect> {
        match self.known.q {
            None => Ok(None),
            Some(value) => thousandths(value).map(Some).ok_or(Defect::Malformed(HeaderName::Contact)),
        }
    }

    /// The expires parameter of a Contact in seconds; `None` without one.
    ///
    /// # Errors
    /// [`Defect::Malformed`] or [`Defect::OutOfRange`] unless it is a number below 2^32.
    pub fn expires(&self) -> Result<Option<u32>, Defect> {
        self.known.expires.map(|value| number(value, u32::MAX, HeaderName::Contact)).transpose()
    }

    /// The `+sip.instance` of a Contact without its quotes (RFC 5626 section 4.1).
    #[must_use]
    pub fn instance(&self) -> Option<&'m [u8]> {
        self.known.instance
    }

    /// The `reg-id` of a Contact as sent (RFC 5626 section 4.2).
    #[must_use]
    pub fn reg_id(&self) -> Option<&'m [u8]> {
        self.known.reg_id
    }

    /// Reads one value and stops before the comma or end behind it; `name` is the header to blame.
    #[inline]
    pub(crate) fn read(cursor: &mut Cursor<'m>, name: HeaderName) -> Result<Self, Defect> {
        let malformed = Defect::Malformed(name);
        let (display_name, uri_octets) = read_address(cursor).ok_or(malformed)?;
        let mut known = KnownParams::default();
        let params = Params::read(cursor, malformed, |param| {
            known.note(param).map_err(|Again| Defect::DuplicateParameter(name))
        })?;
        Ok(Self { display_name, uri_octets, params, known })
    }

    /// Reads a header that has one address and nothing else.
    #[inline]
    pub(crate) fn parse(value: &'m [u8], name: HeaderName) -> Result<Self, Defect> {
        let mut cursor = Cursor::new(value);
        let address = Self::read(&mut cursor, name)?;
        cursor.skip_space();
        if cursor.is_at_end() { Ok(address) } else { Err(Defect::Malformed(name)) }
    }
}

/// The parameters that decide something, without their quotes; twice would let two readers decide differently.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct KnownParams<'m> {
    tag: Option<&'m [u8]>,
    q: Option<&'m [u8]>,
    expires: Option<&'m [u8]>,
    instance: Option<&'m [u8]>,
    reg_id: Option<&'m [u8]>,
}

/// A parameter that may stand once only stands there again.
struct Again;

impl<'m> KnownParams<'m> {
    #[inline]
    fn note(&mut self, param: Param<'m>) -> Result<(), Again> {
        let place = match param.name.len() {
            3 if param.name.eq_ignore_ascii_case(b"tag") => &mut self.tag,
            1 if param.name.eq_ignore_ascii_case(b"q") => &mut self.q,
            7 if param.name.eq_ignore_ascii_case(b"expires") => &mut self.expires,
            13 if param.name.eq_ignore_ascii_case(b"+sip.instance") => &mut self.instance,
            6 if param.name.eq_ignore_ascii_case(b"reg-id") => &mut self.reg_id,
            _ => return Ok(()),
        };
        match place.replace(param.unquoted()) {
            None => Ok(()),
            Some(_) => Err(Again),
        }
    }
}

fn read_address<'m>(cursor: &mut Cursor<'m>) -> Option<(Option<&'m [u8]>, &'m [u8])> {
    cursor.skip_space();
    if cursor.peek() == Some(b'"') {
        let quoted = cursor.take_quoted()?;
        cursor.skip_space();
        return Some((Some(quoted), read_bracketed(cursor)?));
    }
    let start = *cursor;
    cursor.take_while(|octet| TOKEN.has(octet) || is_space(octet) || !octet.is_ascii());
    match cursor.peek()? {
        b'<' => {
            let name = Some(trim(cursor.since(&start))).filter(|name| !name.is_empty());
            Some((name, read_bracketed(cursor)?))
        }
        b':' => {
            *cursor = start;
            Some((None, read_bare(cursor)?))
        }
        _ => None,
    }
}

/// Reads `<uri>`; white space and quotes inside are refused.
fn read_bracketed<'m>(cursor: &mut Cursor<'m>) -> Option<&'m [u8]> {
    cursor.take(b'<')?;
    let uri = cursor.take_while(is_uri_octet);
    cursor.take(b'>')?;
    (!uri.is_empty()).then_some(uri)
}

/// Reads a URI without angle brackets, which has no comma, semicolon or question mark (RFC 3261 section 20): what
/// follows a semicolon is the header's, and a question mark is a fault.
fn read_bare<'m>(cursor: &mut Cursor<'m>) -> Option<&'m [u8]> {
    let uri = cursor.take_while(|octet| is_uri_octet(octet) && !matches!(octet, b';' | b',' | b'?'));
    let ends_here = |octet: u8| matches!(octet, b';' | b',') || is_space(octet);
    (!uri.is_empty() && cursor.peek().is_none_or(ends_here)).then_some(uri)
}

const fn is_uri_octet(octet: u8) -> bool {
    !matches!(octet, b'<' | b'>' | b'"') && !is_space(octet)
}

/// A qvalue: `0` or `1`, and up to three decimals.
fn thousandths(value: &[u8]) -> Option<u16> {
    let (whole, decimals) = match value {
        [whole @ (b'0' | b'1')] => (*whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', decimals @ ..] => (*whole, decimals),
        // `.5` breaks the grammar, means only one thing, and is common.
        [b'.', decimals @ ..] if !decimals.is_empty() => (b'0', decimals),
        _ => return None,
    };
    let mut result = u16::from(whole - b'0');
    for place in 0..3 {
        let digit = decimals.get(place).copied().unwrap_or(b'0');
        result = result * 10 + digit.is_ascii_digit().then(|| u16::from(digit - b'0'))?;
    }
    (decimals.len() <= 3 && result <= 1000).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MALFORMED: Defect = Defect::Malformed(HeaderName::To);

    fn read(text: &'static [u8]) -> Result<NameAddr<'static>, Defect> {
        NameAddr::parse(text, HeaderName::To)
    }

    #[test]
    fn both_forms() {
        let quoted = read(br#""Mr. \"X\", Y" <sip:x@example.com;lr?a=b>;tag=1"#).unwrap();
        assert_eq!(quoted.display_name, Some(&br#"Mr. \"X\", Y"#[..]));
        assert_eq!(quoted.uri_octets, b"sip:x@example.com;lr?a=b");
        assert_eq!(quoted.tag(), Some(&b"1"[..]));
        let bare = read(b"sip:x@example.com;tag=a==").unwrap();
        assert_eq!((bare.display_name, bare.uri_octets), (None, &b"sip:x@example.com"[..]));
        assert_eq!(bare.tag(), Some(&b"a=="[..]));
        assert_eq!(read("Jürg M <sip:j@h>".as_bytes()).unwrap().display_name, Some("Jürg M".as_bytes()));
        assert_eq!(read(b"\"\" <sip:j@h>").unwrap().display_name, Some(&b""[..]));
        assert_eq!(read(b"<sip:j@h>").unwrap().display_name, None);
    }

    #[test]
    fn faults() {
        for text in [
            &b""[..],
            b"<>",
            b"<sip:x@h",
            b"< sip:x@h >",
            b"x@h",
            b"A, B <sip:x@h>",
            b"\"open <sip:x@h>",
            b"sip:x@h?Route=a",
            b"<sip:x@h>;",
            b"<sip:x@h> y",
            b"<sip:x@h>, <sip:y@h>",
            b"<sip:<x@h>",
        ] {
            assert_eq!(read(text), Err(MALFORMED), "{}", text.escape_ascii());
        }
        assert_eq!(read(b"<sip:x@h>;tag=1;tag=2"), Err(Defect::DuplicateParameter(HeaderName::To)));
    }

    #[test]
    fn preferences() {
        for (text, expected) in
            [("0", 0), ("1", 1000), ("0.5", 500), ("0.33", 330), ("1.000", 1000), ("0.", 0), (".7", 700)]
        {
            assert_eq!(thousandths(text.as_bytes()), Some(expected), "{text}");
        }
        for text in ["", "2", "1.001", "0.1234", "0.x", "-0", ".", "00"] {
            assert_eq!(thousandths(text.as_bytes()), None, "{text}");
        }
    }
}
