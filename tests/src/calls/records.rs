//! Call detail records as the CSV export has them.

use crate::{Account, Server};
use std::collections::HashMap;

/// One line, by the names of the first.
#[derive(Clone, Debug)]
pub struct Record(HashMap<String, String>);

impl Record {
    /// Every record of that account.
    ///
    /// # Panics
    /// When the export is no CSV with a heading.
    #[must_use]
    pub fn of(server: &Server, account: &Account) -> Vec<Self> {
        let api = server.api(account);
        let answer = api.send("GET", &api.path("cdrs.csv"), b"");
        assert_eq!(answer.status, 200, "{}", answer.shown());
        Self::read(&String::from_utf8(answer.body).expect("a text"))
    }

    /// Reads a page of CSV.
    fn read(page: &str) -> Vec<Self> {
        let mut lines = page.split_terminator("\r\n").map(cells);
        let heading = lines.next().expect("a heading");
        let record = |line: Vec<String>| {
            assert_eq!(line.len(), heading.len(), "{line:?}");
            Self(heading.iter().cloned().zip(line).collect())
        };
        lines.map(record).collect()
    }

    /// A cell.
    ///
    /// # Panics
    /// When there is no such column.
    #[must_use]
    pub fn text(&self, column: &str) -> &str {
        self.0.get(column).unwrap_or_else(|| panic!("no {column} in {:?}", self.0))
    }

    /// A cell with a moment (`2026-05-12T05:11:51.635106Z`): milliseconds since 1970.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn moment_ms(&self, column: &str) -> i64 {
        let text = self.text(column);
        let number = |from: usize, to: usize| -> i64 {
            let digits = text.get(from..to).and_then(|digits| digits.parse().ok());
            digits.unwrap_or_else(|| panic!("{column} is no moment: {text}"))
        };
        assert_eq!((text.len(), text.get(26..)), (27, Some("Z")), "{column}: {text}");
        let days = days_since_1970(number(0, 4), number(5, 7), number(8, 10));
        let seconds = ((days * 24 + number(11, 13)) * 60 + number(14, 16)) * 60 + number(17, 19);
        seconds * 1_000 + number(20, 23)
    }
}

/// The cells of a line, quotation marks taken off (RFC 4180).
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => cell.extend(characters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    cells
}

/// Days of the Gregorian calendar, counted with years that begin in March, so that a leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_moments_are_read() {
        let page = "id,begun_at,from\r\n1,2026-05-12T05:11:51.635106Z,\"a \"\"b\"\", c\"\r\n2,1970-01-01T00:00:00.000000Z,\r\n";
        let records = Record::read(page);
        assert_eq!((records[0].text("from"), records[1].text("from")), ("a \"b\", c", ""));
        assert_eq!((records[0].moment_ms("begun_at"), records[1].moment_ms("begun_at")), (1_778_562_711_635, 0));
        assert_eq!(days_since_1970(2000, 3, 1) - days_since_1970(2000, 2, 28), 2);
    }
}
