//! `sipwarden settings …`: over HTTP, with an account's own token.

use crate::api_client::ApiClient;
use crate::cli::ServerAccess;
use crate::failure::Failure;
use crate::operator_commands::print;
use clap::Subcommand;
use serde_json::{Map, Value, json};

const PATH: &str = "settings";

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Show the account's settings
    Show {
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Change the account's settings; what is not given stays
    Set {
        /// How many days authentication events are kept, 1 to 3650
        #[arg(long, value_name = "DAYS")]
        event_retention_days: Option<u16>,
        /// The lowest score, as zxcvbn counts, of passwords that are set from now on: 0 (any) to 4
        #[arg(long, value_name = "SCORE")]
        minimum_password_score: Option<u8>,
        /// A network, such as 203.0.113.0/24, whose wrong answers count towards no ban; may be repeated, replaces the
        /// whole list
        #[arg(long, value_name = "CIDR", value_delimiter = ',', conflicts_with = "ban_anybody")]
        never_ban: Vec<String>,
        /// End all exemptions from bans
        #[arg(long)]
        ban_anybody: bool,
        #[command(flatten)]
        access: ServerAccess,
    },
}

pub(crate) async fn run(command: SettingsCommand) -> Result<(), Failure> {
    match command {
        SettingsCommand::Show { access } => ask(&access, "GET", None).await,
        SettingsCommand::Set { event_retention_days, minimum_password_score, never_ban, ban_anybody, access } => {
            let mut body = Map::new();
            body.extend(event_retention_days.map(|days| ("event_retention_days".to_owned(), json!(days))));
            body.extend(minimum_password_score.map(|score| ("minimum_password_score".to_owned(), json!(score))));
            if ban_anybody || !never_ban.is_empty() {
                body.insert("never_ban".into(), json!(never_ban));
            }
            if body.is_empty() {
                return Err(Failure::Refused(
                    "nothing to change; give --event-retention-days, --minimum-password-score, --never-ban or --ban-anybody"
                        .into(),
                ));
            }
            ask(&access, "PUT", Some(Value::Object(body))).await
        }
    }
}

async fn ask(access: &ServerAccess, method: &str, body: Option<Value>) -> Result<(), Failure> {
    let client = ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone());
    let settings = client.call(method, PATH, body).await?.accepted()?;
    print(access.json, &settings, || described(&settings))
}

/// One line a setting.
fn described(settings: &Value) -> String {
    let lines = settings.as_object().into_iter().flatten();
    lines.map(|(name, value)| format!("  {:<24} {value}\n", name.replace('_', " "))).collect()
}
