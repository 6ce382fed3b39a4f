//! A curl command for an operation, to be pasted into a shell as it stands.

use super::schema;
use serde_json::Value;

/// The environment variables of the command line client, which the commands use too.
pub(super) const SETUP: &str = "export SIPWARDEN_URL=http://127.0.0.1:8080\n\
    export SIPWARDEN_AUTH_ID=MA_XXXXXXXX\n\
    export SIPWARDEN_AUTH_TOKEN=...\n";

/// The command for an operation of the document.
pub(super) fn command(document: &Value, (path, method): (&str, &str), operation: &Value) -> String {
    let method = method.to_uppercase();
    let request = if method == "GET" { String::new() } else { format!("-X {method} ") };
    let path = path.replace("{auth_id}", "$SIPWARDEN_AUTH_ID").replace('{', "$").replace('}', "");
    let path = path.split_inclusive('/').map(variables_in_capitals).collect::<String>();
    let mut lines = vec![format!("curl {request}\"$SIPWARDEN_URL{path}\"")];
    let needs = |scheme: &str| operation.pointer("/security/0").is_some_and(|schemes| schemes.get(scheme).is_some());
    if needs("OperatorToken") {
        lines.push("-H \"Authorization: Bearer $SIPWARDEN_OPERATOR_TOKEN\"".into());
    }
    if needs("AuthToken") {
        lines.push("-H \"X-Auth-ID: $SIPWARDEN_AUTH_ID\"".into());
        lines.push("-H \"X-Auth-Token: $SIPWARDEN_AUTH_TOKEN\"".into());
    }
    if let Some(body) = operation.pointer("/requestBody/content/application~1json") {
        lines.push("-H 'Content-Type: application/json'".into());
        let example = body.get("example").cloned().unwrap_or_else(|| schema::example(document, schema::of(body)));
        lines.push(format!("-d '{}'", quoted(&example.to_string())));
    }
    if let Some(body) = operation.pointer("/requestBody/content/application~1x-ndjson") {
        lines.push("-H 'Content-Type: application/x-ndjson'".into());
        let example = body.get("example").and_then(Value::as_str).unwrap_or_default();
        lines.push(format!("--data-binary '{}'", quoted(example.trim_end())));
    }
    lines.join(" \\\n  ")
}

/// A text between single quotes of a shell.
fn quoted(text: &str) -> String {
    text.replace('\'', "'\\''")
}

fn variables_in_capitals(segment: &str) -> String {
    if segment.starts_with('$') { segment.to_uppercase() } else { segment.to_owned() }
}
