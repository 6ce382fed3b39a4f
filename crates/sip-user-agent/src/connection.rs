//! The socket to the server: whole messages out and in.

use crate::{TlsPeer, UaTransport, UserAgentError};
use sip_message::framing::{Framed, FramingError, StreamFramer};
use sip_message::limits::MAX_MESSAGE_OCTETS;
use sip_transaction::{Reliability, TIMER_F_MS};
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tls_identity::ServerRefusal;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UdpSocket};

/// Why nothing more can be sent or received now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error("{0}")]
    Socket(#[from] io::Error),
    #[error("the server closed the connection")]
    Closed,
    #[error("the server sent what is not SIP: {0}")]
    Framing(FramingError),
}

/// Room for a usual response, made before each read from a stream.
const READ_OCTETS: usize = 4096;

/// One of the transports.
pub(crate) enum Connection {
    Udp(Datagrams),
    Tcp(Stream),
}

impl Connection {
    pub(crate) async fn open(transport: &UaTransport, server: SocketAddr) -> Result<Self, UserAgentError> {
        match transport {
            UaTransport::Udp => Datagrams::open(server).await.map(Self::Udp),
            UaTransport::Tcp => Stream::open(server, None).await.map(Self::Tcp),
            UaTransport::Tls(peer) => Stream::open(server, Some(peer.clone())).await.map(Self::Tcp),
        }
    }

    /// Our address, as far as this machine knows it.
    pub(crate) const fn local(&self) -> SocketAddr {
        match self {
            Self::Udp(datagrams) => datagrams.local,
            Self::Tcp(stream) => stream.local,
        }
    }

    pub(crate) const fn reliability(&self) -> Reliability {
        match self {
            Self::Udp(_) => Reliability::Unreliable,
            Self::Tcp(_) => Reliability::Reliable,
        }
    }

    /// Makes it fit for another exchange after whatever became of the last.
    pub(crate) async fn renew(&mut self) -> Result<(), ConnectionError> {
        match self {
            Self::Udp(datagrams) => {
                // A port that was closed then may be open now.
                datagrams.socket.take_error()?;
                Ok(())
            }
            Self::Tcp(stream) => stream.renew().await,
        }
    }

    /// Sends one message.
    pub(crate) async fn send(&mut self, message: &[u8]) -> Result<(), ConnectionError> {
        match self {
            Self::Udp(datagrams) => {
                datagrams.socket.send(message).await?;
                Ok(())
            }
            Self::Tcp(stream) => stream.send(message).await,
        }
    }

    /// Waits for the next message and puts it in place of what `message` held. Dropping the future loses nothing.
    pub(crate) async fn receive(&mut self, message: &mut Vec<u8>) -> Result<(), ConnectionError> {
        match self {
            Self::Udp(datagrams) => datagrams.receive(message).await,
            Self::Tcp(stream) => stream.receive(message).await,
        }
    }
}

/// A UDP socket connected to the server, so that nobody else is heard and a closed port is noticed.
pub(crate) struct Datagrams {
    socket: UdpSocket,
    local: SocketAddr,
}

impl Datagrams {
    async fn open(server: SocketAddr) -> Result<Self, UserAgentError> {
        let any: IpAddr = match server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).await.map_err(UserAgentError::Bind)?;
        socket.connect(server).await.map_err(UserAgentError::Connect)?;
        let local = socket.local_addr().map_err(UserAgentError::Bind)?;
        Ok(Self { socket, local })
    }

    async fn receive(&self, message: &mut Vec<u8>) -> Result<(), ConnectionError> {
        message.clear();
        message.reserve(MAX_MESSAGE_OCTETS);
        self.socket.recv_buf(message).await?;
        Ok(())
    }
}

/// A connection, encrypted or not.
trait Carrier: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Carrier for T {}

