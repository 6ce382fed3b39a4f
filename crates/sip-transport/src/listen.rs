//! Sockets that connections come to.

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1_024;
/// How long a peer may be silent before the system asks whether it is still there; as long as phones themselves wait
/// between keep-alives over a connection (RFC 5626 section 4.4.1).
const ASK_AFTER: Duration = Duration::from_secs(120);
/// How long the system waits for each answer.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(20);
/// How often it asks before the connection counts as lost.
const ASK_TIMES: u32 = 4;

/// Binds a listening socket.
///
/// # Errors
/// Whatever the system says.
pub fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Lets a restart take the port over from connections in TIME-WAIT; two listeners are still refused.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Settles how an accepted connection behaves. What the system refuses is only a convenience lost.
pub(crate) fn settle(stream: &TcpStream) {
    // Answers are whole messages; waiting to fill a segment would only delay them.
    let _ = stream.set_nodelay(true);
    // A phone that was switched off says nothing; without this its flow would count as open until it had been silent
    // for hours.
    let keepalive = TcpKeepalive::new().with_time(ASK_AFTER).with_interval(ASK_AGAIN_AFTER).with_retries(ASK_TIMES);
    let _ = SockRef::from(stream).set_tcp_keepalive(&keepalive);
}
