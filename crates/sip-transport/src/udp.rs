//! UDP: sockets, and the worker that serves one of them.

use crate::batch::{ReceiveBatch, send_all};
use crate::packet_info;
use crate::{ConnectionId, Flow, Flows, Inbound, Outbox, Received, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a worker sleeps at most before it looks whether it shall stop.
const WAKE_INTERVAL: Duration = Duration::from_millis(200);
/// What the kernel is asked to queue for us; it may grant less.
const RECEIVE_BUFFER_OCTETS: usize = 4 << 20;

/// Binds as many sockets to one address as there are workers; the kernel then spreads peers over them.
///
/// # Errors
/// Whatever the system says; an address in use is refused also where another process of ours would let us share it.
pub fn bind_udp(address: SocketAddr, workers: usize) -> io::Result<Vec<UdpSocket>> {
    // Bound alone first: with SO_REUSEPORT a second server on the same port would go unnoticed and take half the load.
    let alone = bind(address, Sharing::Alone)?;
    if workers <= 1 {
        return Ok(vec![alone]);
    }
    let bound = alone.local_addr()?;
    drop(alone);
    (0..workers).map(|_| bind(bound, Sharing::ReusePort)).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Alone,
    ReusePort,
}

fn bind(address: SocketAddr, sharing: Sharing) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if sharing == Sharing::ReusePort {
        socket.set_reuse_port(true)?;
    }
    // A smaller buffer than asked for is the operator's limit, not an error.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_OCTETS);
    socket.set_read_timeout(Some(WAKE_INTERVAL))?;
    socket.bind(&address.into())?;
    let socket = UdpSocket::from(socket);
    if address.ip().is_unspecified() {
        packet_info::tell_destinations(&socket)?;
    }
    Ok(socket)
}

/// Serves one UDP socket on the thread that runs it.
pub struct UdpWorker<I: Inbound> {
    socket: Arc<UdpSocket>,
    local: SocketAddr,
    lane: usize,
    inbound: Arc<I>,
}

impl<I: Inbound> UdpWorker<I> {
    /// A worker for that socket, which late answers can use from now on.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn new(socket: UdpSocket, lane: usize, inbound: Arc<I>, flows: &Flows) -> io::Result<Self> {
        let local = socket.local_addr()?;
        let socket = Arc::new(socket);
        flows.add_udp(local, Arc::clone(&socket));
        Ok(Self { socket, local, lane, inbound })
    }

    /// Receives, handles and answers batches until told to stop.
    pub fn run(self, stop: &AtomicBool) {
        let mut batch = ReceiveBatch::new();
        let mut outbox = Outbox::new();
        let mut scratch = self.inbound.scratch();
        while !stop.load(Ordering::Relaxed) {
            match batch.receive(&self.socket) {
                Ok(count) => {
                    for (remote, local, octets) in (0..count).filter_map(|index| batch.datagram(index)) {
                        let flow = Flow {
                            transport: Transport::Udp,
                            local: local.map_or(self.local, |ip| SocketAddr::new(ip, self.local.port())),
                            remote,
                            connection: ConnectionId::NONE,
                        };
                        let first_answer = outbox.messages().len();
                        let received = Received { lane: self.lane, flow: &flow, octets };
                        self.receive(&mut scratch, received, &mut outbox);
                        if let Some(local) = local {
                            outbox.leave_from(local, first_answer);
                        }
                    }
                    send_all(&self.socket, &outbox);
                    outbox.clear();
                }
                Err(error) if is_timeout(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, local = %self.local, "receiving datagrams failed; trying again");
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
        }
    }

    /// A panic costs one message, not the worker: its socket would go on taking in a share of all phones' datagrams.
    fn receive(&self, scratch: &mut I::Scratch, received: Received<'_>, outbox: &mut Outbox) {
        let handle = AssertUnwindSafe(|| self.inbound.receive(scratch, received, outbox));
        if catch_unwind(handle).is_err() {
            tracing::error!(remote = %received.flow.remote, "handling a message panicked; this is a defect of the server");
            *scratch = self.inbound.scratch();
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}
