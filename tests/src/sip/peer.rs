//! A socket that sends given octets and waits for a response.

use super::message::{Response, framed_length};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
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
}

impl Transport {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Udp, Self::Tcp];

    /// The lower-case name, as in a `transport` parameter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}

/// One UDP socket or TCP connection towards a server.
#[derive(Debug)]
pub struct RawSip {
    socket: Socket,
    local: SocketAddr,
}

#[derive(Debug)]
enum Socket {
    Udp(UdpSocket),
    Tcp { stream: TcpStream, pending: Vec<u8>, closed: bool },
}

impl RawSip {
    /// A socket of its own towards that server.
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
    /// What the operating system says.
    pub fn try_connect(transport: Transport, server: SocketAddr) -> std::io::Result<Self> {
        match transport {
            Transport::Udp => {
                let socket = UdpSocket::bind("127.0.0.1:0")?;
                socket.connect(server)?;
                Ok(Self { local: socket.local_addr()?, socket: Socket::Udp(socket) })
            }
            Transport::Tcp => {
                let stream = TcpStream::connect_timeout(&server, ANSWER_LIMIT)?;
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(ANSWER_LIMIT))?;
                let local = stream.local_addr()?;
                Ok(Self { local, socket: Socket::Tcp { stream, pending: Vec::new(), closed: false } })
            }
        }
    }

    /// Our own address, for Via and Contact.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The transport of this socket.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match self.socket {
            Socket::Udp(_) => Transport::Udp,
            Socket::Tcp { .. } => Transport::Tcp,
        }
    }

    /// The protocol and sent-by of a Via from here.
    #[must_use]
    pub fn via(&self) -> String {
        format!("SIP/2.0/{} {}", self.transport().name().to_ascii_uppercase(), self.local)
    }

    /// Sends octets: one datagram, or a piece of the stream. `false` when the server has closed or refused.
    pub fn send(&mut self, octets: &[u8]) -> bool {
        match &mut self.socket {
            Socket::Udp(socket) => socket.send(octets).is_ok(),
            Socket::Tcp { stream, .. } => stream.write_all(octets).is_ok(),
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

    fn is_closed(&self) -> bool {
        matches!(self.socket, Socket::Tcp { closed: true, .. })
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
                Socket::Tcp { stream, pending, closed } => {
                    // Keep-alive answers (RFC 5626 section 4.4.1) stand before a message.
                    let blank = pending.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
                    pending.drain(..blank);
                    if let Some(length) = framed_length(pending) {
                        return Some(pending.drain(..length).collect());
                    }
                    if *closed {
                        return None;
                    }
                    stream.set_read_timeout(Some(left)).expect("a socket that takes a time limit");
                    let mut chunk = [0; 8192];
                    match stream.read(&mut chunk) {
                        Ok(0) => *closed = true,
                        Ok(length) => pending.extend_from_slice(&chunk[..length]),
                        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                        Err(_) => *closed = true,
                    }
                }
            }
        }
    }
}

/// The text after that name up to the next separator.
fn parameter<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let start = text.find(name)? + name.len();
    text[start..].split([';', ',', ' ', '\r', '\n']).next()
}
