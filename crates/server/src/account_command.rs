//! `sipwarden account …` and `sipwarden realm …`: beside a running server over its control socket, else directly.

use crate::admin::{self, Reply, Request};
use crate::cli::{AccountCommand, Installation, RealmCommand};
use crate::configuration::locate;
use crate::control_socket;
use crate::failure::Failure;
use crate::node::Node;
use provisioning::InstallationOperator;
use serde_json::json;
use std::io::Write as _;

pub(crate) async fn account(command: AccountCommand) -> Result<(), Failure> {
    let (request, installation) = match command {
        AccountCommand::Create { name, auth_id, realm, sip_domain, installation } => {
            (Request::CreateAccount { name, auth_id, realm, sip_domain }, installation)
        }
        AccountCommand::List { installation } => (Request::ListAccounts, installation),
    };
    perform(request, installation).await
}

pub(crate) async fn realm(command: RealmCommand) -> Result<(), Failure> {
    match command {
        RealmCommand::SetPolicy { realm, policy, installation } => {
            perform(Request::SetRealmPolicy { realm, policy }, installation).await
        }
    }
}

async fn perform(request: Request, installation: Installation) -> Result<(), Failure> {
    let Installation { data_dir, database_url, master_key_file, json } = installation;
    let (data_dir, key_source) = locate(data_dir, database_url.as_deref(), master_key_file)?;
    let reply = match control_socket::ask(&data_dir, &request).await? {
        Some(reply) => reply,
        None => {
            let node = Node::open(&data_dir, &key_source, provisioning::Config::default(), &Default::default()).await?;
            // Whoever could open the database and key files is the operator.
            admin::execute(&node.provisioning, &InstallationOperator::admitted_by_file_permissions(), request).await
        }
    };
    let text = match reply {
        Reply::Refused { problem } => return Err(Failure::Refused(problem)),
        reply if json => to_json(&reply),
        reply => to_text(&reply),
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(Failure::Output)
}

fn to_json(reply: &Reply) -> String {
    let value = match reply {
        Reply::AccountCreated { auth_id, auth_token, realm, sip_domain } => {
            json!({ "auth_id": auth_id, "auth_token": auth_token, "realm": realm, "sip_domain": sip_domain })
        }
        Reply::Accounts { accounts } => json!({ "accounts": accounts }),
        Reply::RealmPolicySet => json!({ "changed": true }),
        Reply::Refused { problem } => json!({ "error": problem }),
    };
    format!("{value}\n")
}

fn to_text(reply: &Reply) -> String {
    match reply {
        Reply::AccountCreated { auth_id, auth_token, realm, sip_domain } => format!(
            "Account created. The token is shown this once.\n\n  \
             Auth ID      {auth_id}\n  Auth token   {auth_token}\n  Realm        {realm}\n  SIP domain   {sip_domain}\n\n\
             Create a credential with\n\n  \
             curl -X POST http://127.0.0.1:8080/api/v1/Account/{auth_id}/credentials \\\n    \
             -H 'X-Auth-ID: {auth_id}' -H 'X-Auth-Token: {auth_token}' \\\n    \
             -H 'Content-Type: application/json' \\\n    \
             -d '{{\"username\": \"alice\", \"password\": \"SecurePassword123!\"}}'\n"
        ),
        Reply::Accounts { accounts } if accounts.is_empty() => {
            "There are no accounts; create one with `sipwarden account create --name NAME`.\n".into()
        }
        Reply::Accounts { accounts } => {
            let row = |cells: [&str; 5]| {
                format!("{:<16} {:<24} {:<36} {:<36} {}\n", cells[0], cells[1], cells[2], cells[3], cells[4])
            };
            let heading = row(["AUTH ID", "NAME", "REALM", "SIP DOMAIN", "POLICY"]);
            let rows = accounts.iter().map(|account| {
                row([&account.auth_id, &account.name, &account.realm, &account.sip_domain, &account.challenge_policy])
            });
            std::iter::once(heading).chain(rows).collect()
        }
        Reply::RealmPolicySet => "The realm's challenges offer that from now on.\n".into(),
        Reply::Refused { problem } => format!("{problem}\n"),
    }
}
