//! The sockets and connections that are open: sends what could not be answered at once, from any thread, and ends
//! connections from outside.

use crate::connection::OpenedBy;
use crate::connection_counts::{ConnectionCounts, Counters};
use crate::open_connections::{OpenConnections, Sender};
use crate::packet_info;
use crate::source_addresses::SourceAddresses;
use crate::unreported::Unreported;
use crate::{ConnectionId, Flow, Transport};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Why a late message was not sent. The peer will send its request again.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The connection it came over is gone, or the socket it came on is closed.
    #[error("the flow is gone")]
    FlowGone,
    /// The peer does not read.
    #[error("the peer does not take what it is sent")]
    PeerTooSlow,
    /// The system refused.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The sockets and connections that are open now.
#[derive(Debug, Default)]
pub struct Flows {
    udp: RwLock<HashMap<SocketAddr, Arc<UdpSocket>>>,
    sources: SourceAddresses,
    connections: RwLock<OpenConnections>,
    counters: Counters,
    own_counters: Counters,
    refused: Unreported,
}

impl Flows {
    /// No flow yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a message over the flow its request came on; over UDP to `destination`.
    ///
    /// # Errors
    /// [`SendError`] says why it was not sent.
    pub fn send(&self, flow: &Flow, destination: SocketAddr, octets: &[u8]) -> Result<(), SendError> {
        match flow.transport {
            Transport::Udp => {
                let (socket, bound) = self.udp_socket(flow.local).ok_or(SendError::FlowGone)?;
                if bound == flow.local {
                    socket.send_to(octets, destination)?;
                } else {
                    packet_info::send_from(&socket, flow.local.ip(), destination, octets)?;
                }
                Ok(())
            }
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                let sender = self.connections.read().sender(flow.connection).cloned().ok_or(SendError::FlowGone)?;
                sender.try_send(octets.to_vec()).map_err(|error| match error {
                    mpsc::error::TrySendError::Full(_) => SendError::PeerTooSlow,
                    mpsc::error::TrySendError::Closed(_) => SendError::FlowGone,
                })
            }
        }
    }

    /// The flow of a UDP request of ours to that address: it leaves from a socket that we listen on, so that answers and
    /// requests come back to it. `None` where none of them can send there.
    #[must_use]
    pub fn udp_for(&self, remote: SocketAddr) -> Option<Flow> {
        let source = self.sources.towards(remote)?;
        let sockets = self.udp.read();
        let rank = |bound: &SocketAddr| match bound.ip() {
            ip if ip == source => Some(0),
            ip if ip.is_unspecified() => Some(1),
            // Bound to an address that is not the way's own: the system sends from it all the same, but never between
            // this machine and another.
            ip => (ip.is_loopback() == source.is_loopback()).then_some(2),
        };
        let usable = sockets.keys().filter(|bound| bound.is_ipv4() == remote.is_ipv4());
        let ranked = usable.filter_map(|bound| Some((rank(bound)?, *bound)));
        let (_, bound) = ranked.min()?;
        let ip = if bound.ip().is_unspecified() { source } else { bound.ip() };
        let local = SocketAddr::new(ip, bound.port());
        Some(Flow { transport: Transport::Udp, local, remote, connection: ConnectionId::NONE })
    }

    /// The socket that receives for an address, itself bound to it or to all addresses of that port.
    fn udp_socket(&self, local: SocketAddr) -> Option<(Arc<UdpSocket>, SocketAddr)> {
        let any: IpAddr = if local.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let sockets = self.udp.read();
        [local, SocketAddr::new(any, local.port())]
            .into_iter()
            .find_map(|bound| sockets.get(&bound).map(|socket| (Arc::clone(socket), bound)))
    }

    /// Whether that connection is still there.
    #[must_use]
    pub fn is_open(&self, connection: ConnectionId) -> bool {
        self.connections.read().sender(connection).is_some()
    }

    /// Ends a connection after what already waits to be sent over it; `false` when there is none of that name. Nothing
    /// can be sent over it from now on, and [`crate::Inbound::closed`] is told when it is gone.
    pub fn close(&self, connection: ConnectionId) -> bool {
        // Its task ends when the last sender is dropped.
        self.connections.write().remove(connection)
    }

    /// How many connections are open.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.connections.read().len()
    }

    /// How many connections of each transport are open, and how many came to nothing.
    #[must_use]
    pub fn connection_counts(&self) -> ConnectionCounts {
        self.counters.totals()
    }

    /// The same of connections to next hops: `refused` are those that there was no room for, `failed_handshakes` those
    /// that could not be opened. None of them ever gives way.
    #[must_use]
    pub fn own_connection_counts(&self) -> ConnectionCounts {
        self.own_counters.totals()
    }

    pub(crate) fn add_udp(&self, local: SocketAddr, socket: Arc<UdpSocket>) {
        self.udp.write().entry(local).or_insert(socket);
    }

    /// Whether one more connection would find room among that many.
    pub(crate) fn has_room(&self, most: usize) -> bool {
        self.connections.read().has_room(most)
    }

    /// Registers a connection, unless there are `most` already and none of them gives way.
    pub(crate) fn add_connection(&self, connection: (Transport, Sender), most: usize) -> Option<ConnectionId> {
        let transport = connection.0;
        let id = self.connections.write().add(connection, most, |transport| self.counters.gave_way(transport))?;
        self.counters.opened(transport);
        Some(id)
    }

    /// Registers a connection that we have opened.
    pub(crate) fn add_own_connection(&self, connection: (Transport, Sender)) -> ConnectionId {
        self.own_counters.opened(connection.0);
        self.connections.write().add_own(connection)
    }

    /// Notes that somebody has proven who they are over that connection.
    pub(crate) fn prove(&self, connection: ConnectionId) {
        self.connections.write().prove(connection);
    }

    /// To be called once for each connection that was added.
    pub(crate) fn remove_connection(&self, flow: &Flow, opened_by: OpenedBy) {
        self.connections.write().remove(flow.connection);
        match opened_by {
            OpenedBy::Peer => self.counters.closed(flow.transport),
            OpenedBy::Us => self.own_counters.closed(flow.transport),
        }
    }

    /// Notes a connection to a next hop that could not be opened.
    pub(crate) fn failed_to_open(&self, transport: Transport) {
        self.own_counters.failed_handshake(transport);
    }

    /// Notes one that there was no room for.
    pub(crate) fn no_room_for_own(&self, transport: Transport) {
        self.own_counters.refused(transport);
    }

    /// Notes a connection that there was no room for.
    pub(crate) fn refused(&self, transport: Transport, remote: SocketAddr) {
        self.counters.refused(transport);
        if let Some(refused) = self.refused.note() {
            tracing::warn!(refused, last = %remote, "there was no room for SIP connections, of all or of one source");
        }
    }

    /// Notes a connection whose handshake failed.
    pub(crate) fn failed_handshake(&self, transport: Transport) {
        self.counters.failed_handshake(transport);
    }
}
