//! The command line of bans.

use crate::cli::{Installation, ServerAccess};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum BanCommand {
    /// List all bans that hold
    List {
        #[command(flatten)]
        installation: Installation,
    },
    /// Lift one
    Lift {
        /// Its id, as the list shows it
        id: String,
        #[command(flatten)]
        installation: Installation,
    },
}

/// Which of the account's bans to show, or which one to lift.
#[derive(Debug, Args)]
pub(crate) struct BansOptions {
    /// Lift this ban, by its id as the list shows it, instead of listing
    #[arg(long, value_name = "ID")]
    pub(crate) lift: Option<String>,
    #[command(flatten)]
    pub(crate) access: ServerAccess,
}
