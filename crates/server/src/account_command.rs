//! `sipwarden account …` and `sipwarden realm …`: beside a running server over its control socket, else directly.

use crate::admin::{self, Reply, Request};
use crate::cli::{AccountCommand, Installation, RealmCommand};
use crate::configuration::locate;
use crate::control_socket;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::listening::Listening;
use crate::node::Node;
use crate::patience::{self, Reached};
use provisioning::InstallationOperator;
use serde_json::json;
use std::io::Write as _;

/// How a reply is printed.
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
            let format = if export { Format::Export } else { Format::of(&installation) };
            perform(Request::CreateAccount { name, auth_id, realm, sip_domain }, installation, format).await
        }
        AccountCommand::List { installation } => {
            let format = Format::of(&installation);
            perform(Request::ListAccounts, installation, format).await
        }
    }
}

pub(crate) async fn realm(command: RealmCommand) -> Result<(), Failure> {
    match command {
        RealmCommand::SetPolicy { realm, policy, installation } => {
            let format = Format::of(&installation);
            perform(Request::SetRealmPolicy { realm, policy }, installation, format).await
        }
    }
}

impl Format {
    fn of(installation: &Installation) -> Self {
        if installation.json { Self::Json } else { Self::Text }
    }
}

async fn perform(request: Request, installation: Installation, format: Format) -> Result<(), Failure> {
    let Installation { data_dir, database_url, master_key_file, json: _ } = installation;
    let (data_dir, key_source) = locate(data_dir, database_url.as_deref(), master_key_file)?;
    data_dir.create()?;
    let (reply, url) = match patience::reach(&data_dir).await? {
        Reached::Server(stream) => {
            let reply = control_socket::ask(stream, &data_dir, &request).await?;
            (reply, server_url(&data_dir))
        }
        Reached::Alone(lock) => {
            let node = Node::open_locked(lock, &data_dir, &key_source, provisioning::Config::default(), &Default::default()).await?;
            // Whoever could open the database and key files is the operator.
            let operator = InstallationOperator::admitted_by_file_permissions();
            (admin::execute(&node.provisioning, &operator, request).await, None)
        }
    };
    let text = match (reply, format) {
        (Reply::Refused { problem }, _) => return Err(Failure::Refused(problem)),
        (reply, Format::Json) => to_json(&reply),
        (Reply::AccountCreated { auth_id, auth_token, .. }, Format::Export) => {
            to_shell(url.as_deref(), &auth_id, &auth_token)
        }
        (reply, Format::Text | Format::Export) => to_text(&reply),
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(Failure::Output)
}

/// Where programs of this machine reach the running server.
fn server_url(data_dir: &DataDir) -> Option<String> {
    Listening::read(data_dir)?.local_url()
}

fn to_shell(url: Option<&str>, auth_id: &str, auth_token: &str) -> String {
    let variables = [("URL", url), ("AUTH_ID", Some(auth_id)), ("AUTH_TOKEN", Some(auth_token))];
    let set = variables.iter().filter_map(|(name, value)| Some(format!(" SIPWARDEN_{name}={}", quoted((*value)?))));
    format!("export{}\n", set.collect::<String>())
}

/// The text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_is_one_command_of_quoted_words() {
        assert_eq!(
            to_shell(Some("http://[::1]:1"), "MA_X", "t'k"),
            "export SIPWARDEN_URL='http://[::1]:1' SIPWARDEN_AUTH_ID='MA_X' SIPWARDEN_AUTH_TOKEN='t'\\''k'\n"
        );
        assert_eq!(to_shell(None, "MA_X", "t"), "export SIPWARDEN_AUTH_ID='MA_X' SIPWARDEN_AUTH_TOKEN='t'\n");
    }
}
