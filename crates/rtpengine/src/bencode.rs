//! Bencode: integers `i1e`, strings `3:abc`, lists `l…e`, dictionaries `d…e` with sorted keys.

use std::collections::BTreeMap;

/// Deeper nesting than that is refused; ng answers have three levels.
const MAX_DEPTH: usize = 16;

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    Integer(i64),
    String(Vec<u8>),
    List(Vec<Value>),
    Dictionary(BTreeMap<Vec<u8>, Value>),
}

impl Value {
    pub(crate) fn text(text: impl Into<Vec<u8>>) -> Self {
        Self::String(text.into())
    }

    pub(crate) fn list(texts: &[&str]) -> Self {
        Self::List(texts.iter().map(|text| Self::text(*text)).collect())
    }

    /// The string under that key of a dictionary.
    pub(crate) fn string(&self, key: &str) -> Option<&[u8]> {
        match self {
            Self::Dictionary(entries) => match entries.get(key.as_bytes())? {
                Self::String(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Integer(number) => out.extend_from_slice(format!("i{number}e").as_bytes()),
            Self::String(text) => write_string(text, out),
            Self::List(values) => {
                out.push(b'l');
                values.iter().for_each(|value| value.write(out));
                out.push(b'e');
            }
            Self::Dictionary(entries) => {
                out.push(b'd');
                for (key, value) in entries {
                    write_string(key, out);
                    value.write(out);
                }
                out.push(b'e');
            }
        }
    }

    /// Reads one value that takes all octets; `None` if there is none.
    pub(crate) fn read(octets: &[u8]) -> Option<Self> {
        let mut rest = octets;
        let value = read_value(&mut rest, MAX_DEPTH)?;
        rest.is_empty().then_some(value)
    }
}

fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{}:", text.len()).as_bytes());
    out.extend_from_slice(text);
}

fn read_value(rest: &mut &[u8], depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    match rest.first()? {
        b'i' => {
            skip(rest);
            read_number(rest, b'e').map(Value::Integer)
        }
        b'l' => {
            skip(rest);
            let mut values = Vec::new();
            while !ends(rest)? {
                values.push(read_value(rest, depth)?);
            }
            Some(Value::List(values))
        }
        b'd' => {
            skip(rest);
            let mut entries = BTreeMap::new();
            while !ends(rest)? {
                let key = read_string(rest)?;
                entries.insert(key, read_value(rest, depth)?);
            }
            Some(Value::Dictionary(entries))
        }
        _ => read_string(rest).map(Value::String),
    }
}

fn skip(rest: &mut &[u8]) {
    *rest = rest.get(1..).unwrap_or_default();
}

/// Whether the list or dictionary ends here, past whose end it then goes; `None` where the octets end.
fn ends(rest: &mut &[u8]) -> Option<bool> {
    let is_end = *rest.first()? == b'e';
    if is_end {
        skip(rest);
    }
    Some(is_end)
}

fn read_string(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(read_number(rest, b':')?).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(text.to_vec())
}

fn read_number(rest: &mut &[u8], end: u8) -> Option<i64> {
    let place = rest.iter().take(21).position(|octet| *octet == end)?;
    let digits = str::from_utf8(rest.get(..place)?).ok()?;
    *rest = rest.get(place + 1..)?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_dictionary() {
        let text = b"d6:result2:ok4:sizei-7e4:tagsl1:a1:bee";
        let value = Value::read(text).expect("a dictionary");
        assert_eq!(
            (value.string("result"), value.string("size"), value.string("none")),
            (Some(&b"ok"[..]), None, None)
        );
        let mut out = Vec::new();
        value.write(&mut out);
        assert_eq!(out, text);
    }

    #[test]
    fn what_is_none_is_refused() {
        let deep = [vec![b'l'; 17], vec![b'e'; 17]].concat();
        for text in [
            &b""[..],
            b"i",
            b"ie",
            b"i1",
            b"3:ab",
            b"-1:",
            b"l",
            b"d1:ae",
            b"di1e1:ae",
            b"1:ab",
            b"99999999999999999999999:a",
            &deep,
        ] {
            assert_eq!(Value::read(text), None, "{}", text.escape_ascii());
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::Integer),
            prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::String)
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                prop::collection::btree_map(prop::collection::vec(any::<u8>(), 0..5), inner, 0..6)
                    .prop_map(Value::Dictionary)
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in value()) {
            let mut out = Vec::new();
            value.write(&mut out);
            prop_assert_eq!(Value::read(&out), Some(value));
        }

        #[test]
        fn octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Value::read(&octets);
        }
    }
}
