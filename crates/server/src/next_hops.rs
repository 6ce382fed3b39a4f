//! Where requests of our own may go, whom they trust there, and how they get there.

use crate::configuration::{in_range, parse};
use crate::failure::Failure;
use ipnet::IpNet;
use sip_edge::Edge;
use sip_transport::resolve::{DestinationPolicy, ResolveError, Resolver, ResolverConfig};
use sip_transport::{ConnectionService, Connector, ConnectorConfig, Transport};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use tls_identity::ServerAuthorities;
use tokio::sync::watch;

/// What was said about next hops, as it was said.
#[derive(Debug)]
pub(crate) struct NextHopOptions<'o> {
    pub(crate) authority: Option<PathBuf>,
    pub(crate) most: Option<usize>,
    pub(crate) allowed: &'o [String],
}

/// What was settled about them.
#[derive(Debug, Clone)]
pub(crate) struct NextHopSettings {
    /// Trusted besides those of the system.
    pub(crate) authority: Option<PathBuf>,
    pub(crate) connector: ConnectorConfig,
    pub(crate) allowed: Vec<IpNet>,
}

/// Finds next hops and the flows to them.
pub(crate) struct NextHops {
    pub(crate) resolver: Arc<Resolver>,
    pub(crate) connector: Arc<Connector<Edge>>,
}

impl NextHopSettings {
    pub(crate) fn settle(options: NextHopOptions<'_>) -> Result<Self, Failure> {
        let default = ConnectorConfig::default();
        let most = options.most.unwrap_or(default.max_connections);
        let network = |text: &str| text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let read = |text: &String| {
            let hint = "write a network as 127.0.0.0/8 or fe80::/10";
            parse("--allow-network", text, |text| network(text).map_err(|_| hint))
        };
        Ok(Self {
            authority: options.authority,
            connector: ConnectorConfig {
                max_connections: in_range("--sip-max-upstream-connections", most, 1, 100_000)?,
                ..default
            },
            allowed: options.allowed.iter().map(read).collect::<Result<_, _>>()?,
        })
    }

    /// Where a name or URI may lead, for a server that listens there.
    fn policy(&self, listening: &[(Transport, SocketAddr)]) -> DestinationPolicy {
        let addresses: Vec<_> = listening.iter().map(|(_, address)| *address).collect();
        DestinationPolicy::allowing(self.allowed.clone()).for_listeners(&addresses)
    }

    /// Puts it to work: connections are served by that service until `stop` says so.
    pub(crate) fn build(
        &self,
        listening: &[(Transport, SocketAddr)],
        service: Arc<ConnectionService<Edge>>,
        stop: watch::Receiver<bool>,
    ) -> Result<NextHops, Failure> {
        let authorities = ServerAuthorities::load(self.authority.as_deref()).map_err(Failure::UpstreamAuthority)?;
        let tls = tls_identity::Connector::new(&authorities)?;
        let speaks_udp = listening.iter().any(|(transport, _)| *transport == Transport::Udp);
        let mut config = ResolverConfig::default();
        // Without a UDP socket nothing leaves over UDP.
        config.spoken.retain(|transport| speaks_udp || !transport.is_datagram());
        let resolver = resolver(config, &self.policy(listening))?;
        let connector = Connector::new(service, tls, self.connector.clone(), stop);
        Ok(NextHops { resolver: Arc::new(resolver), connector })
    }
}

/// A machine without a list of name servers is taken to be its own, as the C library does: whoever only registers phones
/// needs none.
fn resolver(config: ResolverConfig, policy: &DestinationPolicy) -> Result<Resolver, Failure> {
    let refused = |error: ResolveError| Failure::Refused(format!("{error}; look at /etc/resolv.conf"));
    Resolver::new(&config, policy.clone()).or_else(|error| {
        tracing::warn!(%error, "names of next hops are asked for at 127.0.0.1:53; look at /etc/resolv.conf");
        let name_servers = vec![SocketAddr::from(([127, 0, 0, 1], 53))];
        Resolver::new(&ResolverConfig { name_servers, ..config }, policy.clone()).map_err(refused)
    })
}
