//! Parameters after `;`, of headers and of URIs.

use crate::grammar::{Cursor, TOKEN, VALUE};

/// The parameters of a header value or URI, read when asked for; their grammar was checked with the value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Params<'m> {
    pub(crate) octets: &'m [u8],
}

/// One parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Param<'m> {
    /// Its name as sent; names are compared without regard to case.
    pub name: &'m [u8],
    /// Its value as sent, quotes included; `None` for a parameter without `=`.
    pub value: Option<&'m [u8]>,
}

impl<'m> Param<'m> {
    /// The value without its quotes (escapes stay); empty for a parameter without `=`.
    #[must_use]
    pub fn unquoted(&self) -> &'m [u8] {
        match self.value {
            Some([b'"', content @ .., b'"']) => content,
            Some(value) => value,
            None => &[],
        }
    }

    /// Reads what follows a `;` in a header: a name, and a bare or quoted value.
    #[inline]
    pub(crate) fn read(cursor: &mut Cursor<'m>) -> Option<Self> {
        let name = cursor.take_class(TOKEN)?;
        let value = read_value(cursor)?;
        Some(Self { name, value })
    }
}

/// Reads `=` and a value, if there is a `=`; `None` if there is a `=` and no value.
#[inline]
fn read_value<'m>(cursor: &mut Cursor<'m>) -> Option<Option<&'m [u8]>> {
    let mut ahead = *cursor;
    if ahead.take_separator(b'=').is_none() {
        return Some(None);
    }
    let start = ahead;
    if ahead.peek() == Some(b'"') {
        ahead.take_quoted()?;
    } else {
        ahead.take_class(VALUE)?;
    }
    *cursor = ahead;
    Some(Some(ahead.since(&start)))
}

impl<'m> Params<'m> {
    /// The parameters in the order sent.
    pub fn iter(self) -> impl Iterator<Item = Param<'m>> + Clone {
        let mut cursor = Cursor::new(self.octets);
        core::iter::from_fn(move || {
            cursor.take_separator(b';')?;
            // A URI's parameter names may have more in them than tokens do.
            let name = cursor.take_while(|octet| VALUE.has(octet) && octet != b'=');
            let value = read_value(&mut cursor)?;
            Some(Param { name, value })
        })
    }

    /// The value of that parameter without its quotes, empty if it has none; `None` if the parameter is absent.
    #[must_use]
    pub fn find(self, name: &str) -> Option<&'m [u8]> {
        self.iter().find(|param| param.name.eq_ignore_ascii_case(name.as_bytes())).map(|param| param.unquoted())
    }

    /// Whether the parameter is there, with or without a value.
    #[must_use]
    pub fn contains(self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The octets from the first `;` on, as sent.
    #[must_use]
    pub const fn as_octets(self) -> &'m [u8] {
        self.octets
    }

    /// Reads every `;name[=value]` that follows in a header and hands each to `visit`, which may refuse it.
    #[inline]
    pub(crate) fn read<E>(
        cursor: &mut Cursor<'m>,
        malformed: E,
        mut visit: impl FnMut(Param<'m>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut end = *cursor;
        let start = end;
        while cursor.take_separator(b';').is_some() {
            let Some(param) = Param::read(cursor) else { return Err(malformed) };
            visit(param)?;
            end = *cursor;
        }
        Ok(Self { octets: end.since(&start) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static [u8]) -> Option<Vec<Param<'static>>> {
        let mut cursor = Cursor::new(text);
        let params = Params::read(&mut cursor, (), |_| Ok(())).ok()?;
        Some(params.iter().collect())
    }

    fn param(name: &'static str, value: Option<&'static str>) -> Param<'static> {
        Param { name: name.as_bytes(), value: value.map(str::as_bytes) }
    }

    #[test]
    fn reading_twice_gives_the_same() {
        assert_eq!(read(b""), Some(vec![]));
        assert_eq!(
            read(b" ;\r\n  a = \"x;y\" ; lr;b=[::1]"),
            Some(vec![param("a", Some("\"x;y\"")), param("lr", None), param("b", Some("[::1]"))])
        );
    }

    #[test]
    fn empty_names_and_values_are_refused() {
        for text in [&b";"[..], b";;a", b";a=", b";a=;b", b";=b", b";a=\"open"] {
            assert_eq!(read(text), None, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn finding() {
        let params = Params { octets: b";Tag=1;expires=\"60\";lr" };
        assert_eq!(params.find("tag"), Some(&b"1"[..]));
        assert_eq!(params.find("Expires"), Some(&b"60"[..]));
        assert_eq!(params.find("lr"), Some(&b""[..]));
        assert_eq!(params.find("l"), None);
    }
}
