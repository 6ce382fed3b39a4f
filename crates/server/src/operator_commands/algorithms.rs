//! Who still uses MD5, as a table, as CSV and as the API's JSON; the same for operators and tenants.

use super::table::table;
use super::text;
use domain::csv_cell;
use serde_json::{Map, Value, json};

/// The columns, by the names the CSV has.
const COLUMNS: [(&str, &str); 7] = [
    ("ACCOUNT", "account_id"),
    ("USERNAME", "username"),
    ("MD5 SINCE", "md5_first_day"),
    ("MD5 LAST", "md5_last_day"),
    ("SHA-256 LAST", "sha256_last_day"),
    ("SHA-512-256 LAST", "sha512_256_last_day"),
    ("USER-AGENT WITH MD5", "md5_user_agent"),
];

/// A report gathered from all its pages.
pub(crate) struct AlgorithmReport {
    days: u64,
    totals: Value,
    /// The API's objects.
    objects: Vec<Value>,
}

impl AlgorithmReport {
    /// An empty one, to which pages are added.
    pub(crate) const fn new() -> Self {
        Self { days: 0, totals: Value::Null, objects: Vec::new() }
    }

    /// Takes a page over; the number of credentials it held, `None` if it is no page of a report.
    pub(crate) fn add(&mut self, mut page: Value) -> Option<usize> {
        let Value::Array(objects) = page.get_mut("objects").map(Value::take)? else { return None };
        self.days = page.get("days").and_then(Value::as_u64)?;
        self.totals = page.get_mut("totals").map(Value::take)?;
        let count = objects.len();
        self.objects.extend(objects);
        Some(count)
    }

    /// How many credentials were taken over so far: where the next page begins.
    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "days": self.days, "totals": self.totals, "credentials": self.objects })
    }

    pub(crate) fn to_text(&self) -> String {
        let count = |field: &str| self.totals.get(field).and_then(Value::as_u64).unwrap_or(0);
        let days = if self.days == 1 { "today".to_owned() } else { format!("in the last {} days", self.days) };
        let summary = format!(
            "Of {} credentials, {} used MD5 {days}, {} SHA only, {} have an HA1 under MD5.\n",
            count("credentials"),
            count("using_md5"),
            count("using_sha_only"),
            count("with_md5_ha1")
        );
        if self.objects.is_empty() { summary } else { summary + "\n" + &table(&COLUMNS, &self.rows()) }
    }

    /// One line for each credential, with a heading.
    pub(crate) fn to_csv(&self) -> String {
        let heading: Vec<&str> = COLUMNS.iter().map(|(_, field)| *field).collect();
        let mut csv = heading.join(",") + "\r\n";
        for row in self.rows() {
            let cells: Vec<_> = COLUMNS.iter().map(|(_, field)| csv_cell(text(&row, field))).collect();
            csv += &(cells.join(",") + "\r\n");
        }
        csv
    }

    fn rows(&self) -> Vec<Value> {
        self.objects.iter().map(row).collect()
    }
}

fn row(object: &Value) -> Value {
    let mut row = Map::new();
    for field in ["account_id", "username"] {
        row.insert(field.to_owned(), object.get(field).cloned().unwrap_or(Value::Null));
    }
    for one in object.get("algorithms").and_then(Value::as_array).into_iter().flatten() {
        let name = match text(one, "algorithm") {
            "MD5" => "md5",
            "SHA-256" => "sha256",
            _ => "sha512_256",
        };
        for field in ["first_day", "last_day", "user_agent"] {
            row.insert(format!("{name}_{field}"), one.get(field).cloned().unwrap_or(Value::Null));
        }
    }
    Value::Object(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> AlgorithmReport {
        let mut report = AlgorithmReport::new();
        let page = json!({
            "meta": {"limit": 1000, "offset": 0, "total": 1},
            "days": 30,
            "totals": {"credentials": 9, "using_md5": 1, "using_sha_only": 2, "with_md5_ha1": 8},
            "objects": [{
                "credential_id": "x", "account_id": "MA_1", "username": "desk",
                "algorithms": [
                    {"algorithm": "MD5", "first_day": "2026-01-01", "last_day": "2026-02-02", "user_agent": "=cmd|' /C calc'!A0"},
                    {"algorithm": "SHA-256", "first_day": "2026-02-01", "last_day": "2026-02-01", "user_agent": "new"},
                ],
            }],
        });
        assert_eq!(report.add(page), Some(1));
        report
    }

    #[test]
    fn reports_as_text_and_csv() {
        let text = report().to_text();
        assert!(
            text.starts_with("Of 9 credentials, 1 used MD5 in the last 30 days, 2 SHA only, 8 have an HA1"),
            "{text}"
        );
        assert!(text.contains("MA_1     desk      2026-01-01  2026-02-02  2026-02-01    -"), "{text}");
        let csv = report().to_csv();
        let lines: Vec<&str> = csv.split("\r\n").collect();
        assert_eq!(lines[1], "MA_1,desk,2026-01-01,2026-02-02,2026-02-01,,\"'=cmd|' /C calc'!A0\"");
        assert_eq!((lines.len(), lines[2]), (3, ""));
    }

    #[test]
    fn what_is_no_report_is_not_taken_for_one() {
        assert_eq!(AlgorithmReport::new().add(json!({})), None);
        assert_eq!(AlgorithmReport::new().add(json!({"objects": []})), None);
    }
}
