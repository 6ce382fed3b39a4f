//! Strict reading of one JSON object: every field known, given once and of the right type, and all faults named.
//!
//! What a field of the wrong shape holds is skipped without recursion and without being kept, so nesting costs nothing.
//! No error quotes a value. Texts are wiped when dropped, because any of them may be a password.

use crate::field_problems::FieldProblems;
use crate::problem::Problem;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;
use zeroize::Zeroizing;

/// The one field whose content is the client's own.
const PERMISSIONS: &str = "permissions";

/// Which fields an operation takes.
pub(crate) struct Shape {
    /// The fields it takes.
    pub accepted: &'static [&'static str],
    /// Fields it refuses for a reason of their own.
    pub refused: &'static [(&'static str, &'static str)],
    /// Says, after an unknown field, what is accepted and where else to turn.
    pub hint: &'static str,
}

/// Why a body is not a JSON object at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonFault {
    /// Nothing was sent.
    Empty,
    /// Octets that are not UTF-8.
    NotUtf8,
    /// JSON of another kind, or something else from the first character on.
    NotAnObject,
    /// It starts as an object and breaks at that place.
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
}

/// An object whose fields are known and being taken out one by one; what is wrong with them gathers in it.
#[derive(Debug)]
pub(crate) struct JsonObject {
    members: Vec<(&'static str, Member)>,
    problems: FieldProblems,
}

enum Member {
    Text(Zeroizing<String>),
    Flag(bool),
    Number(u64),
    Map(Map<String, Value>),
    /// An array of nothing but strings.
    Texts(Vec<Zeroizing<String>>),
    Other(&'static str),
}

impl JsonObject {
    /// Reads a body.
    pub fn read(body: &[u8], shape: &Shape) -> Result<Self, Problem> {
        let text = std::str::from_utf8(body).map_err(|_| Problem::Json(JsonFault::NotUtf8))?;
        match text.trim_ascii_start().chars().next() {
            Some('{') => {}
            Some(_) => return Err(Problem::Json(JsonFault::NotAnObject)),
            None => return Err(Problem::Json(JsonFault::Empty)),
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        // The error's own text may quote the body.
        let syntax =
            |error: serde_json::Error| Problem::Json(JsonFault::Syntax { line: error.line(), column: error.column() });
        let object = ObjectReader(shape).deserialize(&mut reader).map_err(syntax)?;
        reader.end().map_err(syntax)?;
        Ok(object)
    }

    /// Whether a field is there and not taken yet.
    pub fn has(&self, field: &str) -> bool {
        self.members.iter().any(|(name, _)| *name == field)
    }

    /// Notes what is wrong with a field.
    pub fn note(&mut self, field: &'static str, problem: impl Into<Cow<'static, str>>) {
        self.problems.note(field, problem);
    }

    /// Takes a text that has to be there.
    pub fn required_text(&mut self, field: &'static str) -> Option<Zeroizing<String>> {
        if !self.has(field) {
            self.problems.note(field, "is required");
        }
        self.text(field)
    }

    /// Takes a text, if it is there.
    pub fn text(&mut self, field: &'static str) -> Option<Zeroizing<String>> {
        match self.take(field)? {
            Member::Text(text) => Some(text),
            other => self.wrong_type(field, "a string", &other),
        }
    }

    /// Takes a text or `null`, which has to be there.
    pub fn required_text_or_null(&mut self, field: &'static str) -> Option<Option<Zeroizing<String>>> {
        match self.members.iter().find(|(name, _)| *name == field) {
            Some((_, Member::Other("null"))) => {
                self.take(field)?;
                Some(None)
            }
            _ => self.required_text(field).map(Some),
        }
    }

    /// Takes an array of texts, if it is there.
    pub fn texts(&mut self, field: &'static str) -> Option<Vec<Zeroizing<String>>> {
        match self.take(field)? {
            Member::Texts(texts) => Some(texts),
            Member::Other("an array") => {
                self.problems.note(field, "must hold strings only");
                None
            }
            other => self.wrong_type(field, "an array of strings", &other),
        }
    }

    /// Takes a boolean, if it is there.
    pub fn flag(&mut self, field: &'static str) -> Option<bool> {
        match self.take(field)? {
            Member::Flag(flag) => Some(flag),
            other => self.wrong_type(field, "true or false", &other),
        }
    }

    /// Takes a number from 0 up, if it is there.
    pub fn number(&mut self, field: &'static str) -> Option<u64> {
        match self.take(field)? {
            Member::Number(number) => Some(number),
            Member::Other("a number") => self.wrong_type(field, "a whole number", &Member::Other("another number")),
            other => self.wrong_type(field, "a whole number", &other),
        }
    }

    /// A number that may not be larger than that.
    pub fn at_most(&mut self, field: &'static str, number: u64, most: u32) -> Option<u32> {
        let fitting = u32::try_from(number).ok().filter(|number| *number <= most);
        if fitting.is_none() {
            self.problems.note(field, format!("must be at most {most}"));
        }
        fitting
    }

    /// Takes an object of the client's own making, if it is there.
    pub fn map(&mut self, field: &'static str) -> Option<Map<String, Value>> {
        match self.take(field)? {
            Member::Map(map) => Some(map),
            other => self.wrong_type(field, "an object", &other),
        }
    }

    /// Unwraps a domain value, or notes why it is none.
    pub fn valid<T>(&mut self, field: &'static str, parsed: Result<T, impl fmt::Display>) -> Option<T> {
        parsed.map_err(|error| self.problems.note(field, error.to_string())).ok()
    }

    /// The value read from the fields, unless anything about them was wrong.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(Problem::Fields(self.problems)),
        }
    }

