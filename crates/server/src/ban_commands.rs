//! `sipwarden ban` for whoever runs the installation, and `sipwarden bans` for tenants, over HTTP.

use crate::api_client::ApiClient;
use crate::ban_cli::{BanCommand, BansOptions};
use crate::failure::Failure;
use crate::operator_commands::table::{Column, table};
use crate::operator_commands::{all_objects, ask, print, segment};
use crate::phones::harmless;
use serde_json::{Value, json};

const COLUMNS: [Column; 6] = [
    ("ID", "id"),
    ("KIND", "kind"),
    ("USERNAME", "username"),
    ("SOURCE", "source"),
    ("SECONDS LEFT", "seconds_left"),
    ("CAUSE", "cause"),
];
/// Most bans of one page.
const PAGE: usize = 1000;

/// All bans.
pub(crate) async fn ban(command: BanCommand) -> Result<(), Failure> {
    match command {
        BanCommand::List { installation } => {
            let json = installation.json;
            show(json, &all_objects(installation, "bans").await?)
        }
        BanCommand::Lift { id, installation } => {
            let json = installation.json;
            ask(installation, "DELETE", (&format!("bans/{}", segment(&id)), None)).await?;
            lifted(json, &id)
        }
    }
}

/// Those of the account's credentials.
pub(crate) async fn bans(BansOptions { lift, access }: BansOptions) -> Result<(), Failure> {
    let client = ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone());
    if let Some(id) = lift {
        client.call("DELETE", &format!("bans/{}", segment(&id)), None).await?.accepted()?;
        return lifted(access.json, &id);
    }
    let mut bans: Vec<Value> = Vec::new();
    loop {
        let path = format!("bans?limit={PAGE}&offset={}", bans.len());
        let mut answer = client.call("GET", &path, None).await?.accepted()?;
        let Some(Value::Array(page)) = answer.get_mut("objects").map(Value::take) else {
            return Err(Failure::Refused("the answer is not of this API".into()));
        };
        let is_last = page.len() < PAGE;
        bans.extend(page);
        if is_last {
            return show(access.json, &bans);
        }
    }
}

fn show(json: bool, bans: &[Value]) -> Result<(), Failure> {
    print(json, &json!({ "bans": bans }), || match bans {
        [] => "Nobody is banned.\n".into(),
        bans => table(&COLUMNS, &bans.iter().map(harmless).collect::<Vec<_>>()),
    })
}

fn lifted(json: bool, id: &str) -> Result<(), Failure> {
    print(json, &json!({ "lifted": id }), || "Lifted: the next attempt is verified.\n".into())
}
