//! The lexical ground of every header: octet classes, and a cursor that reads tokens, strings and white space.

/// A set of octets, as one bit of [`CLASSES`].
#[derive(Clone, Copy)]
pub(crate) struct Class(u8);

/// `token`.
pub(crate) const TOKEN: Class = Class(1);
/// A header parameter's bare value: `token` and `host`, and what phones put into tags and branches besides (`=`, `/`,
/// `@`, octets above ASCII); never what ends a value.
pub(crate) const VALUE: Class = Class(2);
/// Letters, digits, `-`, `.`, and the `_` that hosts made from names have.
pub(crate) const HOST: Class = Class(4);
/// `user` of a SIP URI, and the bare `#` of star codes.
pub(crate) const USER: Class = Class(8);
/// `password` of a SIP URI.
pub(crate) const PASSWORD: Class = Class(16);
/// `paramchar`.
pub(crate) const URI_PARAM: Class = Class(32);
/// `hname` and `hvalue`, and the `=` and `&` between them.
pub(crate) const URI_HEADER: Class = Class(64);
/// `uric` and `#`: what any URI may be made of.
pub(crate) const URI: Class = Class(128);

static CLASSES: [u8; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "runs at compile time, where an index out of bounds is a compile error")]
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let o = octet as u8;
        let mark = among(o, b"-_.!~*'()");
        let unreserved = o.is_ascii_alphanumeric() || mark;
        let escape = o == b'%';
        let mut bits = 0;
        bits |= if o.is_ascii_alphanumeric() || among(o, b"-.!%*_+`'~") { TOKEN.0 } else { 0 };
        bits |= if (o.is_ascii_graphic() && !among(o, b";,\"<>\\")) || !o.is_ascii() { VALUE.0 } else { 0 };
        bits |= if o.is_ascii_alphanumeric() || among(o, b"-._") { HOST.0 } else { 0 };
        bits |= if unreserved || escape || among(o, b"&=+$,;?/#") { USER.0 } else { 0 };
        bits |= if unreserved || escape || among(o, b"&=+$,") { PASSWORD.0 } else { 0 };
        bits |= if unreserved || escape || among(o, b"[]/:&+$") { URI_PARAM.0 } else { 0 };
        bits |= if unreserved || escape || among(o, b"[]/?:+$=&") { URI_HEADER.0 } else { 0 };
        bits |= if unreserved || escape || among(o, b";/?:@&=+$,#[]") { URI.0 } else { 0 };
        table[octet] = bits;
        octet += 1;
    }
    table
}

#[expect(clippy::indexing_slicing, reason = "runs at compile time, where an index out of bounds is a compile error")]
const fn among(octet: u8, set: &[u8]) -> bool {
    let mut index = 0;
    while index < set.len() {
        if set[index] == octet {
            return true;
        }
        index += 1;
    }
    false
}

impl Class {
    #[inline]
    pub(crate) fn has(self, octet: u8) -> bool {
        CLASSES.get(usize::from(octet)).is_some_and(|bits| bits & self.0 != 0)
    }

    /// Whether there is at least one octet and all are of the class.
    #[inline]
    pub(crate) fn covers(self, octets: &[u8]) -> bool {
        !octets.is_empty() && octets.iter().all(|octet| self.has(*octet))
    }
}

/// White space between the parts of a value. A CR or LF found here belongs to a fold: any other is a defect that the
/// scan has recorded.
#[inline]
pub(crate) const fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

/// Those octets without white space around them.
#[inline]
pub(crate) fn trim(octets: &[u8]) -> &[u8] {
    let Some(start) = octets.iter().position(|octet| !is_space(*octet)) else { return &[] };
    let end = octets.iter().rposition(|octet| !is_space(*octet)).map_or(start, |last| last + 1);
    octets.get(start..end).unwrap_or_default()
}

/// Where reading a value has come to.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'m> {
    pub(crate) rest: &'m [u8],
}

impl<'m> Cursor<'m> {
    #[inline]
    pub(crate) const fn new(octets: &'m [u8]) -> Self {
        Self { rest: octets }
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    #[inline]
    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes that octet, if it is next.
    #[inline]
    pub(crate) fn take(&mut self, octet: u8) -> Option<()> {
        match self.rest.split_first() {
            Some((first, rest)) if *first == octet => {
                self.rest = rest;
                Some(())
            }
            _ => None,
        }
    }

    /// Takes that octet with any white space around it.
    #[inline]
    pub(crate) fn take_separator(&mut self, octet: u8) -> Option<()> {
        self.skip_space();
        self.take(octet)?;
        self.skip_space();
        Some(())
    }

    #[inline]
    pub(crate) fn skip_space(&mut self) {
        while let Some((first, rest)) = self.rest.split_first() {
            if !is_space(*first) {
                break;
            }
            self.rest = rest;
        }
    }

    /// Takes the next so many octets; all there are, if there are fewer.
    #[inline]
    pub(crate) fn take_count(&mut self, count: usize) -> &'m [u8] {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    #[inline]
    pub(crate) fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'m [u8] {
        let count = self.rest.iter().position(|octet| !accept(*octet)).unwrap_or(self.rest.len());
        self.take_count(count)
    }

    /// Takes one or more octets of the class.
    #[inline]
    pub(crate) fn take_class(&mut self, class: Class) -> Option<&'m [u8]> {
        let taken = self.take_while(|octet| class.has(octet));
        (!taken.is_empty()).then_some(taken)
    }

    /// Takes a quoted string and returns what is between the quotes, escapes as sent.
    pub(crate) fn take_quoted(&mut self) -> Option<&'m [u8]> {
        let mut ahead = *self;
        ahead.take(b'"')?;
        let length = closing_quote(ahead.rest)?;
        let content = ahead.take_count(length);
        ahead.take(b'"')?;
        *self = ahead;
        Some(content)
    }

    /// What was taken since `earlier`, a copy of this cursor made before.
    #[inline]
    pub(crate) fn since(&self, earlier: &Self) -> &'m [u8] {
        earlier.rest.get(..earlier.rest.len().saturating_sub(self.rest.len())).unwrap_or_default()
    }
}

/// Where the quote stands that ends a quoted string, counted from behind the opening one.
#[inline]
pub(crate) fn closing_quote(octets: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let found = from + memchr::memchr2(b'"', b'\\', octets.get(from..)?)?;
        match octets.get(found) {
            Some(b'"') => return Some(found),
            _ => from = found + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_strings() {
        let read = |text: &'static [u8]| {
            let mut cursor = Cursor::new(text);
            cursor.take_quoted().map(|content| (content, cursor.rest))
        };
        assert_eq!(read(b"\"a b\" x"), Some((&b"a b"[..], &b" x"[..])));
        assert_eq!(read(br#""\"" "#), Some((&br#"\""#[..], &b" "[..])));
        assert_eq!(read(br#""\\""#), Some((&br"\\"[..], &b""[..])));
        assert_eq!(read(b"\"\""), Some((&b""[..], &b""[..])));
        for open in [&b"\"abc"[..], br#""abc\""#, b"abc", b""] {
            assert_eq!(read(open), None);
        }
    }

    #[test]
    fn a_failed_quoted_string_takes_nothing() {
        let mut cursor = Cursor::new(b"\"open");
        assert_eq!(cursor.take_quoted(), None);
        assert_eq!(cursor.rest, b"\"open");
    }

    #[test]
    fn trimming_removes_folds_at_the_ends_only() {
        assert_eq!(trim(b" \r\n a\r\n b \t"), b"a\r\n b");
        assert_eq!(trim(b" \t\r\n "), b"");
    }
}
