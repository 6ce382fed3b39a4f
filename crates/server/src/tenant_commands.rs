//! `sipwarden token …` and `sipwarden sub-account …`: over HTTP, with an account's own token.

use crate::api_client::ApiClient;
use crate::cli::ServerAccess;
use crate::failure::Failure;
use crate::operator_commands::account_token::COLUMNS as TOKEN_COLUMNS;
use crate::operator_commands::table::{Column, table};
use crate::operator_commands::{print, segment, text};
use crate::tenant_cli::{SubAccountCommand, TokenCommand};
use serde_json::{Value, json};

/// Most tokens of one page: more than an account may have.
const TOKENS: &str = "tokens?limit=1000";
/// Most sub-accounts of one page.
const PAGE_SIZE: usize = 100;
const SUB_ACCOUNT_COLUMNS: [Column; 4] =
    [("AUTH ID", "auth_id"), ("NAME", "name"), ("ENABLED", "enabled"), ("CREATED", "created_at")];

pub(crate) async fn token(command: TokenCommand) -> Result<(), Failure> {
    match command {
        TokenCommand::Create { new, access } => {
            let created = client(&access).call("POST", "tokens", Some(new.into_body())).await?.accepted()?;
            print(access.json, &created, || {
                format!("Token made. It is shown this once.\n\n  Auth token   {}\n", text(&created, "auth_token"))
            })
        }
        TokenCommand::List { access } => {
            let listed = client(&access).call("GET", TOKENS, None).await?.accepted()?;
            let tokens = listed.get("objects").and_then(Value::as_array).cloned().unwrap_or_default();
            print(access.json, &json!({ "tokens": tokens }), || table(&TOKEN_COLUMNS, &tokens))
        }
        TokenCommand::Revoke { token_id, access } => {
            let path = format!("tokens/{}", segment(&token_id));
            client(&access).call("DELETE", &path, None).await?.accepted()?;
            print(access.json, &json!({ "revoked": token_id }), || "No request is admitted with it any more.\n".into())
        }
    }
}

pub(crate) async fn sub_account(command: SubAccountCommand) -> Result<(), Failure> {
    match command {
        SubAccountCommand::Create { name, access } => {
            let created = call(&access, "POST", ("", Some(json!({ "name": name })))).await?;
            print(access.json, &created, || {
                let credentials = created.get("auth_credentials").unwrap_or(&Value::Null);
                format!(
                    "Sub-account created. The token is shown this once.\n\n  Auth ID      {}\n  Auth token   {}\n",
                    text(credentials, "auth_id"),
                    text(credentials, "auth_token")
                )
            })
        }
        SubAccountCommand::List { access } => list(&access).await,
        SubAccountCommand::Show { sub_auth_id, access } => {
            let shown = call(&access, "GET", (&sub_auth_id, None)).await?;
            print(access.json, &shown, || table(&SUB_ACCOUNT_COLUMNS, std::slice::from_ref(&shown)))
        }
        SubAccountCommand::Disable { sub_auth_id, access } => {
            let updated = call(&access, "PUT", (&sub_auth_id, Some(json!({ "enabled": false })))).await?;
            print(access.json, &updated, || {
                "Sub-account disabled: no token and no phone of it is admitted any more.\n".into()
            })
        }
        SubAccountCommand::Enable { sub_auth_id, access } => {
            let updated = call(&access, "PUT", (&sub_auth_id, Some(json!({ "enabled": true })))).await?;
            print(access.json, &updated, || "Sub-account enabled: its phones register again by themselves.\n".into())
        }
        SubAccountCommand::Delete { sub_auth_id, yes, access } => {
            if !yes {
                return Err(Failure::Refused(format!(
                    "deleting {sub_auth_id} deletes its credentials, registrations and tokens; add --yes to do so, or \
                     use `sipwarden sub-account disable {sub_auth_id}`"
                )));
            }
            let deleted = call(&access, "DELETE", (&sub_auth_id, None)).await?;
            print(access.json, &deleted, || format!("Sub-account {sub_auth_id} is deleted.\n"))
        }
    }
}

async fn list(access: &ServerAccess) -> Result<(), Failure> {
    let client = client(access);
    let mut objects: Vec<Value> = Vec::new();
    for page in 1.. {
        let path = format!("accounts/{}/sub-accounts/?page={page}&size={PAGE_SIZE}", segment(&access.auth_id));
        let answer = client.call_api("GET", &path, None).await?.accepted()?;
        let found = answer.get("sub_accounts").and_then(Value::as_array).cloned().unwrap_or_default();
        let last = found.len() < PAGE_SIZE;
        objects.extend(found);
        if last {
            break;
        }
    }
    print(access.json, &json!({ "sub_accounts": objects }), || match objects.as_slice() {
        [] => "There are none; create one with `sipwarden sub-account create --name NAME`.\n".into(),
        objects => table(&SUB_ACCOUNT_COLUMNS, objects),
    })
}

/// One request about the sub-accounts, or the one of that auth id.
async fn call(
    access: &ServerAccess,
    method: &str,
    (sub_auth_id, body): (&str, Option<Value>),
) -> Result<Value, Failure> {
    let parent = segment(&access.auth_id);
    let path = match sub_auth_id {
        "" => format!("accounts/{parent}/sub-accounts/"),
        sub_auth_id => format!("accounts/{parent}/sub-accounts/{}/", segment(sub_auth_id)),
    };
    client(access).call_api(method, &path, body).await?.accepted()
}

fn client(access: &ServerAccess) -> ApiClient {
    ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone())
}
