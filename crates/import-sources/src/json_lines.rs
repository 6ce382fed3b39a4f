//! JSON Lines: an object a line.

use crate::{BadRow, ColumnNames, Read, Row, SourceError, Take};
use serde_json::{Map, Value};
use std::io::{BufRead, BufReader};
use zeroize::Zeroizing;

/// Most octets of a line: far above what a credential can have.
const MAX_LINE_OCTETS: u64 = 64 << 10;

/// Reads one JSON object a line; empty lines are passed over.
///
/// # Errors
/// [`SourceError`]; rows that were taken before stay taken.
pub fn read_json_lines(input: impl std::io::Read, names: &ColumnNames, take: &mut Take<'_>) -> Result<(), SourceError> {
    let mut reader = BufReader::new(input);
    let mut line = Zeroizing::new(Vec::new());
    for number in 1.. {
        line.clear();
        let mut bounded = std::io::Read::take(&mut reader, MAX_LINE_OCTETS + 1);
        if bounded.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let too_long = line.len() as u64 > MAX_LINE_OCTETS;
        if too_long {
            pass_line(&mut reader)?;
        }
        let read = match (too_long, line.trim_ascii()) {
            (true, _) => bad(number, format!("is longer than {MAX_LINE_OCTETS} octets")),
            (false, b"") => continue,
            (false, text) => row(number, text, names),
        };
        if take(read).is_break() {
            break;
        }
    }
    Ok(())
}

/// Passes over the rest of a line without keeping it.
fn pass_line(reader: &mut impl BufRead) -> Result<(), SourceError> {
    loop {
        let buffered = reader.fill_buf()?;
        let (passed, ends) = match buffered.iter().position(|octet| *octet == b'\n') {
            Some(place) => (place + 1, true),
            None => (buffered.len(), buffered.is_empty()),
        };
        reader.consume(passed);
        if ends {
            return Ok(());
        }
    }
}

fn row(number: u64, text: &[u8], names: &ColumnNames) -> Read {
    let Ok(object) = serde_json::from_slice::<Map<String, Value>>(text) else {
        return bad(number, "is not a JSON object".to_owned());
    };
    let fields = match names.fields(object.keys().map(String::as_str)) {
        Ok(fields) => fields,
        Err(SourceError::TwoColumns { field }) => return bad(number, format!("has {field} twice")),
        Err(_) => return bad(number, "has no username".to_owned()),
    };
    let mut cells = Vec::with_capacity(fields.len());
    for ((_, value), field) in object.into_iter().zip(fields) {
        let Some(field) = field else { continue };
        let text = match value {
            Value::String(text) if text.is_empty() => continue,
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Array(_) | Value::Object(_) => {
                return bad(number, format!("has a {} that is neither a text nor a number", field.as_str()));
            }
        };
        cells.push((field, Zeroizing::new(text)));
    }
    Read::Row(Row { number, cells })
}

fn bad(number: u64, problem: String) -> Read {
    Read::Bad(BadRow { number, username: None, problem })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;
    use std::ops::ControlFlow;

    #[test]
    fn rows_and_what_is_none() {
        let long = format!("{{\"username\":\"{}\"}}", "x".repeat(70_000));
        let text = format!(
            "{{\"username\":\"a\",\"enabled\":false,\"ha1\":null,\"id\":[1]}}\n\n{{\"user\":1001,\"password\":\"\"}}\n[]\n\
             {long}\n{{\"password\":\"x\"}}\n{{\"username\":{{}}}}\n{{\"realm\":\"r\",\"domain\":\"d\",\"user\":\"u\"}}"
        );
        let mut found = Vec::new();
        let mut take = |read: Read| {
            found.push(match read {
                Read::Row(row) => format!(
                    "{} {:?} {:?} {}",
                    row.number,
                    row.get(Field::Username),
                    row.get(Field::Enabled),
                    row.cells.len()
                ),
                Read::Bad(bad) => format!("{} {}", bad.number, bad.problem),
            });
            ControlFlow::Continue(())
        };
        read_json_lines(text.as_bytes(), &ColumnNames::default(), &mut take).unwrap();
        assert_eq!(
            found,
            [
                "1 Some(\"a\") Some(\"false\") 2",
                "3 Some(\"1001\") None 1",
                "4 is not a JSON object",
                "5 is longer than 65536 octets",
                "6 has no username",
                "7 has a username that is neither a text nor a number",
                "8 has realm twice",
            ]
        );
    }
}
