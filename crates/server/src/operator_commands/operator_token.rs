//! `sipwarden operator-token …`

use super::table::table;
use super::{all_objects, ask, given, print, segment, text};
use crate::failure::Failure;
use crate::operator_cli::OperatorTokenCommand;
use serde_json::{Value, json};

const COLUMNS: [super::table::Column; 5] = [
    ("ID", "id"),
    ("LABEL", "label"),
    ("CREATED", "created_at"),
    ("EXPIRES", "expires_at"),
    ("LAST USED", "last_used_at"),
];

pub(crate) async fn operator_token(command: OperatorTokenCommand) -> Result<(), Failure> {
    match command {
        OperatorTokenCommand::Create { label, expires_at, installation } => {
            let json = installation.json;
            let body = Value::Object(given([("label", Some(label)), ("expires_at", expires_at)]));
            let created = ask(installation, "POST", ("operator-tokens", Some(body))).await?;
            print(json, &created, || {
                format!(
                    "Operator token made. It is shown this once, and is as good as the machine itself.\n\n  \
                     {}\n\nUse it with a server that was started with --admin-api:\n\n  \
                     SIPWARDEN_OPERATOR_TOKEN=… sipwarden account list --url https://sip.example.com\n",
                    text(&created, "bearer_token")
                )
            })
        }
        OperatorTokenCommand::List { installation } => {
            let json = installation.json;
            let tokens = all_objects(installation, "operator-tokens").await?;
            print(json, &json!({ "tokens": tokens }), || match tokens.as_slice() {
                [] => "There are none; make one with `sipwarden operator-token create --label LABEL`.\n".into(),
                tokens => table(&COLUMNS, tokens),
            })
        }
        OperatorTokenCommand::Revoke { token_id, installation } => {
            let json = installation.json;
            ask(installation, "DELETE", (&format!("operator-tokens/{}", segment(&token_id)), None)).await?;
            print(json, &json!({ "revoked": token_id }), || "No request is admitted with it any more.\n".into())
        }
    }
}
