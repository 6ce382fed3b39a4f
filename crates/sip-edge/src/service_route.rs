//! Service-Route (RFC 3608) that names the flow a phone registered over, and what becomes of a request that comes with
//! it in Route (RFC 5626 section 5.3): a phone that follows it is told when its flow is gone.

use crate::Config;
use crate::failure::Failure;
use crate::flow_token::NamedFlow;
use crate::incoming::Incoming;
use sip_digest::{FlowTokenKey, NonceIssuer};
use sip_message::{HeaderName, HostPort, Uri};
use sip_registrar::is_outbound;
use sip_transport::{Flow, Flows, Transport};
use std::io::Write as _;
use std::net::{IpAddr, Ipv6Addr};

/// The port of a URI without one (RFC 3261 section 19.1.2).
const DEFAULT_SIP_PORT: u16 = 5060;

/// Names flows and knows them again.
pub(crate) struct ServiceRoute {
    key: FlowTokenKey,
    boot: u32,
    /// The host at which phones reach us, as a URI writes it; `None` for the address they came to.
    public_host: Option<Box<[u8]>>,
}

impl ServiceRoute {
    /// `None` where the operator has not asked for it: then nothing of it is ever computed.
    pub(crate) fn of(config: &Config, nonces: &NonceIssuer) -> Option<Self> {
        config.service_route.then(|| Self {
            key: nonces.flow_token_key(),
            boot: nonces.boot(),
            public_host: config.public_host.as_deref().map(as_uri_host),
        })
    }

    /// Writes the value of Service-Route for a REGISTER, by the flow it came over.
    pub(crate) fn write(&self, incoming: &Incoming<'_>, out: &mut Vec<u8>) {
        let flow = incoming.flow;
        out.extend_from_slice(b"<sip:");
        out.extend_from_slice(&NamedFlow::new(self.boot, flow).seal(&self.key));
        out.push(b'@');
        // Writing to a Vec cannot fail.
        let _ = match (&self.public_host, flow.local.ip().to_canonical()) {
            (Some(host), _) => out.write_all(host),
            (None, IpAddr::V4(address)) => write!(out, "{address}"),
            (None, IpAddr::V6(address)) => write!(out, "[{address}]"),
        };
        let _ = write!(out, ":{};transport={};lr", flow.local.port(), transport_parameter(flow.transport));
        out.extend_from_slice(if is_outbound(incoming.request) { b";ob>" } else { b">" });
    }

    /// Why a request is not handled as if it had no Route, if its topmost one names a flow.
    ///
    /// Nothing is relayed yet, so what would have to leave over another flow that is there finds nobody. Whether datagrams
    /// still get through to where they once came from cannot be known: who sends them from elsewhere now has most
    /// likely been given another port by a NAT, and should register anew.
    pub(crate) fn failure(&self, incoming: &Incoming<'_>, flows: &Flows) -> Option<Failure> {
        let route = incoming.request.headers().addresses(HeaderName::Route).next()?.ok()?.uri().ok()?;
        let token = route.user.filter(|_| route.is_sip())?;
        let Some(named) = NamedFlow::open(&self.key, token) else {
            return self.is_ours(&route, incoming.flow).then_some(Failure::NotOurFlowToken);
        };
        if named.is(self.boot, incoming.flow) {
            return None;
        }
        // Datagrams have no connection, and none of another boot is open.
        let is_there = named.boot == self.boot && flows.is_open(named.flow.connection);
        Some(if is_there { Failure::TemporarilyUnavailable } else { Failure::FlowFailed })
    }

    /// Whether a URI leads to where the request came to; only then is it ours to say that its token is none.
    fn is_ours(&self, uri: &Uri<'_>, flow: &Flow) -> bool {
        let host = HostPort { octets: uri.host, port: uri.port };
        let is_here = host.ip().is_some_and(|address| address.to_canonical() == flow.local.ip().to_canonical());
        let is_public = self.public_host.as_deref().is_some_and(|public| public.eq_ignore_ascii_case(uri.host));
        (is_here || is_public) && uri.port.unwrap_or(DEFAULT_SIP_PORT) == flow.local.port()
    }
}

/// IPv6 addresses stand in brackets.
fn as_uri_host(host: &str) -> Box<[u8]> {
    match host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]").into_bytes().into(),
        Err(_) => host.as_bytes().into(),
    }
}

/// WebSocket has one name in URIs, encrypted or not (RFC 7118 section 5.2.2).
const fn transport_parameter(transport: Transport) -> &'static str {
    match transport {
        Transport::Ws | Transport::Wss => "ws",
        other => other.as_str(),
    }
}
