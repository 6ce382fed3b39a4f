//! The command line of `why`.

use clap::Args;
use std::path::PathBuf;

/// Whose attempts to explain, and to whom.
#[derive(Debug, Args)]
pub(crate) struct WhyOptions {
    /// A username, an IP address, a Call-ID or a credential's id; without it, everything
    #[arg(value_name = "USERNAME|ADDRESS|CALL-ID")]
    pub(crate) whom: Option<String>,
    /// Most attempts to explain, 1 to 1000
    #[arg(long, default_value_t = 10)]
    pub(crate) limit: u32,
    /// Go on and explain what happens as it happens, until interrupted
    #[arg(long)]
    pub(crate) follow: bool,
    /// As whoever runs the installation: ask the server of this data directory about all accounts
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// With --data-dir: only attempts of the account of this auth id
    #[arg(long, value_name = "ID", requires = "data_dir")]
    pub(crate) account: Option<String>,
    /// The server
    #[arg(long, env = "SIPWARDEN_URL", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// The authorities to trust for an https URL, certificates in a PEM file [default: those of the system]
    #[arg(long, env = "SIPWARDEN_CA_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The account's auth id
    #[arg(long, env = "SIPWARDEN_AUTH_ID", value_name = "ID", required_unless_present = "data_dir")]
    pub(crate) auth_id: Option<String>,
    /// The account's token; use the environment variable, since others can read command lines
    #[arg(
        long,
        env = "SIPWARDEN_AUTH_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        required_unless_present = "data_dir"
    )]
    pub(crate) auth_token: Option<String>,
    /// Print JSON, one object a line, instead of text
    #[arg(long)]
    pub(crate) json: bool,
}
