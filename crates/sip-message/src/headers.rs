//! The headers of a message, typed.

use crate::comma::{CommaValues, TypedValues};
use crate::digest;
use crate::grammar::{Cursor, VALUE, is_space};
use crate::number::number;
use crate::spans::Span;
use crate::{CSeq, Contact, Defect, DigestChallenge, DigestCredentials, HeaderName, HeaderSpans, NameAddr, Via};
use core::fmt;

/// The headers of one message: a view, free to copy.
///
/// Where a header that may stand once only stands several times, which [`crate::Request::check`] refuses, the typed
/// readings are of the first.
#[derive(Clone, Copy)]
pub struct Headers<'m> {
    pub(crate) octets: &'m [u8],
    pub(crate) spans: &'m HeaderSpans,
}

/// One header line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header<'m> {
    /// The name, if known.
    pub name: HeaderName,
    /// The name as sent.
    pub name_octets: &'m [u8],
    /// The value without white space around it; folding may still stand inside.
    pub value: &'m [u8],
}

/// Shows the name only: the value may be a secret.
impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({}: {} octets)", self.name_octets.escape_ascii(), self.value.len())
    }
}

impl<'m> Headers<'m> {
    /// All headers in the order sent.
    pub fn iter(self) -> impl Iterator<Item = Header<'m>> + Clone {
        self.spans.as_slice().iter().map(move |span| Header {
            name: span.name,
            name_octets: self.part(span.name_start, span.name_end),
            value: self.value(*span),
        })
    }

    /// The whole message that these are the headers of, as it came: for whoever has to read it again later.
    #[must_use]
    pub const fn message(self) -> &'m [u8] {
        self.octets
    }

    /// How many header lines there are.
    #[must_use]
    pub fn count(self) -> usize {
        self.spans.as_slice().len()
    }

    /// The value of the first header of that name, without white space around it; folding may still stand inside.
    #[must_use]
    pub fn first(self, name: HeaderName) -> Option<&'m [u8]> {
        self.spans.first(name).map(|span| self.value(*span))
    }

    /// The values of every header of that name, in the order sent.
    pub fn all(self, name: HeaderName) -> impl Iterator<Item = &'m [u8]> + Clone {
        let of_name = self.spans.starting_at_first(name).iter().filter(move |span| span.name == name);
        of_name.map(move |span| self.value(*span))
    }

    /// The values of comma-separated headers of that name; commas inside quotes or angle brackets do not separate, and
    /// empty values are passed over.
    pub fn comma_values(self, name: HeaderName) -> impl Iterator<Item = &'m [u8]> + Clone {
        CommaValues::new(self.all(name))
    }

    /// The option tags of Require, Proxy-Require, Supported or Unsupported, the methods of Allow.
    pub fn option_tags(self, name: HeaderName) -> impl Iterator<Item = &'m [u8]> + Clone {
        self.comma_values(name)
    }

    /// All Via values across lines and commas, topmost first; nothing comes after a fault.
    pub fn vias(self) -> impl Iterator<Item = Result<Via<'m>, Defect>> + Clone {
        TypedValues::new(self, HeaderName::Via, Via::read)
    }

    /// The topmost Via value.
    ///
    /// # Errors
    /// [`Defect::Missing`], [`Defect::Malformed`] or [`Defect::DuplicateParameter`].
    pub fn top_via(self) -> Result<Via<'m>, Defect> {
        self.vias().next().unwrap_or(Err(Defect::Missing(HeaderName::Via)))
    }

    /// The topmost Via value as far as it can be read: what stands behind it in its line may be anything.
    pub(crate) fn first_via(self) -> Option<Via<'m>> {
        let mut cursor = Cursor::new(self.first(HeaderName::Via)?);
        let via = Via::read(&mut cursor).ok()?;
        cursor.skip_space();
        matches!(cursor.peek(), None | Some(b',')).then_some(via)
    }

    /// From.
    ///
    /// # Errors
    /// [`Defect::Missing`], [`Defect::Malformed`] or [`Defect::DuplicateParameter`].
    pub fn from_header(self) -> Result<NameAddr<'m>, Defect> {
        NameAddr::parse(self.required(HeaderName::From)?, HeaderName::From)
    }

    /// To.
    ///
    /// # Errors
    /// [`Defect::Missing`], [`Defect::Malformed`] or [`Defect::DuplicateParameter`].
    pub fn to_header(self) -> Result<NameAddr<'m>, Defect> {
        NameAddr::parse(self.required(HeaderName::To)?, HeaderName::To)
    }

    /// Call-ID: any octets without white space or controls, which is more than the grammar has; nothing but equality
    /// depends on it, and phones put Base64 there.
    ///
    /// # Errors
    /// [`Defect::Missing`] or [`Defect::Malformed`].
    pub fn call_id(self) -> Result<&'m [u8], Defect> {
        let value = self.required(HeaderName::CallId)?;
        let legal = |octet: &u8| VALUE.has(*octet) || matches!(octet, b';' | b',' | b'"' | b'<' | b'>' | b'\\');
        if !value.is_empty() && value.iter().all(legal) {
            Ok(value)
        } else {
            Err(Defect::Malformed(HeaderName::CallId))
        }
    }

    /// CSeq.
    ///
    /// # Errors
    /// [`Defect::Missing`], [`Defect::Malformed`] or [`Defect::OutOfRange`].
    pub fn cseq(self) -> Result<CSeq<'m>, Defect> {
        CSeq::parse(self.required(HeaderName::CSeq)?)
    }

    /// Max-Forwards, which RFC 2543 peers leave out.
    ///
    /// # Errors
    /// [`Defect::Malformed`] or [`Defect::OutOfRange`].
    pub fn max_forwards(self) -> Result<Option<u8>, Defect> {
        let hops = self.number(HeaderName::MaxForwards, u32::from(u8::MAX))?;
        Ok(hops.and_then(|hops| u8::try_from(hops).ok()))
    }

    /// Expires, in seconds.
    ///
    /// # Errors
    /// [`Defect::Malformed`] or [`Defect::OutOfRange`].
    pub fn expires(self) -> Result<Option<u32>, Defect> {
        self.number(HeaderName::Expires, u32::MAX)
    }

    /// Min-Expires, in seconds.
    ///
    /// # Errors
    /// [`Defect::Malformed`] or [`Defect::OutOfRange`].
    pub fn min_expires(self) -> Result<Option<u32>, Defect> {
        self.number(HeaderName::MinExpires, u32::MAX)
    }

    /// Retry-After, in seconds; a comment or parameters behind the number are passed over.
    ///
    /// # Errors
    /// [`Defect::Malformed`] or [`Defect::OutOfRange`].
    pub fn retry_after(self) -> Result<Option<u32>, Defect> {
        let Some(value) = self.first(HeaderName::RetryAfter) else { return Ok(None) };
        let ends = |octet: &u8| is_space(*octet) || matches!(octet, b';' | b'(');
        let digits = value.split(ends).next().unwrap_or_default();
        number(digits, u32::MAX, HeaderName::RetryAfter).map(Some)
    }

    /// Content-Length, in octets.
    ///
    /// # Errors
    /// [`Defect::Malformed`] or [`Defect::OutOfRange`].
    pub fn content_length(self) -> Result<Option<u32>, Defect> {
        self.number(HeaderName::ContentLength, u32::MAX)
    }

    /// All Contact values across lines and commas; nothing comes after a fault.
    pub fn contacts(self) -> impl Iterator<Item = Result<Contact<'m>, Defect>> + Clone {
        TypedValues::new(self, HeaderName::Contact, Contact::read)
    }

    /// The addresses of Route, Record-Route, Path or another list of addresses; nothing comes after a fault.
    pub fn addresses(self, name: HeaderName) -> impl Iterator<Item = Result<NameAddr<'m>, Defect>> + Clone {
        TypedValues::new(self, name, move |cursor| NameAddr::read(cursor, name))
    }

    /// The digest credentials in Authorization or Proxy-Authorization; headers of other schemes are passed over.
    pub fn digest_credentials(
        self,
        name: HeaderName,
    ) -> impl Iterator<Item = Result<DigestCredentials<'m>, Defect>> + Clone {
        self.all(name).filter_map(digest::params_of_digest).map(move |params| DigestCredentials::read(params, name))
    }

    /// The digest challenges in WWW-Authenticate or Proxy-Authenticate; headers of other schemes are passed over.
    pub fn digest_challenges(
        self,
        name: HeaderName,
    ) -> impl Iterator<Item = Result<DigestChallenge<'m>, Defect>> + Clone {
        self.all(name).filter_map(digest::params_of_digest).map(move |params| DigestChallenge::read(params, name))
    }

    fn required(self, name: HeaderName) -> Result<&'m [u8], Defect> {
        self.first(name).ok_or(Defect::Missing(name))
    }

    fn number(self, name: HeaderName, most: u32) -> Result<Option<u32>, Defect> {
        self.first(name).map(|value| number(value, most, name)).transpose()
    }

    #[inline]
    pub(crate) fn value(self, span: Span) -> &'m [u8] {
        self.part(span.value_start, span.value_end)
    }

    #[inline]
    fn part(self, start: u16, end: u16) -> &'m [u8] {
        self.octets.get(usize::from(start)..usize::from(end)).unwrap_or_default()
    }
}

/// Shows how many there are: values may be secrets.
impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} headers", self.count())
    }
}
