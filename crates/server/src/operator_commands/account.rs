//! `sipwarden account …`

use super::table::table;
use super::{account_export, account_token, all_objects, ask, given, host, print, segment, text};
use crate::cli::Installation;
use crate::failure::Failure;
use crate::operator_cli::AccountCommand;
use crate::operator_client::{Ask, OperatorClient};
use serde_json::{Map, Value, json};
use std::io::Write as _;

/// How a created account is printed.
#[derive(Clone, Copy)]
enum Format {
    Text,
    Json,
    /// Shell commands that set what the `credential` commands need.
    Export,
}

pub(crate) async fn account(command: AccountCommand) -> Result<(), Failure> {
    match command {
        AccountCommand::Create { name, auth_id, realm, sip_domain, export, installation } => {
            let format = match (export, installation.json) {
                (true, _) => Format::Export,
                (false, true) => Format::Json,
                (false, false) => Format::Text,
            };
            let fields = [("name", Some(name)), ("auth_id", auth_id), ("realm", realm), ("sip_domain", sip_domain)];
            create(installation, given(fields), format).await
        }
        AccountCommand::List { installation } => list(installation).await,
        AccountCommand::Export { auth_id, installation } => account_export::export(installation, &auth_id).await,
        AccountCommand::Show { auth_id, installation } => {
            let json = installation.json;
            let shown = ask(installation, "GET", (&path(&auth_id), None)).await?;
            print(json, &shown, || described(&shown))
        }
        AccountCommand::Update { auth_id, changes, installation } => {
            let fields = [
                ("name", changes.name),
                ("email", changes.email),
                ("phone", changes.phone),
                ("description", changes.description),
            ];
            update(installation, &auth_id, (Value::Object(given(fields)), "Account changed.")).await
        }
        AccountCommand::Disable { auth_id, installation } => {
            let said = "Account disabled: no token and no phone of it is admitted any more.";
            update(installation, &auth_id, (json!({ "enabled": false }), said)).await
        }
        AccountCommand::Enable { auth_id, installation } => {
            let said = "Account enabled: its phones register again by themselves.";
            update(installation, &auth_id, (json!({ "enabled": true }), said)).await
        }
        AccountCommand::SetLimits { auth_id, limits, installation } => {
            let mut fields = Map::new();
            fields.extend(limits.concurrent_calls.map(|limit| ("concurrent_calls_limit".to_owned(), limit.into())));
            fields.extend(limits.cps.map(|limit| ("cps_limit".to_owned(), limit.into())));
            update(installation, &auth_id, (Value::Object(fields), "Limits set.")).await
        }
        AccountCommand::Delete { auth_id, yes, installation } => delete(installation, &auth_id, yes).await,
        AccountCommand::Host { command } => host::host(command).await,
        AccountCommand::Token { command } => account_token::account_token(command).await,
    }
}

/// The path of an account.
pub(super) fn path(auth_id: &str) -> String {
    format!("accounts/{}", segment(auth_id))
}

async fn create(installation: Installation, body: Map<String, Value>, format: Format) -> Result<(), Failure> {
    let mut client = OperatorClient::reach(installation).await?;
    let body = Some(Value::Object(body));
    let created = client.ask(Ask { method: "POST", path: "accounts", body }).await?;
    let url = client.server_url();
    client.close().await;
    let printed = match format {
        Format::Json => format!("{created}\n"),
        Format::Export => to_shell(url.as_deref(), &created),
        Format::Text => to_text(url.as_deref(), &created),
    };
    std::io::stdout().write_all(printed.as_bytes()).map_err(Failure::Output)
}

async fn list(installation: Installation) -> Result<(), Failure> {
    let json = installation.json;
    let accounts = all_objects(installation, "accounts").await?;
    let columns = [
        ("AUTH ID", "auth_id"),
        ("NAME", "name"),
        ("PARENT", "parent_auth_id"),
        ("ENABLED", "enabled"),
        ("REALM", "realm"),
        ("SIP DOMAIN", "sip_domain"),
        ("POLICY", "challenge_policy"),
    ];
    print(json, &json!({ "accounts": accounts }), || match accounts.as_slice() {
        [] => "There are no accounts; create one with `sipwarden account create --name NAME`.\n".into(),
        accounts => table(&columns, accounts),
    })
}

