//! The parameters of digest headers one by one: those of Authentication-Info have no reader of their own, and what is
//! shown of the others is decided by name.

/// One element of a comma-separated list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct AuthParam<'m> {
    /// What stands before `=`; all of it where there is none.
    pub(crate) name: &'m [u8],
    /// What stands after `=`, quotes included; empty where there is none.
    pub(crate) value: &'m [u8],
}

impl<'m> AuthParam<'m> {
    fn read(element: &'m [u8]) -> Self {
        let equals = element.iter().position(|octet| *octet == b'=').unwrap_or(element.len());
        let (name, value) = element.split_at_checked(equals).unwrap_or((element, &[]));
        Self { name: name.trim_ascii(), value: value.get(1..).unwrap_or_default().trim_ascii() }
    }

    /// Whether its name is one of those.
    pub(crate) fn is_any_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The value without its quotes; `None` unless it is one quoted string or one unbroken word and nothing else.
    pub(crate) fn sole_value(&self) -> Option<&'m [u8]> {
        if let [b'"', rest @ ..] = self.value {
            let content = rest.get(..quoted_length(rest)?)?;
            return (content.len() + 2 == self.value.len()).then_some(content);
        }
        let is_word = self.value.iter().all(|octet| !octet.is_ascii_whitespace() && *octet != b'"');
        (is_word && !self.value.is_empty()).then_some(self.value)
    }
}

/// The elements of a list; commas inside quotes do not separate.
pub(crate) fn auth_params(list: &[u8]) -> impl Iterator<Item = AuthParam<'_>> {
    let mut rest = list;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let (element, after) = rest.split_at_checked(element_length(rest)).unwrap_or((rest, &[]));
            rest = after.get(1..).unwrap_or_default();
            if !element.trim_ascii().is_empty() {
                return Some(AuthParam::read(element));
            }
        }
    })
}

fn element_length(list: &[u8]) -> usize {
    let mut at = 0;
    while let Some(octet) = list.get(at) {
        at += 1;
        match octet {
            b',' => return at - 1,
            // A quote that is never closed takes all there is.
            b'"' => at += quoted_length(list.get(at..).unwrap_or_default()).map_or(list.len(), |length| length + 1),
            _ => {}
        }
    }
    list.len()
}

/// How many octets stand before the closing quote.
fn quoted_length(octets: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    octets.iter().position(|octet| {
        let closes = *octet == b'"' && !is_escaped;
        is_escaped = *octet == b'\\' && !is_escaped;
        closes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &str, expected: &[(&str, &str, Option<&str>)]) {
        let params: Vec<_> = auth_params(list.as_bytes()).collect();
        assert_eq!(params.len(), expected.len(), "{list}");
        for (param, (name, value, sole)) in params.iter().zip(expected) {
            assert_eq!((param.name, param.value), (name.as_bytes(), value.as_bytes()), "{list}");
            assert_eq!(param.sole_value(), sole.map(str::as_bytes), "{list}");
        }
    }

    #[test]
    fn elements() {
        check("", &[]);
        check(" , ,", &[]);
        check(r#"qop=auth,rspauth = "a,b" "#, &[("qop", "auth", Some("auth")), ("rspauth", r#""a,b""#, Some("a,b"))]);
        check(r#"a="x\"y,z", b=="#, &[("a", r#""x\"y,z""#, Some(r#"x\"y,z"#)), ("b", "=", Some("="))]);
    }

    #[test]
    fn what_is_not_one_value_has_none() {
        check("word", &[("word", "", None)]);
        check(r#"realm="a" nonce="b""#, &[("realm", r#""a" nonce="b""#, None)]);
        check(r#"realm="open, nonce=b"#, &[("realm", r#""open, nonce=b"#, None)]);
        check("realm=a nonce=b", &[("realm", "a nonce=b", None)]);
    }
}
