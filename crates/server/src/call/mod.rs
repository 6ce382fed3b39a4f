//! `sipwarden call`: a call like a phone's, with what happened and how it sounded.

mod advice;
mod report;

use crate::call_cli::{CallOptions, CallTransport};
use crate::credential_command::password;
use crate::failure::Failure;
use crate::system::SystemRandom;
use domain::RandomSource as _;
use sip_digest::HashAlgorithm;
use sip_user_agent::{Account, CallPlan, TlsPeer, UaTransport, UserAgent};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tls_identity::{Connector, PeerName, ServerAuthorities};

use advice::Expected;
pub(crate) use report::{measurements, step_line};

/// A User-Agent that servers of ours know to do SHA-256.
const USER_AGENT: &str = concat!("sipwarden-user-agent/", env!("CARGO_PKG_VERSION"));

/// Places the call, prints each message as it goes to and fro and what was measured.
pub(crate) async fn run(options: CallOptions) -> Result<(), Failure> {
    let password = password::read_line()?;
    if password.is_empty() {
        return Err(Failure::Refused("there is no password on standard input; send it there in one line".into()));
    }
    let expected = if options.to.is_some() { Expected::AnySound } else { Expected::OwnTone };
    let account = Account {
        server: resolved(&options.server).await?,
        transport: transport(&options.server, options.transport, options.ca_file.as_deref())?,
        domain: options.domain.clone(),
        username: options.username.clone(),
        password,
        user_agent: USER_AGENT.to_owned(),
        hashes: vec![HashAlgorithm::Sha512_256, HashAlgorithm::Sha256, HashAlgorithm::Md5],
    };
    let plan = CallPlan {
        to: options.to.clone().unwrap_or_else(|| format!("sip:echo@{}", options.domain)),
        talk: Duration::from_secs(options.duration.into()),
        ring: Duration::from_secs(options.ring.into()),
    };
    let mut entropy = [0; 32];
    SystemRandom.fill(&mut entropy);
    let refused = |error| Failure::Refused(advice::of_opening(&error, &options));
    let user_agent = UserAgent::open(account, entropy).await.map_err(refused)?;
    let mut user_agent = user_agent.with_observer(Arc::new(|step| report::print(&step_line(step))));
    let report = user_agent.call(&plan).await.map_err(refused)?;
    for line in measurements(&report) {
        report::print(&line);
    }
    advice::verdict(&report, expected, &options, &plan.to).map_err(Failure::Refused)
}

/// The certificate has to be for the host of --server, as it was written.
pub(crate) fn transport(
    server: &str,
    transport: CallTransport,
    ca_file: Option<&Path>,
) -> Result<UaTransport, Failure> {
    match transport {
        CallTransport::Udp => Ok(UaTransport::Udp),
        CallTransport::Tcp => Ok(UaTransport::Tcp),
        CallTransport::Tls => {
            let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
            let unusable =
                || Failure::Refused(format!("{host} is no name that a certificate can be for; correct --server"));
            let name = PeerName::of_host(host).ok_or_else(unusable)?;
            let authorities = |error| Failure::Refused(format!("{error}; correct the file that --ca-file names"));
            let connector =
                ServerAuthorities::load(ca_file).and_then(|trusted| Connector::new(&trusted)).map_err(authorities)?;
            Ok(UaTransport::Tls(TlsPeer { connector, name }))
        }
    }
}

pub(crate) async fn resolved(server: &str) -> Result<SocketAddr, Failure> {
    let found = tokio::net::lookup_host(server).await.map(|mut addresses| addresses.next());
    let problem = match found {
        Ok(Some(address)) => return Ok(address),
        Ok(None) => "it has no address".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Failure::Refused(format!("{server} was not found ({problem}); correct --server")))
}
