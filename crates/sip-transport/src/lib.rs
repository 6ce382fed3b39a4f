//! SIP over UDP and TCP: moves octets between sockets and an [`Inbound`], and decides nothing.
//!
//! UDP runs on one thread per worker: a batch of datagrams is received with one system call, each is handled to its
//! end, and the answers leave with one system call. A worker that falls behind lets datagrams wait in two queues, those
//! that go first before the others, and turns away what finds no room. TCP runs on tokio, one task per connection. What cannot be answered
//! at once is sent later through [`Flows`].

mod batch;
mod flow;
mod flows;
mod inbound;
mod outbox;
mod packet_info;
mod tcp;
mod udp;
mod waiting;

pub use flow::{ConnectionId, Flow, Transport};
pub use flows::{Flows, SendError};
pub use inbound::{Inbound, Received};
pub use outbox::{Outbox, Outgoing};
pub use tcp::{TcpConfig, TcpService, bind_tcp};
pub use udp::{UdpWorker, bind_udp};
pub use waiting::{Crowding, Precedence};
