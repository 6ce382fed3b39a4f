//! The command line of `sipwarden call`.

use clap::{Args, ValueEnum};
use sip_message::Uri;
use std::path::PathBuf;

/// Whom to call, as whom, and by which way.
#[derive(Debug, Args)]
pub(crate) struct CallOptions {
    /// Where the call is sent, whatever the domain
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    pub(crate) server: String,
    /// The account's SIP domain
    #[arg(long, value_parser = domain)]
    pub(crate) domain: String,
    /// The credential's username
    #[arg(long, value_parser = username)]
    pub(crate) username: String,
    /// Read the password from standard input, the only way to give it: others can read a command line
    #[arg(long, required = true)]
    pub(crate) password_stdin: bool,
    /// Whom to call; by default sip:echo@DOMAIN, which sends back what it hears
    #[arg(long, value_name = "URI", value_parser = target)]
    pub(crate) to: Option<String>,
    /// How signalling travels
    #[arg(long, value_enum, default_value_t = CallTransport::Udp)]
    pub(crate) transport: CallTransport,
    /// How long to talk once the call is answered
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub(crate) duration: u16,
    /// How long to let it ring before it is cancelled
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub(crate) ring: u16,
    /// The authorities to trust with --transport tls, certificates in a PEM file [default: those of the system]
    #[arg(long, env = "SIPWARDEN_CA_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// The transports a test call knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CallTransport {
    Udp,
    Tcp,
    Tls,
}

impl CallTransport {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }
}

pub(crate) fn host_and_port(text: &str) -> Result<String, String> {
    let port =
        text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).and_then(|(_, port)| port.parse::<u16>().ok());
    match port {
        Some(1..) => Ok(text.to_owned()),
        _ => Err("give a host and a port, as in sip.example.com:5060 or [2001:db8::1]:5060".to_owned()),
    }
}

pub(crate) fn domain(text: &str) -> Result<String, String> {
    let uri = format!("sip:{text}");
    let is_host = Uri::parse(uri.as_bytes()).is_ok_and(|uri| {
        uri.user.is_none() && uri.params.as_octets().is_empty() && uri.headers.is_empty() && !uri.host.is_empty()
    });
    if is_host { Ok(text.to_owned()) } else { Err("give a host name or address, as in sip.example.com".to_owned()) }
}

fn username(text: &str) -> Result<String, String> {
    let quotable = |character: char| !character.is_control() && !matches!(character, '"' | '\\');
    if !text.is_empty() && text.chars().all(quotable) {
        Ok(text.to_owned())
    } else {
        Err("give the username of a credential, without quotes, backslashes and control characters".to_owned())
    }
}

pub(crate) fn target(text: &str) -> Result<String, String> {
    let is_target = Uri::parse(text.as_bytes()).is_ok_and(|uri| uri.is_sip() && uri.headers.is_empty());
    if is_target { Ok(text.to_owned()) } else { Err("give a sip URI, as in sip:bob@sip.example.com".to_owned()) }
}
