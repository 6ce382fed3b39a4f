//! What the operator may set about connections.

use crate::OriginPolicy;
use ipnet::IpNet;

/// Bounds of everything that is not UDP, over all its listeners.
#[derive(Debug, Clone)]
pub struct ConnectionConfig {
    /// Most connections at a time. One more takes the place of the oldest over which nobody has proven who they are; where
    /// there is none, it is closed at once.
    pub max_connections: usize,
    /// Most of one source at a time, handshakes included: of an IPv4 address, or of an IPv6 network of 64 bits. `None` for
    /// as many as there is room for.
    pub max_connections_per_source: Option<usize>,
    /// How long a connection may be silent, in seconds; longer than the longest registration interval.
    pub idle_seconds: u64,
    /// How long one message may take from its first octet to its last, and the first one from the connection's
    /// beginning, in seconds.
    pub message_seconds: u64,
    /// How long the peer may take to read an answer, in seconds.
    pub write_seconds: u64,
    /// How long what comes before SIP may take, in seconds: a PROXY header and the
    /// handshakes of TLS and WebSocket together.
    pub handshake_seconds: u64,
    /// Most handshakes at a time; one more ends the oldest.
    pub max_handshakes: usize,
    /// Whose web pages may open a WebSocket.
    pub origins: OriginPolicy,
    /// The networks of balancers: connections from there must begin with a PROXY header, whose addresses count.
    pub proxies: Vec<IpNet>,
}

impl Default for ConnectionConfig {
    fn default() -> Self {
        Self {
            max_connections: 20_000,
            max_connections_per_source: None,
            idle_seconds: 10_800,
            message_seconds: 32,
            write_seconds: 10,
            handshake_seconds: 10,
            max_handshakes: 2_000,
            origins: OriginPolicy::SameHost,
            proxies: Vec::new(),
        }
    }
}
