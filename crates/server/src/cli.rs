//! The command line.

use crate::serve_options::ServeOptions;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Self-hosted SIP credential service: create credentials over HTTP, register phones with them over SIP.
#[derive(Debug, Parser)]
#[command(name = "sipwarden", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the HTTP API and SIP until stopped
    Serve(ServeOptions),
    /// Create and list accounts
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// List realms and set which digest algorithms they offer
    Realm {
        #[command(subcommand)]
        command: RealmCommand,
    },
    /// Try everything once with throw-away data: serve, create a credential, register with it
    Quickstart {
        /// Stop after the last step instead of serving on; exit 0 if every step went as it should
        #[arg(long)]
        exit: bool,
    },
}

/// Where the installation is.
#[derive(Debug, Args)]
pub(crate) struct Installation {
    /// The directory of database, master key and control socket [default: ./sipwarden-data]
    #[arg(long, env = "SIPWARDEN_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The database, instead of SQLite in the data directory
    #[arg(long, env = "SIPWARDEN_DATABASE_URL", value_name = "URL", conflicts_with = "data_dir")]
    pub(crate) database_url: Option<String>,
    /// The file of the master key [default: master.key in the data directory]
    #[arg(long, env = "SIPWARDEN_MASTER_KEY_FILE", value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

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
        #[command(flatten)]
        installation: Installation,
    },
    /// List all accounts
    List {
        #[command(flatten)]
        installation: Installation,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RealmCommand {
    /// Set which digest algorithms a realm's challenges offer
    SetPolicy {
        /// The realm, as `account list` shows it
        realm: String,
        /// compatible: SHA-256 where the phone is known to do it, else MD5; sha256: SHA-256 only; rfc8760: all
        #[arg(value_parser = ["compatible", "sha256", "rfc8760"])]
        policy: String,
        #[command(flatten)]
        installation: Installation,
    },
}
