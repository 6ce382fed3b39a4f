//! The command line.

use crate::audit_cli::AuditCommand;
use crate::ban_cli::{BanCommand, BansOptions};
use crate::bench_cli::BenchOptions;
use crate::call_cli::CallOptions;
use crate::calls_cli::{CallsOptions, CdrsOptions};
use crate::device_cli::DeviceCommand;
use crate::doctor::DoctorOptions;
use crate::import::ImportOptions;
use crate::operator_cli::{
    AccountCommand, DefaultAccountCommand, KeysCommand, MigrateStorageOptions, OperatorTokenCommand, RealmCommand,
    ReportOptions, RestoreOptions, Switch,
};
use crate::provision_cli::ProvisionCommand;
use crate::serve_options::{ServeOptions, TracedOptions};
use crate::settings_command::SettingsCommand;
use crate::tenant_cli::{NumberCommand, PhonesOptions, SubAccountCommand, TokenCommand};
use crate::trunk_cli::{AclCommand, OriginationUriCommand, TrunkCommand};
use crate::webhook_cli::WebhookCommand;
use crate::why_cli::WhyOptions;
use clap::{Args, Parser, Subcommand, ValueEnum};
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
    Serve(Box<ServeOptions>),
    /// Create and manage accounts, with their host names and tokens
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// List realms and set which digest algorithms they offer
    Realm {
        #[command(subcommand)]
        command: RealmCommand,
    },
    /// Say which account phones belong to that use a bare IP address or a foreign name
    DefaultAccount {
        #[command(subcommand)]
        command: DefaultAccountCommand,
    },
    /// Show what was changed, by whom and from where, and check that the log of it is as it was written
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Show who is banned for wrong passwords, in the whole installation, and lift that
    Ban {
        #[command(subcommand)]
        command: BanCommand,
    },
    /// Make and revoke tokens for the operator API
    OperatorToken {
        #[command(subcommand)]
        command: OperatorTokenCommand,
    },
    /// Copy the database into a file while it is used
    Backup {
        /// The new file; `-` for standard output
        file: PathBuf,
        #[command(flatten)]
        installation: Installation,
    },
    /// Work on the master keys
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Make a data directory from a backup, after checking it
    Restore(RestoreOptions),
    /// Move an installation from SQLite to PostgreSQL; no server may run on it
    MigrateStorage(MigrateStorageOptions),
    /// Create and manage credentials, over HTTP
    Credential {
        #[command(subcommand)]
        command: CredentialCommand,
    },
    /// Set up phones and apps by links, over HTTP
    Provision {
        #[command(subcommand)]
        command: ProvisionCommand,
    },
    /// Create and revoke devices: phones of a credential with passwords of their own, over HTTP
    Device {
        #[command(subcommand)]
        command: DeviceCommand,
    },
    /// Create and manage the account's API tokens, over HTTP
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Create and manage sub-accounts, over HTTP
    SubAccount {
        #[command(subcommand)]
        command: SubAccountCommand,
    },
    /// Create and manage trunks, over HTTP
    Trunk {
        #[command(subcommand)]
        command: TrunkCommand,
    },
    /// Manage the IP access list, over HTTP
    Acl {
        #[command(subcommand)]
        command: AclCommand,
    },
    /// Manage the next hops of trunks, over HTTP
    OriginationUri {
        #[command(subcommand)]
        command: OriginationUriCommand,
    },
    /// Be told at a URL what happens to calls and phones, over HTTP
    Webhook {
        #[command(subcommand)]
        command: WebhookCommand,
    },
    /// Show or change what the account decides about its credentials and events, over HTTP
    Settings {
        #[command(subcommand)]
        command: SettingsCommand,
    },
    /// Assign numbers to trunks, over HTTP; allocate and release them
    Number {
        #[command(subcommand)]
        command: NumberCommand,
    },
    /// Show which phones are online, or end their registrations, over HTTP
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Phones(PhonesOptions),
    /// Show which of the account's credentials are banned from where, or lift a ban, over HTTP
    Bans(BansOptions),
    /// Place a test call and say whether audio comes back; exit 0 only if it does
    Call(CallOptions),
    /// Put a server under load: many phones at once that register or call, and every answer checked
    Bench(Box<BenchOptions>),
    /// Show which calls are up, or end one, over HTTP
    Calls(CallsOptions),
    /// Show call records, newest first, over HTTP
    Cdrs(CdrsOptions),
    /// Say why the last attempts to authenticate ended as they did, newest first, and what mends them
    Why(WhyOptions),
    /// Try everything once with throw-away data: serve, create a credential, register and call with it
    Quickstart {
        /// Stop after the last step instead of serving on; exit 0 if every step went as it should
        #[arg(long)]
        exit: bool,
    },
    /// Look at everything `serve` with the same options needs, and say what to mend; changes nothing
    Doctor(Box<DoctorOptions>),
    /// Check a configuration, or print an example
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print the HTTP API's OpenAPI 3.1 document, as `serve` serves it at /openapi.json
    Openapi,
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: CompletionShell,
    },
    /// Print a man page
    Man {
        /// The command to describe, as in `sipwarden man account create` [default: sipwarden itself]
        command: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Settle the configuration as `serve` does with the same options, and print it; touches nothing
    Check(Box<TracedOptions>),
    /// Print a configuration file with every option and its default
    Example,
}

