//! `sipwarden webhook …`: over HTTP, with an account's own token.

use crate::api_client::ApiClient;
use crate::cli::ServerAccess;
use crate::failure::Failure;
use crate::operator_commands::print;
use crate::webhook_cli::WebhookCommand;
use serde_json::{Map, Value, json};

const PATH: &str = "call-webhook";
const SHOWN_ONCE: &str =
    "Messages are signed with this secret, which is not shown again; docs/webhooks.md says how to check them.\n";

pub(crate) async fn run(command: WebhookCommand) -> Result<(), Failure> {
    match command {
        WebhookCommand::Show { access } => {
            let webhook = ask(&access, "GET", PATH, None).await?;
            print(access.json, &webhook, || described(&webhook))
        }
        WebhookCommand::Set { receiver, events, enabled, access, .. } => {
            let mut body = Map::from_iter([("url".to_owned(), json!(receiver))]);
            if !events.is_empty() {
                body.insert("events".into(), json!(events));
            }
            body.extend(enabled.map(|switch| ("enabled".to_owned(), json!(switch.is_on()))));
            let webhook = ask(&access, "PUT", PATH, Some(Value::Object(body))).await?;
            print(access.json, &webhook, || described(&webhook))
        }
        WebhookCommand::Delete { access } => {
            ask(&access, "DELETE", PATH, None).await?;
            print(access.json, &json!({ "deleted": PATH }), || "It is gone, and nothing more is told.\n".into())
        }
        WebhookCommand::RotateSecret { access } => {
            let webhook = ask(&access, "POST", "call-webhook/rotate-secret", None).await?;
            print(access.json, &webhook, || described(&webhook))
        }
        WebhookCommand::Test { access } => test(&access).await,
    }
}

async fn test(access: &ServerAccess) -> Result<(), Failure> {
    let outcome = ask(access, "POST", "call-webhook/test", None).await?;
    let number = |field: &str| outcome.get(field).and_then(Value::as_u64).unwrap_or(0);
    let problem = outcome.get("problem").and_then(Value::as_str);
    print(access.json, &outcome, || match problem {
        Some(_) => String::new(),
        None => format!("Taken: {} after {} ms.\n", number("status"), number("duration_ms")),
    })?;
    let explained =
        |problem| format!("the test message was not taken: {problem}; look at the receiver, or set another URL");
    problem.map_or(Ok(()), |problem| Err(Failure::Refused(explained(problem))))
}

async fn ask(access: &ServerAccess, method: &str, path: &str, body: Option<Value>) -> Result<Value, Failure> {
    let client = ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone());
    client.call(method, path, body).await?.accepted()
}

/// One line a field, those of the deliveries among them; a secret with what becomes of it.
fn described(webhook: &Value) -> String {
    let line = |name: &str, value: &Value| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            Value::Null => "-".to_owned(),
            other => other.to_string(),
        };
        format!("  {name:<28} {text}\n")
    };
    let mut text = String::new();
    for (name, value) in webhook.as_object().into_iter().flatten() {
        match value.as_object() {
            Some(nested) => text.extend(nested.iter().map(|(name, value)| line(name, &failure(value)))),
            None => text.push_str(&line(name, value)),
        }
    }
    let secret = webhook.get("secret").and_then(Value::as_str).unwrap_or_default();
    if secret.starts_with("whsec_") { text + SHOWN_ONCE } else { text }
}

/// A failure as one text; any other value as it is.
fn failure(value: &Value) -> Value {
    let part = |name: &str| value.get(name).and_then(Value::as_str);
    match (part("at"), part("url"), part("problem")) {
        (Some(at), Some(url), Some(problem)) => json!(format!("{at} at {url}: {problem}")),
        _ => value.clone(),
    }
}
