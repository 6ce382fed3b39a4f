//! The command line of whoever runs the installation.

use crate::cli::Installation;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Create an account; prints its token, which is shown this once
    Create {
        /// What people call it
        #[arg(long)]
        name: String,
        /// Its public identifier, as in `MA_1A2B3C4D` [default: drawn at random]
        #[arg(long, value_name = "ID")]
        auth_id: Option<String>,
        /// An existing deployment's digest realm [default: {auth id}.{base domain}]
        #[arg(long)]
        realm: Option<String>,
        /// The base domain, where no server has stored one yet [default: sip.localhost]
        #[arg(long, env = "SIPWARDEN_SIP_DOMAIN", value_name = "BASE-DOMAIN")]
        sip_domain: Option<String>,
        /// Print it as shell commands for `eval "$(sipwarden account create --name NAME --export)"`: the `credential`
        /// commands of that shell then use this account, on the running server if there is one
        #[arg(long, conflicts_with = "json")]
        export: bool,
        #[command(flatten)]
        installation: Installation,
    },
    /// List all accounts
    List {
        #[command(flatten)]
        installation: Installation,
    },
    /// Export an account's credentials with their secrets, sealed with the master key, as JSON Lines:
    /// `sipwarden credential import --sealed-with MASTER-KEY` takes them on another installation
    Export {
        /// Its auth id
        auth_id: String,
        #[command(flatten)]
        installation: Installation,
    },
    /// Show one account
    Show {
        /// Its auth id
        auth_id: String,
        #[command(flatten)]
        installation: Installation,
    },
    /// Change an account's name or what is known of whoever it belongs to; an empty text removes what was there
    Update {
        /// Its auth id
        auth_id: String,
        #[command(flatten)]
        changes: AccountChanges,
        #[command(flatten)]
        installation: Installation,
    },
    /// Disable an account: it authenticates nobody any more, over HTTP or SIP, and its registrations end
    Disable {
        /// Its auth id
        auth_id: String,
        #[command(flatten)]
        installation: Installation,
    },
    /// Enable an account again
    Enable {
        /// Its auth id
        auth_id: String,
        #[command(flatten)]
        installation: Installation,
    },
    /// Set how many calls an account may have, over all its trunks
    SetLimits {
        /// Its auth id
        auth_id: String,
        #[command(flatten)]
        limits: CallLimits,
        #[command(flatten)]
        installation: Installation,
    },
    /// Delete an account with its credentials, registrations, host names and tokens
    Delete {
        /// Its auth id
        auth_id: String,
        /// Really delete it
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        installation: Installation,
    },
    /// Say which host names lead to an account
    Host {
        #[command(subcommand)]
        command: HostCommand,
    },
    /// Manage an account's API tokens, such as for a customer who has lost the last one
    Token {
        #[command(subcommand)]
        command: AccountTokenCommand,
    },
}

/// How many calls are allowed.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct CallLimits {
    /// At the same time; 0 allows none
    #[arg(long, value_name = "N")]
    pub(crate) concurrent_calls: Option<u32>,
    /// That begin within any second; 0 allows none
    #[arg(long, value_name = "N")]
    pub(crate) cps: Option<u32>,
}

