//! What calls need of the rest of the server: the network, and the echo.

use sip_edge::{Edge, Found, LocalUserAgent, NextHops, NoWay, Reached};
use sip_transport::resolve::{NextHop, ResolveError, Resolver, Target};
use sip_transport::{Connector, Flow};
use sip_user_agent::{EchoConfig, EchoUserAgent, MediaAddress};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock, Weak};
use tls_identity::PeerName;
use tokio::runtime::Handle;

/// Where the echo sends and takes media, unless told otherwise.
pub(crate) const DEFAULT_MEDIA_PORTS: RangeInclusive<u16> = 40_000..=40_999;
/// Most echo calls at a time.
const MOST_ECHO_CALLS: usize = 100;

/// Finds next hops and flows to them for calls. The sockets come after the edge, so what uses them is filled in later.
pub(crate) struct CallHops {
    runtime: Handle,
    network: OnceLock<Network>,
}

struct Network {
    resolver: Arc<Resolver>,
    /// Not owned: the connector serves its connections by the edge, which owns this.
    connector: Weak<Connector<Edge>>,
}

impl CallHops {
    /// To be called within the runtime that resolves and connects.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { runtime: Handle::current(), network: OnceLock::new() })
    }

    /// Lets calls go out; once.
    pub(crate) fn open(&self, resolver: &Arc<Resolver>, connector: &Arc<Connector<Edge>>) {
        let network = Network { resolver: Arc::clone(resolver), connector: Arc::downgrade(connector) };
        // Set once, by whoever starts the server.
        let _ = self.network.set(network);
    }

    fn connector(&self) -> Option<Arc<Connector<Edge>>> {
        self.network.get()?.connector.upgrade()
    }
}

impl NextHops for CallHops {
    fn known(&self, target: &Target, _random: u64) -> Option<Result<Vec<NextHop>, NoWay>> {
        self.network.get()?.resolver.known(target).map(|hops| hops.map_err(NoWay::from))
    }

    fn find(&self, target: Target, random: u64, found: Found) {
        let resolver = self.network.get().map(|network| Arc::clone(&network.resolver));
        self.runtime.spawn(async move {
            let hops = match resolver {
                Some(resolver) => resolver.next_hops(&target, random).await,
                None => Err(ResolveError::NoSuchHost),
            };
            found(hops.map_err(NoWay::from));
        });
    }

    fn flow_to(&self, hop: &NextHop, server_name: &str) -> Option<Flow> {
        self.connector()?.ready_flow(hop, &peer_name(server_name, hop)?)
    }

    fn reach(&self, hop: NextHop, server_name: &str, reached: Reached) {
        let (connector, name) = (self.connector(), peer_name(server_name, &hop));
        self.runtime.spawn(async move {
            let flow = match connector.zip(name) {
                Some((connector, name)) => connector.connect(&hop, &name).await.map_err(|error| error.to_string()),
                None => {
                    Err("its host is no name that a certificate could be for, or the server is stopping".to_owned())
                }
            };
            reached(flow.map_err(|error| NoWay::NotConnected(error.into_boxed_str())));
        });
    }
}

/// Who a server has to be: the host of the URI, or where there is none the address itself.
fn peer_name(host: &str, hop: &NextHop) -> Option<PeerName> {
    if host.is_empty() { PeerName::of_host(&hop.address.ip().to_string()) } else { PeerName::of_host(host) }
}

/// The echo as a user agent inside this process.
struct Echo(EchoUserAgent);

impl LocalUserAgent for Echo {
    fn receive(&self, octets: &[u8]) {
        self.0.receive(octets);
    }
}

/// Where the echo is reached for media.
pub(crate) struct EchoPlaces<'a> {
    pub(crate) sip: &'a [SocketAddr],
    pub(crate) public_address: Option<&'a str>,
    pub(crate) ports: RangeInclusive<u16>,
}

/// Lets the echo answer what calls lead to it. It speaks through the edge, which it does not keep alive.
pub(crate) fn start_echo(edge: &Arc<Edge>, entropy: [u8; 32], places: &EchoPlaces<'_>) {
    let weak = Arc::downgrade(edge);
    let send = move |octets: Vec<u8>| {
        if let Some(edge) = weak.upgrade() {
            edge.receive_from_local(&octets);
        }
    };
    let config = EchoConfig {
        media_addresses: media_addresses(places),
        ports: places.ports.clone(),
        most_calls: MOST_ECHO_CALLS,
        host: "sipwarden.invalid".to_owned(),
    };
    let echo = EchoUserAgent::new(config, entropy, Arc::new(send));
    edge.calls().answer_locally(Arc::new(Echo(echo)));
}

/// One address of each family: where SIP is served, announced as the public address where there is one.
fn media_addresses(places: &EchoPlaces<'_>) -> Vec<MediaAddress> {
    let public = places.public_address.and_then(|text| text.parse::<IpAddr>().ok());
    let mut addresses: Vec<MediaAddress> = Vec::new();
    for address in places.sip {
        let bound = address.ip();
        if addresses.iter().any(|known| known.bound.is_ipv4() == bound.is_ipv4()) {
            continue;
        }
        let same_family = public.filter(|public| public.is_ipv4() == bound.is_ipv4());
        let announced = match same_family {
            Some(public) if !bound.is_loopback() => public,
            _ if bound.is_unspecified() => route_address(bound).unwrap_or(bound),
            _ => bound,
        };
        addresses.push(MediaAddress { bound, announced });
    }
    addresses
}

/// The address of this machine that packets to the Internet leave from; nothing is sent to find out.
fn route_address(unspecified: IpAddr) -> Option<IpAddr> {
    let far: SocketAddr = match unspecified {
        IpAddr::V4(_) => (Ipv4Addr::new(192, 0, 2, 1), 9).into(),
        IpAddr::V6(_) => ("2001:db8::1".parse::<IpAddr>().ok()?, 9).into(),
    };
    let socket = std::net::UdpSocket::bind((unspecified, 0)).ok()?;
    socket.connect(far).ok()?;
    Some(socket.local_addr().ok()?.ip())
}
