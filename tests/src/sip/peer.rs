//! A socket that sends given octets and waits for a response.

use super::message::{Response, framed_length};
use super::wire::{Wire, is_timeout};
use crate::tls::Issued;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// How long a response may take on a busy machine.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// RFC 3261's T1: after it an unanswered datagram is sent again.
const T1: Duration = Duration::from_millis(500);
const BIGGEST_DATAGRAM: usize = 65_535;

/// A transport to speak SIP over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS.
    Tls,
    /// WebSocket.
    Ws,
    /// WebSocket within TLS.
    Wss,
}

impl Transport {
    /// Those of every server of these tests.
    pub const ALL: [Self; 2] = [Self::Udp, Self::Tcp];

    /// Those of a server that was started with [`crate::Server::start_on_every_transport`].
    pub const EVERY: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// The lower-case name, as in a `transport` parameter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }
}

/// One UDP socket or one connection towards a server.
#[derive(Debug)]
pub struct RawSip {
    socket: Socket,
    transport: Transport,
    local: SocketAddr,
    remote: SocketAddr,
}

#[derive(Debug)]
enum Socket {
    Udp(UdpSocket),
    Stream { wire: Wire, pending: Vec<u8>, closed: bool },
    Upgraded { socket: Box<tungstenite::WebSocket<Wire>>, closed: bool },
}

impl RawSip {
    /// A socket of its own towards that server. Over TLS the server's certificate must be of [`crate::tls::Authority::shared`].
    ///
    /// # Panics
    /// When there is none to be had.
    #[must_use]
    pub fn connect(transport: Transport, server: SocketAddr) -> Self {
        Self::try_connect(transport, server).unwrap_or_else(|error| panic!("{transport:?} to {server}: {error}"))
    }

    /// The same, leaving a refusal to the caller.
    ///
    /// # Errors
    /// What the operating system says, or why there was no handshake.
    pub fn try_connect(transport: Transport, server: SocketAddr) -> std::io::Result<Self> {
        if transport == Transport::Udp {
            let any = if server.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
            let socket = UdpSocket::bind(any)?;
            socket.connect(server)?;
            return Ok(Self::over_udp(socket, server));
        }
        Self::with_certificate(transport, server, None)
    }

    /// A connection on which we show a certificate, if the server asks for one.
    ///
    /// # Errors
    /// What the operating system says, or why there was no handshake.
    pub fn with_certificate(transport: Transport, server: SocketAddr, own: Option<&Issued>) -> std::io::Result<Self> {
        Self::on(transport, TcpStream::connect_timeout(&server, ANSWER_LIMIT)?, own)
    }