/// What to change about an account.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct AccountChanges {
    /// What people call it
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// An address for people to write to
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// A number for people to call
    #[arg(long)]
    pub(crate) phone: Option<String>,
    /// A note
    #[arg(long)]
    pub(crate) description: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HostCommand {
    /// List the host names that lead to an account
    List {
        /// The account's auth id
        auth_id: String,
        #[command(flatten)]
        installation: Installation,
    },
    /// Let a host name lead to an account: phones that address it belong to the account
    Add {
        /// The account's auth id
        auth_id: String,
        /// The name, not below the base domain
        host: String,
        #[command(flatten)]
        installation: Installation,
    },
    /// Take a host name away from an account
    Remove {
        /// The account's auth id
        auth_id: String,
        /// The name
        host: String,
        #[command(flatten)]
        installation: Installation,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountTokenCommand {
    /// Make a token for an account; it is shown this once
    Create {
        /// The account's auth id
        auth_id: String,
        #[command(flatten)]
        new: NewToken,
        #[command(flatten)]
        installation: Installation,
    },
    /// List an account's tokens
    List {
        /// The account's auth id
        auth_id: String,
        #[command(flatten)]
        installation: Installation,
    },
    /// Revoke a token of an account: no request is admitted with it any more
    Revoke {
        /// The account's auth id
        auth_id: String,
        /// The token's id, as `list` shows it
        token_id: String,
        #[command(flatten)]
        installation: Installation,
    },
}

/// What is said of a new API token.
#[derive(Debug, Args)]
pub(crate) struct NewToken {
    /// What people call it
    #[arg(long)]
    pub(crate) label: String,
    /// What its requests may do
    #[arg(long, default_value = "all", value_parser = ["all", "read_only", "credentials_only"])]
    pub(crate) scope: String,
    /// From when on it authenticates nobody, as in 2030-01-01T00:00:00Z [default: never]
    #[arg(long, value_name = "MOMENT")]
    pub(crate) expires_at: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RealmCommand {
    /// List all realms
    List {
        #[command(flatten)]
        installation: Installation,
    },
    /// Set which digest algorithms a realm's challenges offer
    SetPolicy {
        /// The realm, as `realm list` shows it
        realm: String,
        /// compatible: SHA-256 where the phone is known to do it, else MD5; sha256: SHA-256 only; rfc8760: all
        #[arg(value_parser = ["compatible", "sha256", "rfc8760"])]
        policy: String,
        #[command(flatten)]
        installation: Installation,
    },
    /// Set what a realm's challenges offer and which answers it accepts
    Set {
        /// The realm, as `realm list` shows it
        realm: String,
        #[command(flatten)]
        settings: RealmSettings,
        #[command(flatten)]
        installation: Installation,
    },
    /// Show which of a realm's credentials still use MD5
    Algorithms {
        /// The realm, as `realm list` shows it
        realm: String,
        #[command(flatten)]
        options: ReportOptions,
        #[command(flatten)]
        installation: Installation,
    },
    /// Show who still uses MD5 and, with --yes, retire it: SHA-256 only from then on, and no HA1 under MD5 is kept
    RetireMd5 {
        /// The realm, as `realm list` shows it
        realm: String,
        /// Really retire it
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        installation: Installation,
    },
}

/// What to change about a realm.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct RealmSettings {
    /// compatible: SHA-256 where the phone is known to do it, else MD5; sha256: SHA-256 only; rfc8760: all
    #[arg(long, value_parser = ["compatible", "sha256", "rfc8760"])]
    pub(crate) policy: Option<String>,
    /// Whether challenges offer qop=auth-int, which protects bodies too, and answers with it are accepted
    #[arg(long)]
    pub(crate) auth_int: Option<Switch>,
    /// Whether answers without qop, as of RFC 2069, are accepted
    #[arg(long)]
    pub(crate) without_qop: Option<Switch>,
}

/// A setting of two states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

impl Switch {
    /// Whether it is on.
    pub(crate) const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

/// How a report of algorithms is printed, and what it covers.
#[derive(Debug, Args)]
pub(crate) struct ReportOptions {
    /// How many days count, today included (UTC)
    #[arg(long, default_value_t = Self::DEFAULT_DAYS, value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub(crate) days: u16,
    /// Print CSV instead of text
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}

impl ReportOptions {
    pub(crate) const DEFAULT_DAYS: u16 = 30;
}

#[derive(Debug, Subcommand)]
pub(crate) enum DefaultAccountCommand {
    /// Show which it is
    Show {
        #[command(flatten)]
        installation: Installation,
    },
    /// Set it, unless `serve` was given --default-account
    Set {
        /// The account's auth id
        auth_id: String,
        #[command(flatten)]
        installation: Installation,
    },
    /// Have none, unless there is only one account
    Clear {
        #[command(flatten)]
        installation: Installation,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorTokenCommand {
    /// Make a token for the operator API; it is shown this once
    Create {
        /// What people call it
        #[arg(long)]
        label: String,
        /// From when on it authenticates nobody, as in 2030-01-01T00:00:00Z [default: never]
        #[arg(long, value_name = "MOMENT")]
        expires_at: Option<String>,
        #[command(flatten)]
        installation: Installation,
    },
    /// List the tokens for the operator API
    List {
        #[command(flatten)]
        installation: Installation,
    },
    /// Revoke a token for the operator API
    Revoke {
        /// The token's id, as `list` shows it
        token_id: String,
        #[command(flatten)]
        installation: Installation,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Seal every secret anew with a new master key, while serving; or finish a rotation that was interrupted
    Rotate {
        #[command(flatten)]
        installation: Installation,
    },
}

/// What `migrate-storage` moves, and where to.
#[derive(Debug, Args)]
pub(crate) struct MigrateStorageOptions {
    /// The directory of the SQLite database [default: ./sipwarden-data]
    #[arg(long, env = "SIPWARDEN_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The empty PostgreSQL database, as postgres://user:password@host/database
    #[arg(long, env = "SIPWARDEN_DATABASE_URL", value_name = "URL")]
    pub(crate) database_url: String,
    /// The node that the registrations go with [default: the machine's name]
    #[arg(long, env = "SIPWARDEN_NODE_NAME", value_name = "NAME")]
    pub(crate) node_name: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `restore` restores, and where.
#[derive(Debug, Args)]
pub(crate) struct RestoreOptions {
    /// A file that `sipwarden backup` wrote
    pub(crate) file: PathBuf,
    /// The directory to restore into, which must not have a database yet [default: ./sipwarden-data]
    #[arg(long, env = "SIPWARDEN_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The file of the master key at the time of the backup; it is copied into the data directory unless that has one
    /// [default: master.key in the data directory]
    #[arg(long, env = "SIPWARDEN_MASTER_KEY_FILE", value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}
