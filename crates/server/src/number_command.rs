//! `sipwarden number …`: over HTTP with an account's own token, or over the operator API to allocate and release.

use crate::api_client::ApiClient;
use crate::cli::ServerAccess;
use crate::failure::Failure;
use crate::operator_commands::table::{Column, table};
use crate::operator_commands::{ask, print, segment, text};
use crate::tenant_cli::{NumberCommand, NumberTarget};
use serde_json::{Value, json};

const COLUMNS: [Column; 5] = [
    ("NUMBER", "e164"),
    ("TRUNK", "trunk_id"),
    ("TARGET", "target"),
    ("USERNAME", "target_username"),
    ("ORIGINATION URI", "target_origination_uri"),
];
/// Most numbers of one page.
const PAGE_SIZE: usize = 1000;

pub(crate) async fn run(command: NumberCommand) -> Result<(), Failure> {
    match command {
        NumberCommand::List { access } => list(&access).await,
        NumberCommand::Assign { e164, trunk_id, access } => {
            let (path, body) = (format!("{}/assign", path(&e164)), json!({ "trunk_group_id": trunk_id }));
            let number = client(&access).call("POST", &path, Some(body)).await?.accepted()?;
            print(access.json, &number, || format!("Calls to {e164} come over trunk {}.\n", text(&number, "trunk_id")))
        }
        NumberCommand::Unassign { e164, access } => {
            client(&access).call("DELETE", &format!("{}/assign", path(&e164)), None).await?.accepted()?;
            print(access.json, &json!({ "unassigned": e164 }), || format!("{e164} has no trunk any more.\n"))
        }
        NumberCommand::Target { e164, target, access } => {
            let number = client(&access).call("PUT", &path(&e164), Some(body(target))).await?.accepted()?;
            print(access.json, &number, || table(&COLUMNS, std::slice::from_ref(&number)))
        }
        NumberCommand::Allocate { e164, auth_id, installation } => {
            let (json, body) = (installation.json, Some(json!({ "e164": e164 })));
            let path = format!("accounts/{}/numbers", segment(&auth_id));
            let number = ask(installation, "POST", (&path, body)).await?;
            print(json, &number, || {
                format!("{e164} is {auth_id}'s; it assigns it to a trunk with `sipwarden number assign`.\n")
            })
        }
        NumberCommand::Release { e164, installation } => {
            let json = installation.json;
            ask(installation, "DELETE", (&path(&e164), None)).await?;
            print(json, &json!({ "released": e164 }), || format!("{e164} is nobody's.\n"))
        }
    }
}

async fn list(access: &ServerAccess) -> Result<(), Failure> {
    let client = client(access);
    let mut numbers: Vec<Value> = Vec::new();
    loop {
        let path = format!("numbers?limit={PAGE_SIZE}&offset={}", numbers.len());
        let page = client.call("GET", &path, None).await?.accepted()?;
        let found = page.get("objects").and_then(Value::as_array).cloned().unwrap_or_default();
        let last = found.len() < PAGE_SIZE;
        numbers.extend(found);
        if last {
            break;
        }
    }
    print(access.json, &json!({ "numbers": numbers }), || match numbers.as_slice() {
        [] => "There are none; the operator allocates them with `sipwarden number allocate`.\n".into(),
        numbers => table(&COLUMNS, numbers),
    })
}

fn body(target: NumberTarget) -> Value {
    match (target.username, target.origination_uri) {
        (Some(username), _) => json!({ "target": "username", "target_username": username }),
        (None, Some(id)) => json!({ "target": "origination_uri", "target_origination_uri": id }),
        (None, None) => json!({ "target": "trunk" }),
    }
}

fn path(e164: &str) -> String {
    format!("numbers/{}", segment(e164))
}

fn client(access: &ServerAccess) -> ApiClient {
    ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone())
}
