//! The command line of provisioning links.

use crate::cli::ServerAccess;
use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum ProvisionCommand {
    /// Make a link that sets up one phone or app, once; it is shown this once
    Link {
        /// The credential's id or username
        credential: String,
        /// What the device is going to be called, such as "Ann's mobile"
        label: String,
        /// The phone or app; without it, whoever opens the link chooses
        #[arg(long, value_enum)]
        format: Option<Format>,
        /// For how many minutes the link is good, at most 7 days, or 15 minutes with --app
        #[arg(long, default_value_t = 15, value_name = "MINUTES")]
        minutes: u32,
        /// The app fetches it by itself: whoever fetches first has it, so show it to nobody else; needs --format
        #[arg(long, requires = "format")]
        app: bool,
        /// Draw it in the terminal, to be scanned
        #[arg(long)]
        qr: bool,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Show where the account's desk phones fetch their configuration; with --replace, that is elsewhere from now on
    Path {
        /// Serve nothing at the present address any more; phones need the new one
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// List a credential's links that were neither used nor have expired
    Links {
        /// The credential's id or username
        credential: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Take a link back before it is used
    Withdraw {
        /// The credential's id or username
        credential: String,
        /// The link's id, as `links` shows it
        link: String,
        #[command(flatten)]
        access: ServerAccess,
    },
}

/// A phone or app by the form of its configuration.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Linphone,
    Zoiper,
    Acrobits,
    Microsip,
    Yealink,
    Grandstream,
    Polycom,
    Snom,
    Fanvil,
}
