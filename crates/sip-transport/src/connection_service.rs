//! TCP: one task per connection, framed, bounded in memory and time.

use crate::{ConnectionId, Flow, Flows, Inbound, Outbox, Received, Transport};
use parking_lot::Mutex;
use sip_message::framing::{Framed, StreamFramer};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// What the operator may set about TCP.
#[derive(Debug, Clone, Copy)]
pub struct TcpConfig {
    /// Most connections at a time over all listeners; further ones are closed at once.
    pub max_connections: usize,
    /// How long a connection may be silent, in seconds; longer than the longest registration interval.
    pub idle_seconds: u64,
    /// How long one message may take from its first octet to its last, and the first one from the connection's
    /// beginning, in seconds.
    pub message_seconds: u64,
    /// How long the peer may take to read an answer, in seconds.
    pub write_seconds: u64,
}

impl Default for TcpConfig {
    fn default() -> Self {
        Self { max_connections: 10_000, idle_seconds: 10_800, message_seconds: 32, write_seconds: 10 }
    }
}

/// Late answers that may wait for a connection to take them.
const LATE_ANSWERS: usize = 32;
/// What a connection's buffer starts with.
const FIRST_READ_OCTETS: usize = 2_048;

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
    socket.listen(1024)?;
    TcpListener::from_std(socket.into())
}

/// Serves TCP connections. Buffers are per lane, not per connection: an idle phone costs almost nothing.
pub struct TcpService<I: Inbound> {
    inbound: Arc<I>,
    flows: Arc<Flows>,
    config: TcpConfig,
    first_lane: usize,
    lanes: Box<[Mutex<Lane<I>>]>,
}

struct Lane<I: Inbound> {
    scratch: I::Scratch,
    outbox: Outbox,
}

/// What a connection does after handling what it has read.
enum Next {
    ReadOn,
    Close,
}

impl<I: Inbound> TcpService<I> {
    /// A service whose connections are spread over those lanes.
    #[must_use]
    pub fn new(inbound: Arc<I>, flows: Arc<Flows>, config: TcpConfig, lanes: Range<usize>) -> Arc<Self> {
        let first_lane = lanes.start;
        let lanes = lanes.map(|_| Mutex::new(Lane { scratch: inbound.scratch(), outbox: Outbox::new() })).collect();
        Arc::new(Self { inbound, flows, config, first_lane, lanes })
    }

    /// Accepts connections until told to stop.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(&mut stop) => return,
            };
            match accepted {
                Ok((stream, remote)) => {
                    let (service, stop) = (Arc::clone(&self), stop.clone());
                    tokio::spawn(async move { service.serve_connection(stream, remote, stop).await });
                }
                Err(error) => {
                    // Out of file descriptors, mostly; waiting lets connections end.
                    tracing::warn!(%error, "accepting a connection failed; trying again");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    async fn serve_connection(&self, stream: TcpStream, remote: SocketAddr, stop: watch::Receiver<bool>) {
        let Ok(local) = stream.local_addr() else { return };
        let (sender, late) = mpsc::channel(LATE_ANSWERS);
        let Some(connection) = self.flows.add_connection(sender, self.config.max_connections) else {
            tracing::warn!(%remote, "too many connections; closing a new one");
            return;
        };
        let _open = OpenConnection { flows: &self.flows, connection };
        let flow = Flow { transport: Transport::Tcp, local, remote, connection };
        // Answers are whole messages; waiting to fill a segment would only delay them.
        let _ = stream.set_nodelay(true);
        if let Err(error) = self.exchange(stream, &flow, late, stop).await {
            tracing::debug!(%error, %remote, "connection ended");
        }
    }

    async fn exchange(
        &self,
        mut stream: TcpStream,
        flow: &Flow,
        mut late: mpsc::Receiver<Vec<u8>>,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let mut input = Input::beginning_before(Instant::now() + Duration::from_secs(self.config.message_seconds));
        let mut silent_until = Instant::now() + Duration::from_secs(self.config.idle_seconds);
        loop {
            let deadline = input.message_deadline.map_or(silent_until, |deadline| deadline.min(silent_until));
            tokio::select! {
                read = input.read(&mut stream) => {
                    if read? == 0 {
                        return Ok(());
                    }
                    let now = Instant::now();
                    silent_until = now + Duration::from_secs(self.config.idle_seconds);
                    // Not kept: a silent connection shall cost nothing.
                    let mut answers = Vec::new();
                    let next = self.handle(flow, &mut input, &mut answers);
                    input.note_progress(now, Duration::from_secs(self.config.message_seconds));
                    self.write(&mut stream, &answers).await?;
                    if let Next::Close = next {
                        return Ok(());
                    }
                }
                Some(answer) = late.recv() => self.write(&mut stream, &answer).await?,
                () = sleep_until(deadline) => return Err(io::ErrorKind::TimedOut.into()),
                () = stopped(&mut stop) => return Ok(()),
            }
        }
    }

    /// Handles every whole message that was read.
    fn handle(&self, flow: &Flow, input: &mut Input, answers: &mut Vec<u8>) -> Next {
        let index = lane_of(flow.connection, self.lanes.len());
        let Some(lane) = self.lanes.get(index) else { return Next::Close };
        let mut lane = lane.lock();
        let Lane { scratch, outbox } = &mut *lane;
        // Should a message have ended in a panic, its answers are not this connection's.
        outbox.clear();
        loop {
            match input.frame() {
                Framed::Message(length) => {
                    let octets = input.pending().get(..length).unwrap_or_default();
                    self.inbound.receive(scratch, Received { lane: self.first_lane + index, flow, octets }, outbox);
                    for message in outbox.messages() {
                        answers.extend_from_slice(outbox.octets_of(message));
                    }
                    outbox.clear();
                    input.take(length);
                }
                Framed::KeepAlive(length) => {
                    // RFC 5626 section 4.4.1: a double CRLF is answered by a single one.
                    if length >= 4 {
                        answers.extend_from_slice(b"\r\n");
                    }
                    input.take(length);
                }
                Framed::Incomplete => return Next::ReadOn,
                Framed::Malformed(error) => {
                    tracing::debug!(?error, remote = %flow.remote, "stream cannot be framed; closing");
                    return Next::Close;
                }
            }
        }
    }

    async fn write(&self, stream: &mut TcpStream, octets: &[u8]) -> io::Result<()> {
        if octets.is_empty() {
            return Ok(());
        }
        let limit = Duration::from_secs(self.config.write_seconds);
        timeout(limit, stream.write_all(octets)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}

/// Forgets a connection when it ends, in whatever way.
struct OpenConnection<'f> {
    flows: &'f Flows,
    connection: ConnectionId,
}

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        self.flows.remove_connection(self.connection);
    }
}

