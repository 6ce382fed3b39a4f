//! `sipwarden credential report`: old passwords and unused credentials.

use super::client;
use super::output::print;
use crate::cli::{CredentialReportOptions, ServerAccess};
use crate::failure::Failure;
use crate::operator_commands::PAGE;
use crate::operator_commands::table::{Column, table};
use domain::csv_cell;
use serde_json::{Value, json};

const COLUMNS: [Column; 7] = [
    ("USERNAME", "username"),
    ("ENABLED", "enabled"),
    ("PASSWORD SET", "password_changed_at"),
    ("DAYS", "password_age_days"),
    ("OLD", "password_old"),
    ("LAST USED", "last_used_at"),
    ("UNUSED", "unused"),
];

pub(super) async fn run(options: &CredentialReportOptions, access: &ServerAccess) -> Result<(), Failure> {
    let client = client(access);
    let asked = [("older_than_days", options.older_than_days), ("unused_for_days", options.unused_for_days)];
    let asked: String = asked.into_iter().filter_map(|(name, days)| Some(format!("&{name}={}", days?))).collect();
    let mut objects = Vec::new();
    let report = loop {
        let path = format!("reports/credentials?limit={PAGE}&offset={}{asked}", objects.len());
        let mut report = client.call("GET", &path, None).await?.expect(200)?;
        let Some(Value::Array(page)) = report.get_mut("objects").map(Value::take) else {
            return Err(Failure::Refused("the answer is not of this API".into()));
        };
        let is_last = page.len() < PAGE;
        objects.extend(page);
        if is_last {
            break report;
        }
    };
    if access.json {
        return print(&format!("{}\n", json!({ "totals": report.get("totals"), "credentials": objects })));
    }
    print(&if options.csv { csv(&objects) } else { text(&report, &objects) })
}

fn text(report: &Value, objects: &[Value]) -> String {
    let totals = &report["totals"];
    let mut parts = Vec::new();
    for (asked, field, words) in [
        ("older_than_days", "password_old", "have a password older than"),
        ("unused_for_days", "unused", "were not used for"),
    ] {
        if let Some(days) = report[asked].as_u64() {
            parts.push(format!("{} {words} {days} days", totals[field]));
        }
    }
    let mut text = format!(
        "Of {} credentials, {}; {} have expired, of {} no use is known.\n",
        totals["credentials"],
        parts.join(", "),
        totals["expired"],
        totals["never_used"]
    );
    if !objects.is_empty() {
        text += &table(&COLUMNS, objects);
    }
    text
}

/// Usernames hold nothing that a spreadsheet obeys but `+` and `-` at their beginning.
fn csv(objects: &[Value]) -> String {
    let heading = COLUMNS.map(|(_, field)| field).join(",");
    let row = |object: &Value| {
        let cells = COLUMNS.map(|(_, field)| match &object[field] {
            Value::String(text) => csv_cell(text).into_owned(),
            Value::Null => String::new(),
            other => other.to_string(),
        });
        cells.join(",")
    };
    std::iter::once(heading).chain(objects.iter().map(row)).map(|line| line + "\n").collect()
}
