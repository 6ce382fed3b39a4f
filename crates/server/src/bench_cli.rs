//! The command line of `sipwarden bench`.

use crate::call_cli::{CallTransport, domain, host_and_port, target};
use clap::{ArgGroup, Args, ValueEnum};
use std::path::PathBuf;

/// Phones, what they do, and how fast.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("phones").required(true).args(["csv", "create"])))]
pub(crate) struct BenchOptions {
    /// Where the load goes, whatever the domain; only a server of your own
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    pub(crate) server: String,
    /// The account's SIP domain
    #[arg(long, value_parser = domain)]
    pub(crate) domain: String,
    /// What every phone does, over and over
    #[arg(long, value_enum, default_value_t = BenchMode::Register)]
    pub(crate) mode: BenchMode,
    /// How signalling travels; over tcp and tls every phone keeps a connection
    #[arg(long, value_enum, default_value_t = CallTransport::Udp)]
    pub(crate) transport: CallTransport,
    /// A file with the columns username and password, `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Take that many of the file's rows [default: all]
    #[arg(long, value_name = "N", requires = "csv", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) users: Option<u32>,
    /// Create that many credentials over HTTP, with SIPWARDEN_URL, _AUTH_ID and _AUTH_TOKEN, and delete them at the end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) create: Option<u32>,
    /// What created credentials are called; {} becomes a number
    #[arg(long, value_name = "PATTERN", default_value = "bench_{}", requires = "create", value_parser = pattern)]
    pub(crate) username_pattern: String,
    /// How many exchanges are under way at a time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) at_a_time: u32,
    /// Begin that many exchanges a second instead, whatever becomes of the earlier ones
    #[arg(long, value_name = "PER-SECOND", conflicts_with = "at_a_time", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// Look for the highest rate at which nothing is lost and the slowest hundredth is not much slower than at rest
    #[arg(long, conflicts_with_all = ["at_a_time", "rate"])]
    pub(crate) knee: bool,
    /// How long to measure; with --knee, how long each rate is held
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) duration: u16,
    /// How long to work before measuring
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    pub(crate) warm_up: u16,
    /// UDP sockets that the phones share; a server with several workers tells peers apart by their ports
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) sockets: u16,
    /// Whom to call; by default with --mode invite somebody who is not there, with --mode call the next phone over udp, and
    /// sip:echo@DOMAIN over tcp and tls
    #[arg(long, value_name = "URI", value_parser = target)]
    pub(crate) to: Option<String>,
    /// How an INVITE has to end with --mode invite
    #[arg(long, value_name = "STATUS", default_value_t = 404, value_parser = clap::value_parser!(u16).range(200..=699))]
    pub(crate) expect: u16,
    /// The authorities to trust with --transport tls and an https URL, certificates in a PEM file [default: those of the system]
    #[arg(long, env = "SIPWARDEN_CA_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The server's HTTP API, for --create
    #[arg(long, env = "SIPWARDEN_URL", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// The account's auth id, for --create
    #[arg(long, env = "SIPWARDEN_AUTH_ID", value_name = "ID")]
    pub(crate) auth_id: Option<String>,
    /// The account's token, for --create; use the environment variable, since others can read command lines
    #[arg(long, env = "SIPWARDEN_AUTH_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(crate) auth_token: Option<String>,
    /// Print the result as JSON on standard output; progress stays on standard error
    #[arg(long)]
    pub(crate) json: bool,
}

/// What phones do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchMode {
    /// REGISTER, its challenge, REGISTER with credentials
    Register,
    /// REGISTER with the next use of a known nonce
    Preemptive,
    /// INVITE, its challenge, INVITE with credentials to somebody who is not there
    Invite,
    /// A call that is answered and ended at once, without audio
    Call,
}

impl BenchMode {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Preemptive => "preemptive",
            Self::Invite => "invite",
            Self::Call => "call",
        }
    }
}

fn pattern(text: &str) -> Result<String, String> {
    if text.matches("{}").count() == 1 {
        Ok(text.to_owned())
    } else {
        Err("give a username with one {} in it, as in bench_{}".to_owned())
    }
}