/// A shell that completions are made for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CompletionShell {
    Bash,
    Zsh,
    Fish,
}

/// Where the installation is.
#[derive(Debug, Args)]
pub(crate) struct Installation {
    /// The directory of database, master key and control socket [default: ./sipwarden-data]
    #[arg(long, env = "SIPWARDEN_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The database, instead of SQLite in the data directory
    #[arg(long, env = "SIPWARDEN_DATABASE_URL", value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// The file of the master key [default: master.key in the data directory]
    #[arg(long, env = "SIPWARDEN_MASTER_KEY_FILE", value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// A server elsewhere that was started with --admin-api, instead of a data directory; its operator token is taken
    /// from SIPWARDEN_OPERATOR_TOKEN
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The authorities to trust for an https URL, certificates in a PEM file [default: those of the system]
    #[arg(long, env = "SIPWARDEN_CA_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which server to ask, and as whom.
#[derive(Debug, Args)]
pub(crate) struct ServerAccess {
    /// The server
    #[arg(long, env = "SIPWARDEN_URL", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// The authorities to trust for an https URL, certificates in a PEM file [default: those of the system]
    #[arg(long, env = "SIPWARDEN_CA_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The account's auth id
    #[arg(long, env = "SIPWARDEN_AUTH_ID", value_name = "ID")]
    pub(crate) auth_id: String,
    /// The account's token; use the environment variable, since others can read command lines
    #[arg(long, env = "SIPWARDEN_AUTH_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(crate) auth_token: String,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where a new password comes from.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct NewPassword {
    /// Read the password from standard input, one line
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Make a password of 20 letters and digits and show it once
    #[arg(long)]
    pub(crate) generate: bool,
    /// Read HA1s of a password from standard input instead, one a line: md5:HEX, sha256:HEX or sha512-256:HEX
    #[arg(long)]
    pub(crate) hashes_stdin: bool,
}

impl NewPassword {
    pub(crate) fn is_given(&self) -> bool {
        self.password_stdin || self.generate || self.hashes_stdin
    }
}

/// What to demand of whoever answers with a credential.
#[derive(Debug, Args)]
pub(crate) struct Demands {
    /// sha256 refuses MD5; any accepts what the realm does
    #[arg(long, value_parser = ["any", "sha256"])]
    pub(crate) algorithm: Option<String>,
    /// Whether to accept only TLS and secure WebSockets
    #[arg(long)]
    pub(crate) secure_transport: Option<Switch>,
    /// A network whose sources to accept, as in 192.0.2.0/24; may be given several times and replaces those of before
    #[arg(long = "network", value_name = "CIDR")]
    pub(crate) networks: Vec<String>,
    /// Accept sources of all networks again
    #[arg(long, conflicts_with = "networks")]
    pub(crate) any_network: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CredentialCommand {
    /// Create a credential; prints what to type into a phone
    Create {
        /// 1 to 64 letters, digits and '_'
        username: String,
        #[command(flatten)]
        password: NewPassword,
        /// Succeed, and show it, if there is one of that username already
        #[arg(long)]
        if_not_exists: bool,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// List credentials, oldest first
    List {
        /// Most to list, 1 to 1000
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// How many to skip
        #[arg(long, default_value_t = 0)]
        offset: u64,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Show one credential
    Show {
        /// Its id or username
        credential: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Change a credential's password or description; a new password replaces the old one at once
    Update {
        /// Its id or username
        credential: String,
        #[command(flatten)]
        password: NewPassword,
        /// A note of your own, at most 255 characters
        #[arg(long, conflicts_with = "hashes_stdin")]
        description: Option<String>,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Give a credential a new password, made and shown once unless it is given; the old one registers nobody any more,
    /// unless an overlap is given
    Rotate {
        /// Its id or username
        credential: String,
        /// For how long the old password works beside the new one, such as 90s, 45m, 24h or 7d, at most 30d
        #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_overlap)]
        overlap: u32,
        /// Read the new password from standard input, one line, instead of making one
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Show how far a rotation is: until when the old password works, and which devices still use it
    Rotation {
        /// Its id or username
        credential: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// End a rotation's overlap before its time: the old password registers nobody any more
    EndOverlap {
        /// Its id or username
        credential: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Show a credential's details: the age of its password, its end, its last use; or change them
    Details {
        /// Its id or username
        credential: String,
        #[command(flatten)]
        changes: DetailsChanges,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Show which credentials have an old password or are not used
    Report {
        #[command(flatten)]
        options: CredentialReportOptions,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Disable a credential: it registers nobody any more, and its registrations end
    Disable {
        /// Its id or username
        credential: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Enable a credential again
    Enable {
        /// Its id or username
        credential: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Show what a credential demands beyond the right password, or change it: what is not given stays
    Require {
        /// Its id or username
        credential: String,
        #[command(flatten)]
        demands: Demands,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Show which credentials still use MD5
    Algorithms {
        #[command(flatten)]
        options: ReportOptions,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Take over credentials of another system; rows that are there already are passed over, so it may be repeated
    Import(Box<ImportOptions>),
    /// Write all credentials to standard output, without their secrets
    Export {
        /// As what
        #[arg(long, default_value = "csv", value_parser = ["csv", "jsonl"])]
        format: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Delete a credential and its registrations
    Delete {
        /// Its id or username
        credential: String,
        #[command(flatten)]
        access: ServerAccess,
    },
}

/// What to change about a credential's details.
#[derive(Debug, Args)]
pub(crate) struct DetailsChanges {
    /// From when on the credential registers nobody, such as 2027-05-12T00:00:00Z
    #[arg(long, value_name = "MOMENT", conflicts_with = "never_expires")]
    pub(crate) expires_at: Option<String>,
    /// Take the credential's end away
    #[arg(long)]
    pub(crate) never_expires: bool,
    /// A note of your own, at most 255 characters
    #[arg(long)]
    pub(crate) description: Option<String>,
}

/// What the report on credentials is asked for; without either number of days, both are 90.
#[derive(Debug, Args)]
pub(crate) struct CredentialReportOptions {
    /// List credentials whose password is older than so many days
    #[arg(long, value_name = "DAYS")]
    pub(crate) older_than_days: Option<u32>,
    /// List credentials that were not used for so many days
    #[arg(long, value_name = "DAYS")]
    pub(crate) unused_for_days: Option<u32>,
    /// Print CSV instead of text
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}

/// A time with its unit, in seconds.
fn parse_overlap(text: &str) -> Result<u32, &'static str> {
    const FORM: &str = "give a number and a unit, such as 90s, 45m, 24h or 7d, at most 30d";
    let unit = text.char_indices().next_back().ok_or(FORM)?;
    let seconds = match unit.1 {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(FORM),
    };
    let number = text.get(..unit.0).filter(|digits| digits.bytes().all(|octet| octet.is_ascii_digit())).ok_or(FORM)?;
    let number: u32 = number.parse().map_err(|_| FORM)?;
    let overlap = number.checked_mul(seconds).ok_or(FORM)?;
    if overlap <= provisioning::limits::MAX_OVERLAP_SECONDS { Ok(overlap) } else { Err(FORM) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_numbers_with_a_unit() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("45m", 2_700), ("24h", 86_400), ("30d", 2_592_000)] {
            assert_eq!(parse_overlap(text), Ok(seconds), "{text}");
        }
        for text in ["", "s", "24", "1w", "-1h", "+1h", "1.5h", "31d", "2592001s", "99999999999d", "1 h", "h1"] {
            assert!(parse_overlap(text).is_err(), "{text}");
        }
    }
}