/// Completes when told to stop, or when nobody is left to tell.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The guard must not live across an await.
    let _ = stop.wait_for(|stop| *stop).await.is_ok();
}

#[expect(clippy::cast_possible_truncation, reason = "less than the number of lanes")]
fn lane_of(connection: ConnectionId, lanes: usize) -> usize {
    (connection.0 % lanes.max(1) as u64) as usize
}

/// What was read and not yet handled.
struct Input {
    octets: Vec<u8>,
    taken: usize,
    framer: StreamFramer,
    /// When a message that has begun must be whole; in the beginning, when the first one must be.
    message_deadline: Option<Instant>,
}

impl Input {
    /// A connection that says nothing in the beginning is no phone's.
    fn beginning_before(deadline: Instant) -> Self {
        Self { octets: Vec::new(), taken: 0, framer: StreamFramer::new(), message_deadline: Some(deadline) }
    }

    async fn read(&mut self, stream: &mut TcpStream) -> io::Result<usize> {
        if self.octets.is_empty() {
            // Nothing is kept for a silent connection: its buffer is given back until something comes.
            stream.readable().await?;
            self.octets.reserve(FIRST_READ_OCTETS);
        }
        stream.read_buf(&mut self.octets).await
    }

    fn frame(&mut self) -> Framed {
        self.framer.frame(self.octets.get(self.taken..).unwrap_or_default())
    }

    fn pending(&self) -> &[u8] {
        self.octets.get(self.taken..).unwrap_or_default()
    }

    fn take(&mut self, length: usize) {
        self.taken = (self.taken + length).min(self.octets.len());
    }

    /// Gives back what was handled, and starts or ends the clock of a message that is still coming.
    fn note_progress(&mut self, now: Instant, limit: Duration) {
        if self.taken > 0 {
            self.octets.drain(..self.taken);
            self.taken = 0;
            self.message_deadline = None;
        }
        if self.octets.is_empty() {
            self.octets = Vec::new();
        } else if self.message_deadline.is_none() && !is_part_of_keep_alive(&self.octets) {
            self.message_deadline = Some(now + limit);
        }
    }
}

/// Line breaks that may yet become a double CRLF: some phones keep a connection alive by one CRLF every few minutes,
/// and must not be taken for peers that stall.
fn is_part_of_keep_alive(octets: &[u8]) -> bool {
    octets.iter().all(|octet| matches!(octet, b'\r' | b'\n'))
}
