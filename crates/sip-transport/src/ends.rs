//! Who is at both ends of a connection.

use std::net::SocketAddr;

/// The addresses that a flow has: the connection's own, or those a balancer tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ends {
    pub local: SocketAddr,
    pub remote: SocketAddr,
}
