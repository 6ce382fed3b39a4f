//! Why a next hop is not reached.

use crate::Transport;
use std::io;
use std::sync::Arc;
use tls_identity::{PeerName, ServerRefusal};

/// Why there is no flow to a next hop. The texts are for the operator and end with what mends it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectError {
    /// As many connections to next hops are open as there may be.
    #[error("all {most} connections to next hops are in use; allow more of them")]
    NoRoom {
        /// How many there may be.
        most: usize,
    },
    /// Nobody listens there.
    #[error("the next hop refused the connection; check its port and transport, and that it is running")]
    Refused,
    /// The system knows no way, or the connection broke while it was made.
    #[error("the next hop cannot be reached ({0}); check the route and firewalls on the way")]
    Unreachable(Arc<io::Error>),
    /// Nothing came back, or the handshake never ended.
    #[error("no connection was made within {limit_ms} ms; check address, port, and firewalls on the way")]
    TimedOut {
        /// How long it was waited for.
        limit_ms: u64,
    },
    /// The peer speaks TLS and is not, or not provably, whom we mean.
    #[error("{name} is not trusted: {refusal}; {}", mend(refusal))]
    Untrusted {
        /// Whom we mean.
        name: PeerName,
        /// What is wrong with its certificate.
        refusal: ServerRefusal,
    },
    /// The handshake failed for another reason.
    #[error("the TLS handshake failed ({0}); check that this port speaks TLS 1.2 or 1.3")]
    Handshake(Arc<io::Error>),
    /// No UDP socket of ours can send there.
    #[error("no UDP address that is listened on can send there; listen on one of the same family and network")]
    NoSocket,
    /// A transport over which we answer but do not call.
    #[error("requests to next hops do not go over {}; use udp, tcp or tls", .0.as_str())]
    NotSpoken(Transport),
    /// The server stops.
    #[error("the server is stopping")]
    Stopping,
}

const fn mend(refusal: &ServerRefusal) -> &'static str {
    match refusal {
        ServerRefusal::UnknownAuthority => "name the authority that signed it as one for next hops",
        ServerRefusal::WrongName => "write the name that it is for into the URI, or have it issued for this one",
        ServerRefusal::NotValidNow => "have it renewed, and check the clock of this machine",
        ServerRefusal::Unacceptable(_) => "have it issued anew for use by a server",
    }
}

impl ConnectError {
    /// For what went wrong while TCP was set up.
    pub(crate) fn of_tcp(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            _ => Self::Unreachable(Arc::new(error)),
        }
    }

    /// For what went wrong while TLS was.
    pub(crate) fn of_tls(error: io::Error, name: &PeerName) -> Self {
        match ServerRefusal::of(&error) {
            Some(refusal) => Self::Untrusted { name: name.clone(), refusal },
            None => Self::Handshake(Arc::new(error)),
        }
    }
}
