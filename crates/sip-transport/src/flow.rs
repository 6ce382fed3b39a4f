//! Where a message came from and where its answer goes.

use std::net::SocketAddr;

/// A transport that this crate speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

/// Names one connection for the life of the process; zero for transports without connections.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ConnectionId(pub u64);

impl ConnectionId {
    /// No connection.
    pub const NONE: Self = Self(0);
}

/// A transport, both ends, and the connection (RFC 5626 section 3.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Flow {
    /// The transport.
    pub transport: Transport,
    /// Our address.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The connection, if the transport has one.
    pub connection: ConnectionId,
}
