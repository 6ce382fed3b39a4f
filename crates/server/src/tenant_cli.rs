//! The command line of an account's own tokens and sub-accounts, over HTTP.

use crate::cli::{Installation, ServerAccess};
use crate::operator_cli::NewToken;
use clap::{Args, Subcommand};

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
pub(crate) enum NumberCommand {
    /// List the account's numbers
    List {
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Assign a number to a trunk: calls to it come over that trunk
    Assign {
        /// The number, as in +4930123456
        e164: String,
        /// The trunk's id
        trunk_id: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Take a number from its trunk
    Unassign {
        /// The number
        e164: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Say where calls to a number go
    Target {
        /// The number
        e164: String,
        #[command(flatten)]
        target: NumberTarget,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Allocate a number to an account (for whoever runs the installation)
    Allocate {
        /// The number, as in +4930123456
        e164: String,
        /// The account's auth id
        auth_id: String,
        #[command(flatten)]
        installation: Installation,
    },
    /// Take a number back from its account (for whoever runs the installation)
    Release {
        /// The number
        e164: String,
        #[command(flatten)]
        installation: Installation,
    },
}

/// Where calls to a number go.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct NumberTarget {
    /// Where its trunk sends inbound calls
    #[arg(long)]
    pub(crate) trunk: bool,
    /// To the registered phones of this username
    #[arg(long)]
    pub(crate) username: Option<String>,
    /// To the origination URI of this id
    #[arg(long, value_name = "ID")]
    pub(crate) origination_uri: Option<String>,
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

/// Who is online, and which of them; or what to do with them.
#[derive(Debug, Args)]
pub(crate) struct PhonesOptions {
    #[command(subcommand)]
    pub(crate) command: Option<PhonesCommand>,
    #[command(flatten)]
    pub(crate) filter: PhonesFilter,
    // Not needed where a subcommand has its own.
    #[command(flatten)]
    pub(crate) access: Option<ServerAccess>,
}

/// Which phones to show.
#[derive(Debug, Args)]
pub(crate) struct PhonesFilter {
    /// Only those of the credential of this username
    #[arg(long, value_name = "USERNAME")]
    pub(crate) username: Option<String>,
    /// Only those over this transport: udp, tcp, tls, ws or wss
    #[arg(long, value_name = "TRANSPORT")]
    pub(crate) transport: Option<String>,
    /// Only those from this IP address
    #[arg(long, value_name = "ADDR")]
    pub(crate) source: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PhonesCommand {
    /// End a credential's registrations and close their connections; its phones may register again
    Remove {
        /// The credential's id or username
        credential: String,
        /// Only this registration, by its id as `phones --json` shows it
        #[arg(long, value_name = "ID")]
        registration: Option<String>,
        #[command(flatten)]
        access: ServerAccess,
    },
}
