//! What the console is told by whoever wires it.

use domain::Timestamp;
use std::fmt;
use std::sync::Arc;
use storage::{LiveAuthEvents, LiveRegistrations};

/// What the console shows that is no use case of `provisioning`.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who is online.
    pub registrations: Arc<dyn LiveRegistrations>,
    /// Authentication events as they happen.
    pub auth_events: Arc<dyn LiveAuthEvents>,
    /// Where phones reach the SIP side.
    pub phone_servers: Vec<PhoneServer>,
    /// The nodes of the installation, for its operator.
    pub nodes: Arc<dyn Nodes>,
    /// Whether operator tokens open anything over HTTP.
    pub admits_operators: bool,
    /// Whether browsers can place test calls: their media needs a media proxy.
    pub bridges_media: bool,
}

/// One way for phones to reach the SIP side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneServer {
    /// `udp`, `tcp`, `tls`, `ws` or `wss`.
    pub transport: &'static str,
    /// The host to type into a phone; `None` where it is whatever host this machine is reached by.
    pub host: Option<String>,
    /// The port.
    pub port: u16,
}

/// Knows the nodes that serve the installation.
pub trait Nodes: fmt::Debug + Send + Sync {
    /// All that are known, the one that is asked first.
    fn nodes(&self) -> Vec<NodeFacts>;
}

/// A node, as its operator looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFacts {
    /// What it is called among the nodes.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// The number of its start, which nonces and bindings carry.
    pub boot: u32,
    /// Since when it has been running.
    pub started_at: Timestamp,
    /// What it listens on, as `TRANSPORT ADDRESS`.
    pub listeners: Vec<String>,
    /// Where it keeps what it knows.
    pub storage: String,
    /// Credentials that it holds in memory.
    pub credentials: usize,
    /// Registrations that it holds in memory.
    pub registrations: usize,
    /// Why it cannot serve, as `/readyz` says it; `None` where it can.
    pub problem: Option<String>,
}
