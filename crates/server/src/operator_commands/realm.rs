//! `sipwarden realm …`

use super::table::table;
use super::{all_objects, ask, print, segment};
use crate::failure::Failure;
use crate::operator_cli::RealmCommand;
use serde_json::json;

pub(crate) async fn realm(command: RealmCommand) -> Result<(), Failure> {
    match command {
        RealmCommand::List { installation } => {
            let json = installation.json;
            let realms = all_objects(installation, "realms").await?;
            print(json, &json!({ "realms": realms }), || match realms.as_slice() {
                [] => "There are no realms; `sipwarden account create --name NAME` makes one with an account.\n".into(),
                realms => table(&[("REALM", "name"), ("POLICY", "challenge_policy")], realms),
            })
        }
        RealmCommand::SetPolicy { realm, policy, installation } => {
            let json = installation.json;
            let body = Some(json!({ "challenge_policy": policy }));
            ask(installation, "PUT", (&format!("realms/{}", segment(&realm)), body)).await?;
            print(json, &json!({ "changed": true }), || "The realm's challenges offer that from now on.\n".into())
        }
    }
}
