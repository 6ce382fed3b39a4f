//! The command line of the account's webhook, over HTTP.

use crate::cli::ServerAccess;
use crate::operator_cli::Switch;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Show the webhook, and how its messages fare
    Show {
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Say where the account is told what happens to its calls and phones; the secret is shown when there was no webhook before
    Set {
        /// Where: http or https
        #[arg(value_name = "WEBHOOK-URL", required_unless_present = "no_url")]
        receiver: Option<String>,
        /// No URL of the account's own: a secret alone, for the URLs of trunks
        #[arg(long, conflicts_with = "receiver")]
        no_url: bool,
        /// An event to tell: call.ringing, call.answered, call.ended, auth.refused or auth.banned; may be given several
        /// times [default: those of calls at first, then as before]
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<String>,
        /// Whether anything is told [default: yes at first, then as before]
        #[arg(long)]
        enabled: Option<Switch>,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Delete the webhook with its secret: nothing more is told
    Delete {
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Make a new secret and show it this once; the one of before goes on signing for a day
    RotateSecret {
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Send a test message and say what came back; exit 0 only if it was taken
    Test {
        #[command(flatten)]
        access: ServerAccess,
    },
}
