//! `sipwarden calls` and `sipwarden cdrs`, over HTTP.

use crate::api_client::ApiClient;
use crate::calls_cli::{CallsOptions, CdrsOptions};
use crate::cli::ServerAccess;
use crate::failure::Failure;
use crate::operator_commands::table::{Column, table};
use crate::operator_commands::{print, segment};
use crate::phones::harmless;
use serde_json::{Value, json};

const CALL_COLUMNS: [Column; 7] = [
    ("ID", "id"),
    ("STATE", "state"),
    ("DIRECTION", "direction"),
    ("FROM", "from"),
    ("TO", "to"),
    ("USERNAME", "username"),
    ("BEGUN", "begun_at"),
];
const RECORD_COLUMNS: [Column; 8] = [
    ("BEGUN", "begun_at"),
    ("DIRECTION", "direction"),
    ("FROM", "from"),
    ("TO", "to"),
    ("USERNAME", "username"),
    ("MS", "duration_ms"),
    ("REASON", "reason"),
    ("STATUS", "sip_status"),
];
/// Most calls of one page.
const PAGE: usize = 1000;

/// Lists the calls that are up, or ends one.
pub(crate) async fn calls(options: CallsOptions) -> Result<(), Failure> {
    let CallsOptions { end, trunk, credential, access } = options;
    let client = client(&access);
    if let Some(id) = end {
        client.call("DELETE", &format!("calls/{}", segment(&id)), None).await?.accepted()?;
        return print(access.json, &json!({ "ended": id }), || "Ended: both sides are being told.\n".into());
    }
    let filters = query(&[("trunk_id", trunk.as_deref()), ("credential_id", credential.as_deref())]);
    let mut calls: Vec<Value> = Vec::new();
    loop {
        let path = format!("calls?limit={PAGE}&offset={}{filters}", calls.len());
        let page = objects(client.call("GET", &path, None).await?.accepted()?)?;
        let is_last = page.len() < PAGE;
        calls.extend(page);
        if is_last {
            break;
        }
    }
    print(access.json, &json!({ "calls": calls }), || match calls.as_slice() {
        [] => "No call is up; `sipwarden cdrs` shows those that ended.\n".into(),
        calls => table(&CALL_COLUMNS, &calls.iter().map(harmless).collect::<Vec<_>>()),
    })
}

/// Shows the newest records, or all of them as CSV.
pub(crate) async fn cdrs(options: CdrsOptions) -> Result<(), Failure> {
    let CdrsOptions { csv, limit, from, to, trunk, credential, direction, answered, access } = options;
    let answered = answered.map(|answered| answered.to_string());
    let filters = query(&[
        ("from", from.as_deref()),
        ("to", to.as_deref()),
        ("trunk_id", trunk.as_deref()),
        ("credential_id", credential.as_deref()),
        ("direction", direction.as_deref()),
        ("answered", answered.as_deref()),
    ]);
    if csv {
        return client(&access).copy(&format!("cdrs.csv?{}", filters.trim_start_matches('&'))).await;
    }
    let answer = client(&access).call("GET", &format!("cdrs?limit={limit}{filters}"), None).await?.accepted()?;
    let records = objects(answer)?;
    print(access.json, &json!({ "cdrs": records }), || match records.as_slice() {
        [] => "No call has ended yet, or none that matches.\n".into(),
        records => table(&RECORD_COLUMNS, &records.iter().map(harmless).collect::<Vec<_>>()),
    })
}

fn query(filters: &[(&str, Option<&str>)]) -> String {
    let given = filters.iter().filter_map(|(name, value)| value.map(|value| format!("&{name}={}", segment(value))));
    given.collect()
}

fn objects(mut answer: Value) -> Result<Vec<Value>, Failure> {
    match answer.get_mut("objects").map(Value::take) {
        Some(Value::Array(objects)) => Ok(objects),
        _ => Err(Failure::Refused("the answer is not of this API".into())),
    }
}

fn client(access: &ServerAccess) -> ApiClient {
    ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone())
}
