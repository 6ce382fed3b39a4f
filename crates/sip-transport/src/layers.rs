//! What lies between a TCP connection and SIP.

use crate::Transport;
use tls_identity::Acceptor;

/// What a listener speaks below SIP. Cheap to clone.
#[derive(Clone)]
pub enum Layers {
    /// Nothing: TCP alone.
    Tcp,
    /// TLS.
    Tls(Acceptor),
    /// WebSocket.
    Ws,
    /// WebSocket within TLS.
    Wss(Acceptor),
}

impl Layers {
    /// The transport as Via and phones name it.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        match self {
            Self::Tcp => Transport::Tcp,
            Self::Tls(_) => Transport::Tls,
            Self::Ws => Transport::Ws,
            Self::Wss(_) => Transport::Wss,
        }
    }
}