async fn update(installation: Installation, auth_id: &str, (body, said): (Value, &str)) -> Result<(), Failure> {
    let json = installation.json;
    let updated = ask(installation, "PUT", (&path(auth_id), Some(body))).await?;
    print(json, &updated, || format!("{said}\n\n{}", described(&updated)))
}

async fn delete(installation: Installation, auth_id: &str, yes: bool) -> Result<(), Failure> {
    if !yes {
        return Err(Failure::Refused(format!(
            "deleting {auth_id} deletes its credentials, registrations, host names and tokens; add --yes to do so, or \
             use `sipwarden account disable {auth_id}`"
        )));
    }
    let json = installation.json;
    ask(installation, "DELETE", (&path(auth_id), None)).await?;
    print(json, &json!({ "deleted": auth_id }), || {
        format!("Account {auth_id} is deleted. Only a backup can bring it back.\n")
    })
}

fn described(account: &Value) -> String {
    let on = if account.get("enabled") == Some(&Value::Bool(true)) { "yes" } else { "no" };
    let number = |field: &str| account.get(field).map(Value::to_string).unwrap_or_default();
    let calls = format!("{} at a time, {} per second", number("concurrent_calls_limit"), number("cps_limit"));
    let mut lines = vec![
        ("Auth ID", text(account, "auth_id")),
        ("Name", text(account, "name")),
        ("Enabled", on),
        ("Realm", text(account, "realm")),
        ("SIP domain", text(account, "sip_domain")),
        ("Policy", text(account, "challenge_policy")),
        ("Calls", calls.as_str()),
        ("Created", text(account, "created_at")),
    ];
    for (name, field) in [
        ("Parent", "parent_auth_id"),
        ("Email", "email"),
        ("Phone", "phone"),
        ("Description", "description"),
        ("Last used", "last_used_at"),
    ] {
        lines.extend(Some(text(account, field)).filter(|text| !text.is_empty()).map(|text| (name, text)));
    }
    lines.into_iter().map(|(name, value)| format!("  {name:<12} {value}\n")).collect()
}

fn to_shell(url: Option<&str>, created: &Value) -> String {
    let variables =
        [("URL", url), ("AUTH_ID", Some(text(created, "auth_id"))), ("AUTH_TOKEN", Some(text(created, "auth_token")))];
    let set = variables.iter().filter_map(|(name, value)| Some(format!(" SIPWARDEN_{name}={}", quoted((*value)?))));
    format!("export{}\n", set.collect::<String>())
}

/// The text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn to_text(url: Option<&str>, created: &Value) -> String {
    let (auth_id, auth_token) = (text(created, "auth_id"), text(created, "auth_token"));
    let (realm, sip_domain) = (text(created, "realm"), text(created, "sip_domain"));
    let url = url.unwrap_or("http://127.0.0.1:8080");
    format!(
        "Account created. The token is shown this once.\n\n  \
         Auth ID      {auth_id}\n  Auth token   {auth_token}\n  Realm        {realm}\n  SIP domain   {sip_domain}\n\n\
         Create a credential with\n\n  \
         curl -X POST {url}/api/v1/Account/{auth_id}/credentials \\\n    \
         -H 'X-Auth-ID: {auth_id}' -H 'X-Auth-Token: {auth_token}' \\\n    \
         -H 'Content-Type: application/json' \\\n    \
         -d '{{\"username\": \"alice\", \"password\": \"SecurePassword123!\"}}'\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_is_one_command_of_quoted_words() {
        let created = json!({ "auth_id": "MA_X", "auth_token": "t'k" });
        assert_eq!(
            to_shell(Some("http://[::1]:1"), &created),
            "export SIPWARDEN_URL='http://[::1]:1' SIPWARDEN_AUTH_ID='MA_X' SIPWARDEN_AUTH_TOKEN='t'\\''k'\n"
        );
        let created = json!({ "auth_id": "MA_X", "auth_token": "t" });
        assert_eq!(to_shell(None, &created), "export SIPWARDEN_AUTH_ID='MA_X' SIPWARDEN_AUTH_TOKEN='t'\n");
    }
}
