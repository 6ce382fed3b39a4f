//! The ways to those who are called, and what messages say of us on each.

use crate::calls::outlet::Destination;
use crate::incoming::signalling_transport;
use domain::{AccountId, CredentialId, OriginationUriId, Sealed, SignallingTransport};
use sip_b2bua::Path;
use sip_message::HostPort;
use sip_transport::resolve::Target;
use sip_transport::{Flow, Transport};
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// How a target of a call is reached.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// A registered phone, over what it registered over.
    Phone(PhoneWay),
    /// A next hop, wherever its URI leads.
    Uri(Arc<UriWay>),
    /// The user agent inside this process.
    Local,
}

/// The way to a registered phone.
#[derive(Clone, Debug)]
pub(crate) struct PhoneWay {
    /// Whose phone it is.
    pub(crate) credential: CredentialId,
    /// Over which flow.
    pub(crate) flow: Flow,
    /// Where to.
    pub(crate) to: SocketAddr,
    /// The Path it registered through (RFC 3327), possibly empty.
    pub(crate) path: Box<[u8]>,
    /// Whether its Contact names a private address that it does not send from: its media will as well.
    pub(crate) is_hidden: bool,
}

/// The way to a next hop.
#[derive(Clone, Debug)]
pub(crate) struct UriWay {
    /// Which origination URI it is.
    pub(crate) id: OriginationUriId,
    /// Where it leads.
    pub(crate) target: Target,
    /// Its host as written, for the server's certificate.
    pub(crate) host: Box<str>,
    /// What answers its challenges.
    pub(crate) secret: Option<Arc<NextHopSecret>>,
}

/// What we are known by at a next hop; opened only while a challenge is answered.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NextHopSecret {
    pub(crate) account: AccountId,
    pub(crate) uri: OriginationUriId,
    pub(crate) username: Box<str>,
    pub(crate) password: Sealed,
}

impl std::fmt::Debug for NextHopSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NextHopSecret({}, <redacted>)", self.uri)
    }
}

impl Way {
    /// Whose phone is called.
    pub(crate) fn credential(&self) -> Option<CredentialId> {
        match self {
            Self::Phone(phone) => Some(phone.credential),
            Self::Uri(_) | Self::Local => None,
        }
    }
}

/// Where the other end of our listeners is found, for Via and Contact.
#[derive(Debug, Clone, Default)]
pub struct OwnAddresses {
    /// The host at which we are reached from outside, if not the address of a listener.
    pub public_host: Option<Box<str>>,
    /// What is listened on.
    pub listeners: Vec<(Transport, SocketAddr)>,
}

impl OwnAddresses {
    /// What messages that leave over a flow say of us. A connection that we opened leaves from a port where nobody
    /// listens, so the listener's is named.
    pub(crate) fn path(&self, flow: &Flow) -> Path {
        let port = self.port(flow);
        let (local, contact_host) = (flow.local.ip().to_canonical(), self.contact_host(flow));
        let mut via = Vec::with_capacity(48);
        let transport = via_transport(flow.transport);
        // Writing to a Vec cannot fail.
        let _ = match local {
            IpAddr::V4(address) => write!(via, "SIP/2.0/{transport} {address}:{port}"),
            IpAddr::V6(address) => write!(via, "SIP/2.0/{transport} [{address}]:{port}"),
        };
        if flow.transport.is_datagram() {
            via.extend_from_slice(b";rport");
        }
        let parameter = uri_transport(flow.transport);
        let contact = format!("<sip:{contact_host}:{port};transport={parameter}>").into_bytes();
        Path { via: via.into(), contact: contact.into(), route: Box::default() }
    }

    /// What messages to the user agent inside this process say of us.
    pub(crate) fn local_path() -> Path {
        Path {
            via: b"SIP/2.0/TCP sipwarden.invalid".as_slice().into(),
            contact: b"<sip:sipwarden.invalid>".as_slice().into(),
            route: Box::default(),
        }
    }

    /// Whether a host and port are an address of ours, or the public one, whose ports may be others than ours.
    pub(crate) fn is_here(&self, host: HostPort<'_>, flow: &Flow) -> bool {
        let is_ours = |port| port == flow.local.port() || self.listeners.iter().any(|(_, known)| known.port() == port);
        let HostPort { octets: host, port } = host;
        let written = host_text(flow.local.ip());
        host.eq_ignore_ascii_case(written.as_bytes()) && port.is_none_or(is_ours)
            || self.public_host.as_deref().is_some_and(|public| {
                host.eq_ignore_ascii_case(public.as_bytes()) || host == format!("[{public}]").as_bytes()
            })
    }

