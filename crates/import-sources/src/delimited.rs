//! CSV (RFC 4180) with a heading.

use crate::{BadRow, ColumnNames, Field, Read, Row, SourceError, Take};
use csv::{ByteRecord, ReaderBuilder, Terminator, Trim};
use std::io;
use zeroize::Zeroizing;

/// Reads CSV whose first line names the columns.
///
/// # Errors
/// [`SourceError`]; rows that were taken before stay taken.
pub fn read_csv(input: impl io::Read, names: &ColumnNames, take: &mut Take<'_>) -> Result<(), SourceError> {
    // The parser counts lines at their `\n`, so it ends them there; the `\r` before it is taken away here.
    let mut builder = ReaderBuilder::new();
    builder.flexible(true).trim(Trim::Headers).terminator(Terminator::Any(b'\n'));
    let mut reader = builder.from_reader(input);
    let heading = reader.byte_headers().map_err(unreadable)?;
    let columns: Vec<String> = heading.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
    let fields = names.fields(columns.iter().map(String::as_str))?;
    let mut record = ByteRecord::new();
    loop {
        let before = reader.position().line();
        if !reader.read_byte_record(&mut record).map_err(unreadable)? {
            break;
        }
        if matches!(record.as_slice(), b"" | b"\r") && record.len() == 1 {
            continue;
        }
        let number = first_line(&record, before, reader.position().line());
        if take(row(number, &record, &fields)).is_break() {
            break;
        }
    }
    Ok(())
}

/// The line a record begins at, from where the parser stood before it and after it: empty lines may come before it, and
/// cells in quotation marks may hold some.
fn first_line(record: &ByteRecord, before: u64, after: u64) -> u64 {
    let within = record.as_slice().iter().filter(|octet| **octet == b'\n').count() as u64;
    let is_ended = after > before + within;
    after.saturating_sub(within + u64::from(is_ended))
}

fn row(number: u64, record: &ByteRecord, fields: &[Option<Field>]) -> Read {
    let cell = |field: Field| {
        let place = fields.iter().position(|known| *known == Some(field))?;
        std::str::from_utf8(record.get(place)?).ok().map(str::to_owned)
    };
    let bad = |problem: String| Read::Bad(BadRow { number, username: cell(Field::Username), problem });
    if record.len() != fields.len() {
        return bad(format!("has {} cells, and the heading has {}", record.len(), fields.len()));
    }
    let mut cells = Vec::with_capacity(fields.len());
    let last = fields.len() - 1;
    for (place, (octets, field)) in record.iter().zip(fields).enumerate() {
        let Some(field) = field else { continue };
        let octets = if place == last { octets.strip_suffix(b"\r").unwrap_or(octets) } else { octets };
        match std::str::from_utf8(octets) {
            Ok("") => {}
            Ok(text) => cells.push((*field, Zeroizing::new(text.to_owned()))),
            Err(_) => return bad(format!("has a {} that is not UTF-8", field.as_str())),
        }
    }
    Read::Row(Row { number, cells })
}

/// The reader's own errors are about reading: rows of other lengths are taken, and octets need not be UTF-8.
fn unreadable(error: csv::Error) -> SourceError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => SourceError::Io(error),
        _ => SourceError::Io(io::Error::from(io::ErrorKind::InvalidData)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    fn read(text: &[u8]) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        let mut take = |read: Read| {
            found.push(match read {
                Read::Row(row) => {
                    let cells = row.cells.iter().map(|(field, text)| format!("{}={}", field.as_str(), text.as_str()));
                    format!("{}: {}", row.number, cells.collect::<Vec<_>>().join(" "))
                }
                Read::Bad(bad) => format!("{} {:?} {}", bad.number, bad.username, bad.problem),
            });
            ControlFlow::Continue(())
        };
        read_csv(text, &ColumnNames::default(), &mut take).map(|()| found).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_and_what_is_none() {
        let text = b"\xef\xbb\xbfUsername, password ,other,note\r\n\
            alice,\"correct, \"\"horse\",x,\r\n\
            \r\n\
            bob,two,x\r\n\
            carol,\"line\nbreak\",x,yes\r\n\
            d\xffve,correct horse,x,\r\n";
        assert_eq!(
            read(text).unwrap(),
            [
                "2: username=alice password=correct, \"horse",
                "4 Some(\"bob\") has 3 cells, and the heading has 4",
                "5: username=carol password=line\nbreak description=yes",
                "7 None has a username that is not UTF-8",
            ]
        );
        assert!(read(b"").unwrap_err().contains("no column is called username"));
        assert_eq!(read(b"username,password\n").unwrap(), [""; 0]);
        assert_eq!(read(b"username\na\n\n\nb\n\"c\"").unwrap(), ["2: username=a", "5: username=b", "6: username=c"]);
    }

    #[test]
    fn reading_ends_when_nobody_takes() {
        let mut taken = 0;
        let mut take = |_| {
            taken += 1;
            ControlFlow::Break(())
        };
        read_csv(&b"username\na\nb\n"[..], &ColumnNames::default(), &mut take).unwrap();
        assert_eq!(taken, 1);
    }
}
