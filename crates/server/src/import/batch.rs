//! From rows as they were found to requests as the API takes them.

use super::report::{Fault, Report};
use crate::failure::Failure;
use import_sources::{BadRow, Field, Read, Row};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::io::Write as _;
use zeroize::Zeroizing;

/// Most rows of a request.
const MAX_ROWS: usize = 1000;
/// Most octets of a request, with room for one more row.
const FULL_OCTETS: usize = 960 << 10;
/// Most octets of a row: far above what a credential can have.
const MAX_ROW_OCTETS: usize = 64 << 10;

/// Rows on their way to the server.
pub(super) struct Batch {
    /// One JSON object a line.
    pub(super) body: Zeroizing<Vec<u8>>,
    /// Where each row was found, and its username.
    pub(super) rows: Vec<(u64, String)>,
}

/// Puts rows into batches.
pub(super) struct Batches {
    only_realm: Option<String>,
    /// Where each username, of each realm, was found first.
    seen: HashMap<(String, String), u64>,
    filling: Batch,
}

impl Batch {
    fn empty() -> Self {
        Self { body: Zeroizing::new(Vec::with_capacity(FULL_OCTETS + MAX_ROW_OCTETS)), rows: Vec::new() }
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= MAX_ROWS || self.body.len() >= FULL_OCTETS
    }
}

impl Batches {
    pub(super) fn new(only_realm: Option<String>) -> Self {
        Self { only_realm, seen: HashMap::new(), filling: Batch::empty() }
    }

    /// Adds what was read; a batch that is full comes back.
    pub(super) fn add(&mut self, read: Read, report: &mut Report) -> Result<Option<Batch>, Failure> {
        let row = match read {
            Read::Row(row) => row,
            Read::Bad(BadRow { number, username, problem }) => {
                let username = username.unwrap_or_default();
                report.failed(Fault { row: number, username: &username, field: "row", problem: &problem })?;
                return Ok(None);
            }
        };
        if self.only_realm.is_some() && self.only_realm.as_deref() != row.get(Field::Realm) {
            report.pass_over();
            return Ok(None);
        }
        let username = row.get(Field::Username).unwrap_or_default().to_owned();
        match self.checked(&row, &username) {
            Err((field, problem)) => {
                report.failed(Fault { row: row.number, username: &username, field, problem: &problem })?;
                Ok(None)
            }
            Ok(object) => Ok(self.push((row.number, username), &object)),
        }
    }

    /// What is left in the end.
    pub(super) fn last(self) -> Option<Batch> {
        (!self.filling.rows.is_empty()).then_some(self.filling)
    }

    fn push(&mut self, row: (u64, String), object: &[u8]) -> Option<Batch> {
        self.filling.body.extend_from_slice(object);
        self.filling.body.push(b'\n');
        self.filling.rows.push(row);
        self.filling.is_full().then(|| std::mem::replace(&mut self.filling, Batch::empty()))
    }

    /// The row as the API takes it, or the field that is wrong.
    fn checked(&mut self, row: &Row, username: &str) -> Result<Zeroizing<Vec<u8>>, (&'static str, String)> {
        if username.is_empty() {
            return Err(("username", "is empty".to_owned()));
        }
        let name = (username.to_owned(), row.get(Field::Realm).unwrap_or_default().to_owned());
        if let Some(first) = self.seen.get(&name) {
            return Err(("username", format!("is in row {first} already")));
        }
        self.seen.insert(name, row.number);
        let object = object_of(row)?;
        if object.len() > MAX_ROW_OCTETS {
            return Err(("row", format!("is longer than {MAX_ROW_OCTETS} octets")));
        }
        Ok(object)
    }
}

fn object_of(row: &Row) -> Result<Zeroizing<Vec<u8>>, (&'static str, String)> {
    let mut object = Map::new();
    for (field, text) in &row.cells {
        let value = match field {
            Field::Enabled => Value::Bool(
                flag(text)
                    .ok_or_else(|| ("enabled", "must be true or false, yes or no, on or off, or 1 or 0".to_owned()))?,
            ),
            _ => Value::String(text.as_str().to_owned()),
        };
        object.insert(field.as_str().to_owned(), value);
    }
    let mut octets = Zeroizing::new(Vec::new());
    // Writing JSON to memory cannot fail.
    let _ = write!(octets, "{}", Value::Object(object));
    Ok(octets)
}

fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}
