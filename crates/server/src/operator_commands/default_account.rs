//! `sipwarden default-account …`

use super::{ask, print, text};
use crate::failure::Failure;
use crate::operator_cli::DefaultAccountCommand;
use serde_json::json;

const PATH: &str = "settings/default_account";

pub(crate) async fn default_account(command: DefaultAccountCommand) -> Result<(), Failure> {
    match command {
        DefaultAccountCommand::Show { installation } => {
            let json = installation.json;
            let settings = ask(installation, "GET", ("settings", None)).await?;
            print(json, &settings, || match text(&settings, "default_account") {
                "" => "None is set: phones that use a bare IP address or a foreign name belong to the only account, \
                       if there is only one; set one with `sipwarden default-account set AUTH-ID`.\n"
                    .into(),
                auth_id => format!("{auth_id}\n"),
            })
        }
        DefaultAccountCommand::Set { auth_id, installation } => {
            let json = installation.json;
            ask(installation, "PUT", (PATH, Some(json!({ "auth_id": auth_id })))).await?;
            print(json, &json!({ "default_account": auth_id }), || {
                format!("Phones that use a bare IP address or a foreign name belong to {auth_id} from now on.\n")
            })
        }
        DefaultAccountCommand::Clear { installation } => {
            let json = installation.json;
            ask(installation, "DELETE", (PATH, None)).await?;
            print(json, &json!({ "default_account": null }), || {
                "Phones that use a bare IP address or a foreign name belong to nobody, unless there is only one \
                 account.\n"
                    .into()
            })
        }
    }
}
