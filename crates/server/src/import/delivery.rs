//! Batches to the server, each until it is answered.

use super::batch::Batch;
use super::report::{Fault, Report};
use super::{ImportOptions, OnConflict};
use crate::api_client::{Answer, ApiClient};
use crate::failure::Failure;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long a server that does not answer, or cannot store, is tried again.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long to wait between tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes batches to the server.
pub(super) struct Delivery {
    client: ApiClient,
    path: String,
}

impl Delivery {
    pub(super) fn new(options: &ImportOptions) -> Self {
        let access = &options.access;
        let on_conflict = match options.on_conflict {
            OnConflict::Fail => "fail",
            OnConflict::Skip => "skip",
            OnConflict::Replace => "replace",
        };
        Self {
            client: ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone()),
            path: format!("credentials/import?dry_run={}&on_conflict={on_conflict}", options.dry_run),
        }
    }

    /// Sends a batch and takes down what became of its rows. Sending a batch twice is safe, so it is repeated when there
    /// is no answer.
    pub(super) async fn deliver(&self, batch: Batch, report: &mut Report) -> Result<(), Failure> {
        let begun = Instant::now();
        let answer = loop {
            match self.client.send_rows(&self.path, &batch.body).await {
                // As often as it takes: the server says that it wants to go on later.
                Ok(Answer { status: 429, .. }) => {}
                Ok(Answer { status: 503, .. }) | Err(Failure::NoAnswer { .. }) if begun.elapsed() < PATIENCE => {}
                Ok(answer) => break answer.expect(200)?,
                Err(failure) => return Err(failure),
            }
            tokio::time::sleep(PAUSE).await;
        };
        let rows = answer.get("rows").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if rows.len() != batch.rows.len() {
            return Err(Failure::Refused("the answer is not of this API".into()));
        }
        for ((number, username), row) in batch.rows.iter().zip(rows) {
            take_down((*number, username.as_str()), row, report)?;
        }
        Ok(())
    }
}

fn take_down((row, username): (u64, &str), answered: &Value, report: &mut Report) -> Result<(), Failure> {
    match answered.get("outcome").and_then(Value::as_str) {
        Some("created") => report.created += 1,
        Some("replaced") => report.replaced += 1,
        Some("existed") => report.existed += 1,
        _ => {
            let details = answered.get("details").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
            let first = details.first().cloned().unwrap_or_default();
            let others =
                details.iter().skip(1).map(|other| format!("; {} {}", text(other, "field"), text(other, "problem")));
            let problem = text(&first, "problem") + &others.collect::<String>();
            report.failed(Fault { row, username, field: &text(&first, "field"), problem: &problem })?;
        }
    }
    Ok(())
}