    fn take(&mut self, field: &str) -> Option<Member> {
        let position = self.members.iter().position(|(name, _)| *name == field)?;
        Some(self.members.swap_remove(position).1)
    }

    fn wrong_type<T>(&mut self, field: &'static str, wanted: &'static str, found: &Member) -> Option<T> {
        self.problems.note(field, format!("must be {wanted}, not {}", found.kind()));
        None
    }
}

impl Member {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Flag(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Map(_) => "an object",
            Self::Texts(_) => "an array",
            Self::Other(kind) => kind,
        }
    }
}

/// Shows the kind, never the value.
impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

struct ObjectReader<'s>(&'s Shape);

impl<'de> DeserializeSeed<'de> for ObjectReader<'_> {
    type Value = JsonObject;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<JsonObject, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectReader<'_> {
    type Value = JsonObject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonObject, A::Error> {
        let mut object = JsonObject { members: Vec::new(), problems: FieldProblems::default() };
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let Some(field) = self.0.accepted.iter().find(|field| **field == name) else {
                map.next_value::<IgnoredAny>()?;
                self.note_foreign(&name, &mut object.problems);
                continue;
            };
            let objects = if *field == PERMISSIONS { Objects::Keep } else { Objects::Skip };
            let value = map.next_value_seed(MemberReader(objects))?;
            if object.members.iter().any(|(name, _)| name == field) {
                object.problems.note(field, "must be given only once");
            } else {
                object.members.push((field, value));
            }
        }
        Ok(object)
    }
}

impl ObjectReader<'_> {
    fn note_foreign(&self, name: &str, problems: &mut FieldProblems) {
        if let Some((_, reason)) = self.0.refused.iter().find(|(field, _)| *field == name) {
            problems.note(name, *reason);
        } else {
            problems.note(name, "is not accepted");
            problems.advise(self.0.hint);
        }
    }
}

/// Reads a string and skips anything else.
struct ElementReader;

impl<'de> DeserializeSeed<'de> for ElementReader {
    type Value = Option<Zeroizing<String>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ElementReader {
    type Value = Option<Zeroizing<String>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Zeroizing::new(text.to_owned())))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

struct MemberReader(Objects);

/// What becomes of a member that is an object.
#[derive(Clone, Copy, PartialEq)]
enum Objects {
    Keep,
    Skip,
}

