//! What the console is told by whoever wires it.

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
