//! `sipwarden account host …`

use super::account::path;
use super::{ask, print, segment};
use crate::failure::Failure;
use crate::operator_cli::HostCommand;
use serde_json::{Value, json};

pub(super) async fn host(command: HostCommand) -> Result<(), Failure> {
    match command {
        HostCommand::List { auth_id, installation } => {
            let json = installation.json;
            let hosts = ask(installation, "GET", (&format!("{}/hosts", path(&auth_id)), None)).await?;
            print(json, &hosts, || listed(&hosts))
        }
        HostCommand::Add { auth_id, host, installation } => {
            let json = installation.json;
            let body = Some(json!({ "host": host }));
            let hosts = ask(installation, "POST", (&format!("{}/hosts", path(&auth_id)), body)).await?;
            print(json, &hosts, || format!("Phones may use any of these as their domain:\n\n{}", listed(&hosts)))
        }
        HostCommand::Remove { auth_id, host, installation } => {
            let json = installation.json;
            ask(installation, "DELETE", (&format!("{}/hosts/{}", path(&auth_id), segment(&host)), None)).await?;
            print(json, &json!({ "removed": host }), || {
                format!("{host} leads to {auth_id} no more; give phones that use it another of its host names.\n")
            })
        }
    }
}

fn listed(answer: &Value) -> String {
    let hosts = answer.get("hosts").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    hosts.map(|host| format!("{host}\n")).collect()
}
