//! Why a user agent could not be opened; once it is open, an [`Outcome`](crate::Outcome) tells how each exchange went.

use std::io;
use tls_identity::ServerRefusal;

/// What keeps [`UserAgent::open`](crate::UserAgent::open) from returning a user agent, or a call from beginning.
#[derive(Debug, thiserror::Error)]
pub enum UserAgentError {
    /// Empty, or with an octet that cannot stand between the quotes of digest credentials.
    #[error("the username is empty or has a quote, backslash or control character")]
    InvalidUsername,
    /// Not a host with an optional port.
    #[error("the domain is not a host name or address")]
    InvalidDomain,
    /// Not a sip or sips URI without headers.
    #[error("whom to call is not a sip URI such as sip:bob@example.com")]
    InvalidTarget,
    /// No local socket could be had.
    #[error("cannot open a local socket")]
    Bind(#[source] io::Error),
    /// The server cannot be reached.
    #[error("cannot connect to the server")]
    Connect(#[source] io::Error),
    /// The server's certificate is not to be trusted.
    #[error("{0}")]
    Untrusted(ServerRefusal),
    /// No connection within the time a transaction may take (RFC 3261 timer F).
    #[error("the server did not accept a connection in time")]
    ConnectTimedOut,
}
