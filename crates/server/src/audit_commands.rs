//! `sipwarden audit`: what was changed, for operators and tenants, and whether that is as it was written.

use crate::api_client::ApiClient;
use crate::audit_cli::{AuditCommand, AuditFilters};
use crate::cli::Installation;
use crate::failure::Failure;
use crate::operator_commands::table::{Column, table};
use crate::operator_commands::{ask, print, segment, text};
use crate::phones::harmless;
use serde_json::{Map, Value, json};

const COLUMNS: [Column; 7] = [
    ("NO", "id"),
    ("AT", "at"),
    ("ACTOR", "actor"),
    ("SOURCE", "source"),
    ("ACTION", "action"),
    ("SUBJECT", "subject"),
    ("DETAIL", "detail"),
];

/// Shows the log, or checks it.
pub(crate) async fn audit(command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::List { account, filters, installation } => {
            let json = installation.json;
            let path = format!("audit-log?{}", query(&filters, account.as_deref()));
            show(json, ask(installation, "GET", (&path, None)).await?)
        }
        AuditCommand::Check { installation } => check(installation).await,
        AuditCommand::Own { filters, access } => {
            let client =
                ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone());
            let answer = client.call("GET", &format!("audit-log?{}", query(&filters, None)), None).await?.accepted()?;
            show(access.json, answer)
        }
    }
}

async fn check(installation: Installation) -> Result<(), Failure> {
    let json = installation.json;
    let found = ask(installation, "GET", ("audit-log/check", None)).await?;
    if found.get("sound").and_then(Value::as_bool) == Some(true) {
        return print(json, &found, || sound(&found));
    }
    print(json, &found, String::new)?;
    Err(Failure::Refused(format!(
        "{}; the {} before it are sound. Compare it with a backup made earlier (sipwarden restore), and find out who \
         could write to the database",
        text(&found, "fault"),
        records(&found)
    )))
}

fn sound(found: &Value) -> String {
    format!(
        "{} records, all as they were written.\nThe last one's hash is {}; noted elsewhere, with their number, it tells \
         later whether the log was written anew.\n",
        records(found),
        text(found, "head")
    )
}

fn records(found: &Value) -> u64 {
    found.get("records").and_then(Value::as_u64).unwrap_or(0)
}

fn show(json: bool, mut answer: Value) -> Result<(), Failure> {
    let Some(Value::Array(records)) = answer.get_mut("objects").map(Value::take) else {
        return Err(Failure::Refused("the answer is not of this API".into()));
    };
    print(json, &json!({ "records": records }), || match records.as_slice() {
        [] => "Nothing was changed, or nothing that matches.\n".into(),
        records => table(&COLUMNS, &records.iter().map(row).collect::<Vec<_>>()),
    })
}

/// The record with its detail in words, and nothing that could drive a terminal.
fn row(record: &Value) -> Value {
    let mut row = record.as_object().cloned().unwrap_or_default();
    row.insert("detail".to_owned(), record.get("detail").map(in_words).unwrap_or_default().into());
    harmless(&Value::Object(row))
}

fn in_words(detail: &Value) -> String {
    let Some(fields) = detail.as_object() else { return String::new() };
    let parts: Vec<String> = fields.iter().map(|(name, value)| part(name, value)).collect();
    parts.join(", ")
}

fn part(name: &str, value: &Value) -> String {
    let change = value.as_object().and_then(|change: &Map<_, _>| change.get("before").zip(change.get("after")));
    match change {
        Some((before, after)) => format!("{name}: {} -> {}", shown(before), shown(after)),
        None => format!("{name}: {}", shown(value)),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn query(filters: &AuditFilters, account: Option<&str>) -> String {
    let AuditFilters { limit, action, subject, actor, from, to } = filters;
    let given = [
        ("account", account),
        ("action", action.as_deref()),
        ("subject", subject.as_deref()),
        ("actor", actor.as_deref()),
        ("from", from.as_deref()),
        ("to", to.as_deref()),
    ];
    let given = given.iter().filter_map(|(name, value)| value.map(|value| format!("&{name}={}", segment(value))));
    format!("limit={limit}{}", given.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_in_words() {
        let detail = json!({
            "enabled": {"before": true, "after": false}, "description": {"before": "", "after": "desk"},
            "trunk": {"before": null, "after": "a"}, "username": "alice", "prefixes": ["49"],
        });
        let words = "description: \"\" -> desk, enabled: true -> false, prefixes: [\"49\"], trunk: none -> a, \
                     username: alice";
        assert_eq!(in_words(&detail), words);
        assert_eq!(in_words(&json!({})), "");
    }
}
