//! `sipwarden account token …`

use super::account::path;
use super::table::table;
use super::{all_objects, ask, given, print, segment, text};
use crate::failure::Failure;
use crate::operator_cli::{AccountTokenCommand, NewToken};
use serde_json::{Value, json};

/// What a list of an account's tokens shows.
pub(crate) const COLUMNS: [super::table::Column; 6] = [
    ("ID", "id"),
    ("LABEL", "label"),
    ("SCOPE", "scope"),
    ("CREATED", "created_at"),
    ("EXPIRES", "expires_at"),
    ("LAST USED", "last_used_at"),
];

pub(super) async fn account_token(command: AccountTokenCommand) -> Result<(), Failure> {
    match command {
        AccountTokenCommand::Create { auth_id, new, installation } => {
            let json = installation.json;
            let tokens = format!("{}/tokens", path(&auth_id));
            let created = ask(installation, "POST", (&tokens, Some(new.into_body()))).await?;
            print(json, &created, || {
                format!(
                    "Token made. It is shown this once.\n\n  Auth ID      {auth_id}\n  Auth token   {}\n",
                    text(&created, "auth_token")
                )
            })
        }
        AccountTokenCommand::List { auth_id, installation } => {
            let json = installation.json;
            let tokens = all_objects(installation, &format!("{}/tokens", path(&auth_id))).await?;
            print(json, &json!({ "tokens": tokens }), || match tokens.as_slice() {
                [] => format!(
                    "It has no tokens; make one with `sipwarden account token create {auth_id} --label LABEL`.\n"
                ),
                tokens => table(&COLUMNS, tokens),
            })
        }
        AccountTokenCommand::Revoke { auth_id, token_id, installation } => {
            let json = installation.json;
            let token = format!("{}/tokens/{}", path(&auth_id), segment(&token_id));
            ask(installation, "DELETE", (&token, None)).await?;
            print(json, &json!({ "revoked": token_id }), || "No request is admitted with it any more.\n".into())
        }
    }
}

impl NewToken {
    /// As both APIs take it.
    pub(crate) fn into_body(self) -> Value {
        let fields = [("label", Some(self.label)), ("scope", Some(self.scope)), ("expires_at", self.expires_at)];
        Value::Object(given(fields))
    }
}
