//! SIP over UDP, TCP, TLS and WebSocket: moves octets between sockets and an [`Inbound`], and decides nothing.
//!
//! UDP runs on one thread per worker: a batch of datagrams is received with one system call, each is handled to its
//! end, and the answers leave with one system call. A worker that falls behind lets datagrams wait in two queues, those
//! that go first before the others, and turns away what finds no room. Connections run on tokio, one task each, all
//! through one loop ([`ConnectionService`]) whatever carries their messages. What cannot be answered at once is sent
//! later through [`Flows`]. [`resolve`] says where a request of our own goes, and [`Connector`] gets it there.

mod batch;
mod carrier;
mod client_sockets;
mod connect_error;
mod connection;
mod connection_config;
mod connection_counts;
mod connection_service;
mod connector;
mod ends;
mod flow;
mod flows;
mod inbound;
mod lanes;
mod layers;
mod linger;
mod listen;
mod octet_stream;
mod open_connections;
mod outbox;
mod packet_info;
mod proxy_protocol;
pub mod resolve;
mod source_addresses;
mod sources;
mod udp;
mod unreported;
mod waiting;
pub mod websocket;

pub use client_sockets::ClientSockets;
pub use connect_error::ConnectError;
pub use connection_config::ConnectionConfig;
pub use connection_counts::{ConnectionCounts, TransportCounts};
pub use connection_service::ConnectionService;
pub use connector::{Connector, ConnectorConfig};
pub use flow::{ConnectionId, Flow, Transport};
pub use flows::{Flows, SendError};
pub use inbound::{Inbound, Received};
pub use layers::Layers;
pub use listen::bind_tcp;
pub use outbox::{Outbox, Outgoing};
pub use tls_identity::PeerName;
pub use udp::{UdpWorker, bind_udp};
pub use waiting::{Crowding, Precedence};
pub use websocket::OriginPolicy;
