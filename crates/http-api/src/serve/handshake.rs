//! What happens on a connection before HTTP is spoken on it: nothing, or TLS.

use std::future::Future;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Makes an accepted connection one that HTTP may be spoken on. Which library does it is the caller's choice.
pub trait Handshake: Clone + Send + Sync + 'static {
    /// The connection afterwards.
    type Connection: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Whether nobody can read along on the connection afterwards.
    const IS_SECURE: bool;

    /// Completes the handshake or fails. It may take for ever: the serving loop bounds time and number.
    fn complete(&self, stream: TcpStream) -> impl Future<Output = io::Result<Self::Connection>> + Send;
}

/// No handshake: HTTP in the clear.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain;

impl Handshake for Plain {
    type Connection = TcpStream;

    const IS_SECURE: bool = false;

    async fn complete(&self, stream: TcpStream) -> io::Result<TcpStream> {
        Ok(stream)
    }
}
