//! Comma-separated header values.

use crate::grammar::{Cursor, closing_quote, trim};
use crate::spans::Span;
use crate::{Defect, HeaderName, Headers};

/// Cuts off the first value of a comma-separated list; commas inside quotes or angle brackets do not separate.
///
/// The rest is `None` after the last value. A quote or bracket that is never closed takes all there is.
pub(crate) fn split_first(list: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut at = 0;
    while let Some(found) = list.get(at..).and_then(|rest| memchr::memchr3(b',', b'"', b'<', rest)) {
        at += found + 1;
        let rest = list.get(at..).unwrap_or_default();
        let skip = match list.get(at - 1) {
            Some(b'"') => closing_quote(rest),
            Some(b'<') => memchr::memchr(b'>', rest),
            _ => return (list.get(..at - 1).unwrap_or_default(), Some(rest)),
        };
        match skip {
            Some(length) => at += length + 1,
            None => break,
        }
    }
    (list, None)
}

/// The raw values of the comma-separated headers of one name; empty ones are passed over.
#[derive(Clone)]
pub(crate) struct CommaValues<'m, I> {
    headers: I,
    list: Option<&'m [u8]>,
}

impl<'m, I: Iterator<Item = &'m [u8]>> CommaValues<'m, I> {
    pub(crate) const fn new(headers: I) -> Self {
        Self { headers, list: None }
    }
}

impl<'m, I: Iterator<Item = &'m [u8]>> Iterator for CommaValues<'m, I> {
    type Item = &'m [u8];

    fn next(&mut self) -> Option<&'m [u8]> {
        loop {
            let list = match self.list.take() {
                Some(list) => list,
                None => self.headers.next()?,
            };
            let (first, rest) = split_first(list);
            self.list = rest;
            let value = trim(first);
            if !value.is_empty() {
                return Some(value);
            }
        }
    }
}

/// The typed values of the comma-separated headers of one name; nothing comes after a fault.
#[derive(Clone)]
pub(crate) struct TypedValues<'m, F> {
    headers: Headers<'m>,
    name: HeaderName,
    unread: Unread<'m>,
    read: F,
}

/// The values not yet read: the rest of a line, and the lines after it.
#[derive(Clone, Copy)]
pub(crate) struct Unread<'m> {
    list: Option<Cursor<'m>>,
    spans: &'m [Span],
}

impl<'m, T, F: FnMut(&mut Cursor<'m>) -> Result<T, Defect>> TypedValues<'m, F> {
    pub(crate) fn new(headers: Headers<'m>, name: HeaderName, read: F) -> Self {
        let unread = Unread { list: None, spans: headers.spans.starting_at_first(name) };
        Self { headers, name, unread, read }
    }

    /// Goes on where others left off.
    pub(crate) fn resume(headers: Headers<'m>, name: HeaderName, unread: Unread<'m>, read: F) -> Self {
        Self { headers, name, unread, read }
    }

    pub(crate) fn unread(&self) -> Unread<'m> {
        self.unread
    }

    fn next_list(&mut self) -> Option<Cursor<'m>> {
        while let Some((span, rest)) = self.unread.spans.split_first() {
            self.unread.spans = rest;
            if span.name == self.name {
                return Some(Cursor::new(self.headers.value(*span)));
            }
        }
        None
    }

    fn read_one(&mut self, mut cursor: Cursor<'m>) -> Result<T, Defect> {
        let value = (self.read)(&mut cursor)?;
        cursor.skip_space();
        if cursor.take(b',').is_some() {
            self.unread.list = Some(cursor);
        } else if !cursor.is_at_end() {
            return Err(Defect::Malformed(self.name));
        }
        Ok(value)
    }
}

impl<'m, T, F: FnMut(&mut Cursor<'m>) -> Result<T, Defect>> Iterator for TypedValues<'m, F> {
    type Item = Result<T, Defect>;

    fn next(&mut self) -> Option<Self::Item> {
        let cursor = match self.unread.list.take() {
            Some(cursor) => cursor,
            None => self.next_list()?,
        };
        let result = self.read_one(cursor);
        if result.is_err() {
            self.unread.spans = &[];
        }
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_top_level_commas_separate() {
        let values = |lists: &'static [&'static [u8]]| CommaValues::new(lists.iter().copied()).collect::<Vec<_>>();
        assert_eq!(values(&[b"a, b ,c"]), [b"a", b"b", b"c"]);
        assert_eq!(values(&[b",, a,\r\n ,", b"b"]), [b"a", b"b"]);
        assert_eq!(values(&[br#""a,\",b" <sip:x,y@h>;p=",", c"#]), [&br#""a,\",b" <sip:x,y@h>;p=",""#[..], b"c"]);
        assert_eq!(values(&[b"\"open, a", b"<open, b"]), [b"\"open, a", b"<open, b"]);
        assert!(values(&[b"", b" "]).is_empty());
    }
}