impl<'de> DeserializeSeed<'de> for MemberReader {
    type Value = Member;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Member, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MemberReader {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Member, E> {
        Ok(Member::Flag(flag))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Member, E> {
        Ok(Member::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Member, E> {
        Ok(Member::Other("a number"))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Member, E> {
        Ok(Member::Number(number))
    }

    /// `307.0` is a whole number to JSON Schema, as far as a double tells whole numbers apart.
    fn visit_f64<E: Error>(self, number: f64) -> Result<Member, E> {
        let is_whole = number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number);
        let whole = is_whole.then(|| format!("{number:.0}").parse().ok()).flatten();
        Ok(whole.map_or(Member::Other("a number"), Member::Number))
    }

    fn visit_unit<E: Error>(self) -> Result<Member, E> {
        Ok(Member::Other("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Member, A::Error> {
        let mut texts = Some(Vec::new());
        while let Some(element) = elements.next_element_seed(ElementReader)? {
            texts = texts.zip(element).map(|(mut texts, text)| {
                texts.push(text);
                texts
            });
        }
        Ok(texts.map_or(Member::Other("an array"), Member::Texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Member, A::Error> {
        if self.0 == Objects::Skip {
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Member::Other("an object"));
        }
        let mut map = Map::new();
        // serde_json stops at 128 levels.
        while let Some((name, value)) = entries.next_entry()? {
            map.insert(name, value);
        }
        Ok(Member::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape =
        Shape { accepted: &["name", "on"], refused: &[("id", "cannot be changed")], hint: "only name and on are" };

    fn outcome(body: &[u8]) -> Result<(Option<String>, Option<bool>), String> {
        let show = |problem: Problem| match problem {
            Problem::Json(fault) => format!("{fault:?}"),
            Problem::Fields(problems) => problems.sentence(),
            other => format!("{other:?}"),
        };
        let mut object = JsonObject::read(body, &SHAPE).map_err(show)?;
        let name = object.required_text("name").map(|text| text.to_string());
        let on = object.flag("on");
        object.finish(Some((name, on))).map_err(show)
    }

    #[test]
    fn objects() {
        assert_eq!(outcome(br#" {"name":"a","on":true} "#), Ok((Some("a".into()), Some(true))));
        assert_eq!(outcome(br#"{"\u006eame":"\u00e4\n"}"#), Ok((Some("ä\n".into()), None)));
    }

    #[test]
    fn faults() {
        let deep = format!("{{\"name\":{}1", "[".repeat(60_000));
        let cases: &[(&[u8], &str)] = &[
            (b"", "Empty"),
            (b" \n", "Empty"),
            (b"{\"name\":\"\xff\"}", "NotUtf8"),
            (b"[]", "NotAnObject"),
            (b"\"hunter22\"", "NotAnObject"),
            (b"null", "NotAnObject"),
            (b"name=a", "NotAnObject"),
            ("\u{feff}{}".as_bytes(), "NotAnObject"),
            (b"{", "Syntax { line: 1, column: 1 }"),
            (b"{\"name\":\"a\"} x", "Syntax { line: 1, column: 14 }"),
            (b"{\"name\":\"a\",}", "Syntax { line: 1, column: 13 }"),
            (b"{\"name\":\"a\nb\"}", "Syntax { line: 2, column: 0 }"),
            (b"{\"name\":\"\\ud800\"}", "Syntax { line: 1, column: 16 }"),
            (b"{'name':1}", "Syntax { line: 1, column: 2 }"),
            (deep.as_bytes(), "Syntax { line: 1, column: 60009 }"),
            (br#"{}"#, "name is required"),
            (br#"{"name":null}"#, "name must be a string, not null"),
            (br#"{"name":1}"#, "name must be a string, not a number"),
            (br#"{"name":-1}"#, "name must be a string, not a number"),
            (br#"{"name":1.5}"#, "name must be a string, not a number"),
            (br#"{"name":true}"#, "name must be a string, not a boolean"),
            (br#"{"name":[["x"],{}]}"#, "name must be a string, not an array"),
            (br#"{"name":{"a":{"b":1}}}"#, "name must be a string, not an object"),
            (br#"{"name":"a","on":"true"}"#, "on must be true or false, not a string"),
            (br#"{"name":"a","name":"b"}"#, "name must be given only once"),
            (br#"{"name":"a","na\u006de":"b"}"#, "name must be given only once"),
            (br#"{"name":"a","id":"b"}"#, "id cannot be changed"),
            (br#"{"name":"a","ID":"b"}"#, "ID is not accepted; only name and on are"),
            (
                br#"{"x":1,"on":0,"y":[2],"id":3}"#,
                "x is not accepted; y is not accepted; id cannot be changed; name is required; \
                 on must be true or false, not a number; only name and on are",
            ),
        ];
        for (body, expected) in cases {
            assert_eq!(outcome(body), Err((*expected).to_owned()), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn no_debug_form_shows_a_value() {
        let object = JsonObject::read(br#"{"name":"correct horse"}"#, &SHAPE).unwrap();
        assert!(!format!("{object:?}").contains("horse"));
    }
}