    /// Speaks that transport on a connection that is there already, whatever was said on it before.
    ///
    /// # Errors
    /// Why there was no handshake.
    ///
    /// # Panics
    /// When the transport is UDP.
    pub fn on(transport: Transport, stream: TcpStream, own: Option<&Issued>) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(ANSWER_LIMIT))?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        let (local, server) = (stream.local_addr()?, stream.peer_addr()?);
        let socket = match transport {
            Transport::Udp => panic!("UDP has no connections"),
            Transport::Tcp => Socket::Stream { wire: Wire::Plain(stream), pending: Vec::new(), closed: false },
            Transport::Tls => Socket::Stream { wire: Wire::encrypt(stream, own)?, pending: Vec::new(), closed: false },
            Transport::Ws => Socket::upgrade(Wire::Plain(stream), server)?,
            Transport::Wss => Socket::upgrade(Wire::encrypt(stream, own)?, server)?,
        };
        Ok(Self { socket, transport, local, remote: server })
    }

    /// A UDP socket of that address: on one machine everything below 127.0.0.0/8 is ours, and so can be forged.
    ///
    /// # Panics
    /// When there is none to be had.
    #[must_use]
    pub fn udp_from(source: IpAddr, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((source, 0)).expect("a socket of that address");
        socket.connect(server).expect("a server of the same family");
        Self::over_udp(socket, server)
    }

    fn over_udp(socket: UdpSocket, remote: SocketAddr) -> Self {
        let local = socket.local_addr().expect("a bound socket");
        Self { socket: Socket::Udp(socket), transport: Transport::Udp, local, remote }
    }

    /// The server's address.
    #[must_use]
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Our own address, for Via and Contact.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The transport of this socket.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The protocol and sent-by of a Via from here.
    #[must_use]
    pub fn via(&self) -> String {
        format!("SIP/2.0/{} {}", self.transport().name().to_ascii_uppercase(), self.local)
    }

    /// Sends octets: one datagram, one WebSocket message, or a piece of the stream. `false` when the server has closed or refused.
    pub fn send(&mut self, octets: &[u8]) -> bool {
        match &mut self.socket {
            Socket::Udp(socket) => socket.send(octets).is_ok(),
            Socket::Stream { wire, .. } => wire.write_all(octets).and_then(|()| wire.flush()).is_ok(),
            Socket::Upgraded { socket, .. } => {
                let message = match std::str::from_utf8(octets) {
                    Ok(text) => tungstenite::Message::text(text),
                    Err(_) => tungstenite::Message::binary(octets.to_vec()),
                };
                socket.send(message).is_ok()
            }
        }
    }

    /// The next response, whatever it answers; anything that is no response is passed over.
    #[must_use]
    pub fn receive(&mut self, limit: Duration) -> Option<Response> {
        let deadline = Instant::now() + limit;
        loop {
            let message = self.next_message(deadline)?;
            if let Some(response) = Response::parse(&message) {
                return Some(response);
            }
        }
    }

    /// Sends a request and waits for its final response, sending a datagram again as RFC 3261 section 17.1.2 does.
    ///
    /// # Panics
    /// When no final response with the request's own branch arrives.
    pub fn exchange(&mut self, request: &str) -> Response {
        self.try_exchange(request).unwrap_or_else(|| panic!("no response to\n{request}"))
    }

    /// The same, `None` when no response arrives.
    pub fn try_exchange(&mut self, request: &str) -> Option<Response> {
        let branch = parameter(request, "branch=").unwrap_or_default();
        let deadline = Instant::now() + ANSWER_LIMIT;
        let mut wait = T1;
        self.send(request.as_bytes());
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            match self.receive(wait.min(left)) {
                Some(response) => {
                    let ours = response.header("via").and_then(|via| parameter(via, "branch=")) == Some(branch);
                    if ours && response.status >= 200 {
                        return Some(response);
                    }
                }
                None if self.transport() == Transport::Udp => {
                    self.send(request.as_bytes());
                    wait *= 2;
                }
                None if self.is_closed() => return None,
                None => {}
            }
        }
    }

    /// Whether the server closes this connection within that time.
    #[must_use]
    pub fn is_closed_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while !self.is_closed() && self.next_message(deadline).is_some() {}
        self.is_closed()
    }

    /// Takes a new socket towards the same server, as a phone does whose connection was closed.
    ///
    /// # Panics
    /// When there is none to be had.
    pub fn reconnect(&mut self) {
        *self = Self::connect(self.transport, self.remote);
    }

    /// Whether the server was seen to have closed this connection.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.socket, Socket::Stream { closed: true, .. } | Socket::Upgraded { closed: true, .. })
    }

    fn next_message(&mut self, deadline: Instant) -> Option<Vec<u8>> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            match &mut self.socket {
                Socket::Udp(socket) => {
                    socket.set_read_timeout(Some(left)).expect("a socket that takes a time limit");
                    let mut datagram = vec![0; BIGGEST_DATAGRAM];
                    match socket.recv(&mut datagram) {
                        Ok(length) => return Some(datagram[..length].to_vec()),
                        // A server that is down shows as a refused datagram; it may come back before the deadline.
                        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                        Err(_) => return None,
                    }
                }
                Socket::Upgraded { socket, closed } => {
                    if *closed {
                        return None;
                    }
                    socket.get_mut().set_read_timeout(left);
                    match socket.read() {
                        Ok(message) if message.is_text() || message.is_binary() => {
                            return Some(message.into_data().to_vec());
                        }
                        Ok(_) => {}
                        Err(tungstenite::Error::Io(error)) if is_timeout(&error) => {}
                        Err(_) => *closed = true,
                    }
                }
                Socket::Stream { wire, pending, closed } => {
                    // Keep-alive answers (RFC 5626 section 4.4.1) stand before a message.
                    let blank = pending.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
                    pending.drain(..blank);
                    if let Some(length) = framed_length(pending) {
                        return Some(pending.drain(..length).collect());
                    }
                    if *closed {
                        return None;
                    }
                    wire.set_read_timeout(left);
                    let mut chunk = [0; 8192];
                    match wire.read(&mut chunk) {
                        Ok(0) => *closed = true,
                        Ok(length) => pending.extend_from_slice(&chunk[..length]),
                        Err(error) if is_timeout(&error) => {}
                        Err(_) => *closed = true,
                    }
                }
            }
        }
    }
}

impl Socket {
    fn upgrade(wire: Wire, server: SocketAddr) -> std::io::Result<Self> {
        let scheme = if matches!(wire, Wire::Plain(_)) { "ws" } else { "wss" };
        let uri = format!("{scheme}://{server}/").parse().expect("a URI");
        let request = tungstenite::ClientRequestBuilder::new(uri).with_sub_protocol("sip");
        match tungstenite::client(request, wire) {
            Ok((socket, _)) => Ok(Self::Upgraded { socket: Box::new(socket), closed: false }),
            Err(error) => Err(std::io::Error::other(error.to_string())),
        }
    }
}

/// The text after that name up to the next separator.
fn parameter<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let start = text.find(name)? + name.len();
    text[start..].split([';', ',', ' ', '\r', '\n']).next()
}