/// A TCP connection to the server, with TLS inside if there is a peer to prove itself.
pub(crate) struct Stream {
    server: SocketAddr,
    local: SocketAddr,
    peer: Option<TlsPeer>,
    /// `None` once it has failed.
    stream: Option<Box<dyn Carrier>>,
    framer: StreamFramer,
    received: Vec<u8>,
}

impl Stream {
    async fn open(server: SocketAddr, peer: Option<TlsPeer>) -> Result<Self, UserAgentError> {
        let limit = Duration::from_millis(TIMER_F_MS);
        let connected = tokio::time::timeout(limit, connect(server, peer.as_ref())).await;
        let (stream, local) = connected.map_err(|_| UserAgentError::ConnectTimedOut)?.map_err(|error| {
            ServerRefusal::of(&error).map_or(UserAgentError::Connect(error), UserAgentError::Untrusted)
        })?;
        Ok(Self { server, local, peer, stream: Some(stream), framer: StreamFramer::new(), received: Vec::new() })
    }

    async fn renew(&mut self) -> Result<(), ConnectionError> {
        if let Some(stream) = &mut self.stream
            && is_open(stream, &mut self.received).await
        {
            return Ok(());
        }
        self.framer = StreamFramer::new();
        self.received.clear();
        let (stream, local) = connect(self.server, self.peer.as_ref()).await?;
        self.local = local;
        self.stream = Some(stream);
        Ok(())
    }

    /// The stream is taken out meanwhile: a message sent in part leaves a connection that is good for nothing.
    async fn send(&mut self, message: &[u8]) -> Result<(), ConnectionError> {
        let mut stream = self.stream.take().ok_or(ConnectionError::Closed)?;
        stream.write_all(message).await?;
        stream.flush().await?;
        self.stream = Some(stream);
        Ok(())
    }

    async fn receive(&mut self, message: &mut Vec<u8>) -> Result<(), ConnectionError> {
        loop {
            match self.framer.frame(&self.received) {
                Framed::Message(length) => {
                    message.clear();
                    message.extend(self.received.drain(..length));
                    return Ok(());
                }
                Framed::KeepAlive(length) => drop(self.received.drain(..length)),
                Framed::Malformed(error) => {
                    self.stream = None;
                    return Err(ConnectionError::Framing(error));
                }
                Framed::Incomplete => self.read_more().await?,
            }
        }
    }

    async fn read_more(&mut self) -> Result<(), ConnectionError> {
        let stream = self.stream.as_mut().ok_or(ConnectionError::Closed)?;
        self.received.reserve(READ_OCTETS);
        let read = stream.read_buf(&mut self.received).await;
        if !matches!(read, Ok(1..)) {
            self.stream = None;
        }
        match read? {
            0 => Err(ConnectionError::Closed),
            _ => Ok(()),
        }
    }
}

async fn connect(server: SocketAddr, peer: Option<&TlsPeer>) -> io::Result<(Box<dyn Carrier>, SocketAddr)> {
    let stream = TcpStream::connect(server).await?;
    let local = stream.local_addr()?;
    let carrier: Box<dyn Carrier> = match peer {
        None => Box::new(stream),
        Some(TlsPeer { connector, name }) => Box::new(connector.connect(name, stream).await?),
    };
    Ok((carrier, local))
}

/// Whether the server has not closed the connection, as far as is known without waiting; what it sent is kept.
async fn is_open(stream: &mut Box<dyn Carrier>, received: &mut Vec<u8>) -> bool {
    let mut octets = [0; READ_OCTETS];
    while received.len() < MAX_MESSAGE_OCTETS {
        let mut buffer = ReadBuf::new(&mut octets);
        let polled = poll_fn(|context| {
            let polled = Pin::new(&mut *stream).poll_read(context, &mut buffer);
            Poll::Ready(polled)
        });
        match polled.await {
            Poll::Pending => return true,
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => received.extend_from_slice(buffer.filled()),
            Poll::Ready(_) => return false,
        }
    }
    true
}
