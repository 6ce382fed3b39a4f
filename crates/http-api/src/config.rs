//! What the operator may set about HTTP.

use crate::auth_events::NothingHappens;
use crate::observer::{RequestObserver, Unobserved};
use crate::operator::OperatorApi;
use crate::origination_uris::NobodyRegisters;
use crate::registrations::NobodyOnline;
use domain::Network;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use storage::{Lease, LiveAuthEvents, LiveRegistrations, SoleNode, UpstreamRegistrations};

/// Bounds of the HTTP side. Every one of them has an end, so that no client can hold what it does not use.
#[derive(Debug, Clone)]
pub struct Config {
    /// Most octets of a request body; above, 413.
    pub max_body_octets: usize,
    /// Most octets of a request line and its headers, at least 8192; above, 431. Looked at when a read has ended, so
    /// that somewhat more may pass.
    pub max_header_octets: usize,
    /// Longest a connection may be silent, or take to send one request's headers, before it is closed.
    pub header_read_timeout: Duration,
    /// Longest a request body may take to arrive; then 408.
    pub body_read_timeout: Duration,
    /// Longest a request may take from its headers to its answer; then 503. To be above `body_read_timeout`, so that a
    /// slow client is told so.
    pub request_timeout: Duration,
    /// Longest a client may refuse to take what is written to it before its connection is dropped.
    pub write_timeout: Duration,
    /// Most connections at a time on each listener; more wait in the listener's backlog.
    pub max_connections: usize,
    /// Longest a TLS handshake may take before its connection is closed.
    pub handshake_timeout: Duration,
    /// Most handshakes at a time on each listener; one more ends the oldest. To be well below `max_connections`, so that
    /// clients that never finish theirs leave room for others.
    pub max_handshakes: usize,
    /// How many requests a token may make; `None` for as many as it likes.
    pub rate_limit: Option<TokenRateLimit>,
    /// The operator API; without it nothing is served at its paths.
    pub operator_api: Option<OperatorApi>,
    /// Who is online; nobody by default.
    pub registrations: Arc<dyn LiveRegistrations>,
    /// Authentication events as they happen; nothing happens by default.
    pub auth_events: Arc<dyn LiveAuthEvents>,
    /// How our registrations with carriers stand; there are none by default.
    pub upstream: Arc<dyn UpstreamRegistrations>,
    /// Networks that URLs of webhooks may lead to although they are not public.
    pub webhook_networks: Vec<Network>,
    /// Where phones reach the SIP side, for people who set one up.
    pub sip_services: Vec<SipService>,
    /// Whether provisioning links are served in the clear to others than this machine: something before it speaks HTTPS.
    pub provisioning_in_clear: bool,
    /// Whether tokens may be judged by what is known here; always by default.
    pub lease: Arc<dyn Lease>,
    /// Sees every request that could be read; nobody by default.
    pub observer: Arc<dyn RequestObserver>,
}

/// How many requests one token may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRateLimit {
    /// Requests per second in the long run.
    pub per_second: NonZeroU32,
    /// Requests at once after a pause.
    pub burst: NonZeroU32,
}

/// One way for phones to reach the SIP side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipService {
    /// `udp`, `tcp`, `tls`, `ws` or `wss`.
    pub transport: &'static str,
    /// The host to type into a phone; `None` where SIP is served on every address, so that it is whatever host the
    /// phone can reach this machine by.
    pub host: Option<String>,
    /// The port.
    pub port: u16,
}

impl Config {
    /// The smallest `max_header_octets` that takes effect.
    pub const MIN_HEADER_OCTETS: usize = 8192;
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_body_octets: 65_536,
            max_header_octets: 32_768,
            header_read_timeout: Duration::from_secs(10),
            body_read_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            max_connections: 10_000,
            handshake_timeout: Duration::from_secs(10),
            max_handshakes: 2_000,
            rate_limit: None,
            operator_api: None,
            registrations: Arc::new(NobodyOnline),
            auth_events: Arc::new(NothingHappens),
            upstream: Arc::new(NobodyRegisters),
            webhook_networks: Vec::new(),
            sip_services: Vec::new(),
            provisioning_in_clear: false,
            lease: Arc::new(SoleNode),
            observer: Arc::new(Unobserved),
        }
    }
}