    fn contact_host(&self, flow: &Flow) -> String {
        let is_near = flow.remote.ip().to_canonical().is_loopback();
        match self.public_host.as_deref().filter(|_| !is_near) {
            Some(public) => match public.parse::<IpAddr>() {
                Ok(address) => host_text(address),
                Err(_) => public.to_owned(),
            },
            None => host_text(flow.local.ip()),
        }
    }

    fn port(&self, flow: &Flow) -> u16 {
        let is_family = |address: &SocketAddr| address.is_ipv4() == flow.local.is_ipv4();
        let mut same = self.listeners.iter().filter(|(transport, address)| {
            *transport == flow.transport && (is_family(address) || address.ip().is_unspecified())
        });
        let exact = same.clone().find(|(_, address)| address.port() == flow.local.port());
        exact.or_else(|| same.next()).map_or(flow.local.port(), |(_, address)| address.port())
    }
}

/// A host as URIs write it (RFC 3986 section 3.2.2).
pub(crate) fn host_text(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

const fn via_transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "UDP",
        Transport::Tcp => "TCP",
        Transport::Tls => "TLS",
        Transport::Ws => "WS",
        Transport::Wss => "WSS",
    }
}

/// WebSocket has one name in URIs, encrypted or not (RFC 7118 section 5.2.2).
const fn uri_transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Ws | Transport::Wss => "ws",
        other => other.as_str(),
    }
}

/// The transport of a destination as records name it; none inside the process.
pub(crate) fn transport_of(destination: &Destination) -> Option<SignallingTransport> {
    destination.flow().map(|flow| signalling_transport(flow.transport))
}

/// The transport as this crate's transport names it.
pub(crate) const fn transport_named(transport: SignallingTransport) -> Transport {
    match transport {
        SignallingTransport::Udp => Transport::Udp,
        SignallingTransport::Tcp => Transport::Tcp,
        SignallingTransport::Tls => Transport::Tls,
        SignallingTransport::Ws => Transport::Ws,
        SignallingTransport::Wss => Transport::Wss,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip_transport::ConnectionId;

    fn flow(transport: Transport, local: &str, remote: &str) -> Flow {
        let connection = ConnectionId(u64::from(!transport.is_datagram()));
        Flow { transport, local: local.parse().unwrap(), remote: remote.parse().unwrap(), connection }
    }

    fn shown(addresses: &OwnAddresses, flow: &Flow) -> (String, String) {
        let path = addresses.path(flow);
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
        (text(&path.via), text(&path.contact))
    }

    #[test]
    fn a_listener_is_named_and_the_public_host_where_it_helps() {
        let addresses = OwnAddresses {
            public_host: Some("203.0.113.9".into()),
            listeners: vec![
                (Transport::Udp, "0.0.0.0:5060".parse().unwrap()),
                (Transport::Tcp, "0.0.0.0:5070".parse().unwrap()),
            ],
        };
        let udp = flow(Transport::Udp, "10.0.0.2:5060", "192.0.2.1:5060");
        let expected = ("SIP/2.0/UDP 10.0.0.2:5060;rport".into(), "<sip:203.0.113.9:5060;transport=udp>".into());
        assert_eq!(shown(&addresses, &udp), expected);
        let opened = flow(Transport::Tcp, "10.0.0.2:40001", "192.0.2.1:5060");
        let expected = ("SIP/2.0/TCP 10.0.0.2:5070".into(), "<sip:203.0.113.9:5070;transport=tcp>".into());
        assert_eq!(shown(&addresses, &opened), expected);
        let near = flow(Transport::Udp, "127.0.0.1:5060", "127.0.0.1:4000");
        assert_eq!(shown(&addresses, &near).1, "<sip:127.0.0.1:5060;transport=udp>");
        let six = flow(Transport::Wss, "[2001:db8::1]:443", "[2001:db8::2]:4000");
        let expected = ("SIP/2.0/WSS [2001:db8::1]:443".into(), "<sip:[2001:db8::1]:443;transport=ws>".into());
        assert_eq!(shown(&OwnAddresses::default(), &six), expected);
        let is_here = |host: &'static str, port| addresses.is_here(HostPort { octets: host.as_bytes(), port }, &udp);
        assert!(is_here("10.0.0.2", None) && is_here("10.0.0.2", Some(5070)) && is_here("203.0.113.9", Some(9)));
        assert!(!is_here("10.0.0.3", None) && !is_here("10.0.0.2", Some(5080)));
    }
}
