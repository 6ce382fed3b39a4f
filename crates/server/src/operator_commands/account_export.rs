//! `sipwarden account export`

use super::account::path;
use crate::cli::Installation;
use crate::failure::Failure;
use crate::operator_client::{Ask, OperatorClient};
use serde_json::Value;
use std::io::Write;

/// Credentials asked for at once, the most that one answer has.
const PAGE: usize = 1000;

/// Writes a line for each credential, as pages come.
pub(super) async fn export(installation: Installation, auth_id: &str) -> Result<(), Failure> {
    let mut client = OperatorClient::reach(installation).await?;
    let mut output = std::io::stdout().lock();
    let mut after = String::new();
    loop {
        let page = format!("{}/sealed-credentials?limit={PAGE}{after}", path(auth_id));
        let mut answer = client.ask(Ask { method: "GET", path: &page, body: None }).await?;
        let Some(Value::Array(objects)) = answer.get_mut("objects").map(Value::take) else {
            return Err(Failure::Refused("the answer is not of this API".into()));
        };
        for object in objects {
            writeln!(output, "{object}").map_err(Failure::Output)?;
        }
        match answer.get("next").and_then(Value::as_u64) {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    client.close().await;
    output.flush().map_err(Failure::Output)
}
