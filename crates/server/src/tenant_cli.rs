//! The command line of an account's own tokens and sub-accounts, over HTTP.

use crate::cli::ServerAccess;
use crate::operator_cli::NewToken;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token; it is shown this once
    Create {
        #[command(flatten)]
        new: NewToken,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// List the account's tokens
    List {
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Revoke a token: no request is admitted with it any more
    Revoke {
        /// Its id, as `list` shows it
        token_id: String,
        #[command(flatten)]
        access: ServerAccess,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SubAccountCommand {
    /// Create a sub-account; prints its token, which is shown this once
    Create {
        /// What people call it
        #[arg(long)]
        name: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// List the account's sub-accounts
    List {
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Show one sub-account
    Show {
        /// Its auth id
        sub_auth_id: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Disable a sub-account: it authenticates nobody any more, and its registrations end
    Disable {
        /// Its auth id
        sub_auth_id: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Enable a sub-account again
    Enable {
        /// Its auth id
        sub_auth_id: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Delete a sub-account with its credentials and registrations
    Delete {
        /// Its auth id
        sub_auth_id: String,
        /// Really delete it
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        access: ServerAccess,
    },
}
