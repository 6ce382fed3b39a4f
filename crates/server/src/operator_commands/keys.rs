//! `sipwarden keys …`

use super::{print, text};
use crate::cli::Installation;
use crate::failure::Failure;
use crate::operator_cli::KeysCommand;
use crate::operator_client::{Ask, OperatorClient};
use serde_json::Value;
use std::io::{IsTerminal as _, Write as _};

pub(crate) async fn keys(command: KeysCommand) -> Result<(), Failure> {
    match command {
        KeysCommand::Rotate { installation } => rotate(installation).await,
    }
}

async fn rotate(installation: Installation) -> Result<(), Failure> {
    let json = installation.json;
    let mut client = OperatorClient::reach(installation).await?;
    let ask = Ask { method: "POST", path: "keys/rotate", body: None };
    let mut answer = client.send(ask).await?.accepted().await?;
    let mut received: Vec<u8> = Vec::new();
    let mut last = Value::Null;
    while let Some(part) = answer.next().await? {
        received.extend_from_slice(&part);
        while let Some(end) = received.iter().position(|octet| *octet == b'\n') {
            let line: Vec<u8> = received.drain(..=end).collect();
            last = serde_json::from_slice(&line).unwrap_or(Value::Null);
            show_progress(&last);
        }
    }
    client.close().await;
    if let Some(error) = last.get("error").and_then(Value::as_str) {
        return Err(Failure::Refused(error.to_owned()));
    }
    let rotated = last.get("rotated").ok_or_else(|| {
        Failure::Refused("the rotation was interrupted; run `sipwarden keys rotate` again to finish it".into())
    })?;
    print(json, rotated, || described(rotated))
}

/// On one line that is written again and again, for whoever watches.
fn show_progress(line: &Value) {
    let mut stderr = std::io::stderr();
    if !stderr.is_terminal() {
        return;
    }
    let number = |field: &str| line.pointer(&format!("/progress/{field}")).and_then(Value::as_u64).unwrap_or(0);
    // A terminal that is gone misses nothing.
    let _ = match line.get("progress") {
        Some(_) => write!(stderr, "\rPass {}: {} of {} credentials", number("pass"), number("done"), number("total")),
        None => writeln!(stderr),
    };
}

fn described(rotated: &Value) -> String {
    let number = |field: &str| rotated.get(field).and_then(Value::as_u64).unwrap_or(0);
    let done = format!(
        "The master key is rotated: {} credentials, {} passwords of origination URIs, {} secrets of \
         webhooks and {} remembered answers are sealed anew.\n",
        number("credentials"),
        number("upstream_secrets"),
        number("webhook_secrets"),
        number("answers")
    );
    let ids: Vec<String> =
        rotated.get("old_key_ids").and_then(Value::as_array).into_iter().flatten().map(Value::to_string).collect();
    let ids = ids.join(", ");
    let next = match text(rotated, "old_keys") {
        "dropped" => format!(
            "The old key ({ids}) is gone from the key file. Copy the key file anew; keep the old copy only as long as \
             backups of before.\n"
        ),
        "may_be_removed" if ids.is_empty() => {
            "The keys come from elsewhere, with one key: put a new one first there, restart, and rotate again.\n".into()
        }
        "may_be_removed" => {
            format!("Nothing needs the old keys ({ids}) any more; take them out of where keys come from.\n")
        }
        _ => format!(
            "{} credentials, {} passwords of origination URIs and {} secrets of webhooks do not open with any key and \
             were left alone, so the old keys ({ids}) stay; set or rotate new ones for them or delete them, and rotate \
             again. The first credentials: {}\n",
            number("not_opened"),
            number("upstream_secrets_not_opened"),
            number("webhook_secrets_not_opened"),
            rotated.get("not_opened_ids").unwrap_or(&Value::Null)
        ),
    };
    done + &next
}
