//! UDP: sockets, and the worker that serves one of them.

use crate::batch::{BATCH, ReceiveBatch, SendBatch};
use crate::packet_info;
use crate::waiting::{Datagram, Waiting};
use crate::{ConnectionId, Flow, Flows, Inbound, Outbox, Precedence, Received, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a worker sleeps at most before it looks whether it shall stop.
const WAKE_INTERVAL: Duration = Duration::from_millis(200);
/// Batches taken in at most before some are handled again.
const DRAINED_BATCHES: usize = 16;
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
        let (mut batch, mut next) = (ReceiveBatch::of(&self.socket), ReceiveBatch::of(&self.socket));
        let mut desk = Desk { outbox: Outbox::new(), leaving: SendBatch::new(), scratch: self.inbound.scratch() };
        let mut backlog = Backlog { waiting: Waiting::new(), shed: Shed::default() };
        while !stop.load(Ordering::Relaxed) {
            match batch.receive(&self.socket) {
                Ok(count) if count < BATCH => self.handle_all(&mut desk, &batch, count),
                Ok(count) => {
                    // A full batch may be all there is. Sorting copies each datagram, so it waits for a second one.
                    let more = next.receive_present(&self.socket).unwrap_or(0);
                    if more < BATCH {
                        self.handle_all(&mut desk, &batch, count);
                        self.handle_all(&mut desk, &next, more);
                    } else {
                        self.sort(&mut desk, &mut backlog, &batch, count);
                        self.sort(&mut desk, &mut backlog, &next, more);
                        self.catch_up(&mut desk, &mut backlog, &mut batch, stop);
                    }
                }
                Err(error) if is_timeout(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, local = %self.local, "receiving datagrams failed; trying again");
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
        }
    }

    /// Handles a batch in the order in which it came.
    fn handle_all(&self, desk: &mut Desk<I>, batch: &ReceiveBatch, count: usize) {
        for datagram in (0..count).filter_map(|index| batch.datagram(index)) {
            self.handle(desk, datagram);
        }
        self.send(desk);
    }

    /// Handles what waits, those that go first before the others, and between two batches takes in whatever has come,
    /// so that the kernel drops nothing unseen; returns when nothing waits any more.
    fn catch_up(&self, desk: &mut Desk<I>, backlog: &mut Backlog, batch: &mut ReceiveBatch, stop: &AtomicBool) {
        while !backlog.waiting.is_empty() && !stop.load(Ordering::Relaxed) {
            for _ in 0..DRAINED_BATCHES {
                let count = batch.receive_present(&self.socket).unwrap_or(0);
                self.sort(desk, backlog, batch, count);
                if count < BATCH {
                    break;
                }
            }
            for _ in 0..BATCH {
                let Some(datagram) = backlog.waiting.front() else { break };
                self.handle(desk, datagram);
                backlog.waiting.pop();
            }
            self.send(desk);
            backlog.shed.report(self.local);
        }
    }

    /// Lets the datagrams of a batch wait, each where it belongs.
    fn sort(&self, desk: &mut Desk<I>, backlog: &mut Backlog, batch: &ReceiveBatch, count: usize) {
        for datagram in (0..count).filter_map(|index| batch.datagram(index)) {
            let crowding = backlog.waiting.crowding();
            let mut precedence = Precedence::Ordinary;
            self.guarded(desk, datagram, |inbound, desk, received| {
                precedence = inbound.precedence(&mut desk.scratch, received, crowding);
            });
            if !backlog.waiting.push(precedence, &datagram) {
                backlog.shed.count += 1;
                self.guarded(desk, datagram, |inbound, desk, received| {
                    inbound.shed(&mut desk.scratch, received, &mut desk.outbox);
                });
            }
        }
    }

    fn handle(&self, desk: &mut Desk<I>, datagram: Datagram<'_>) {
        self.guarded(desk, datagram, |inbound, desk, received| {
            inbound.receive(&mut desk.scratch, received, &mut desk.outbox);
        });
    }

    fn send(&self, desk: &mut Desk<I>) {
        desk.leaving.send_all(&self.socket, &desk.outbox);
        desk.outbox.clear();
    }

    /// A panic costs one message, not the worker: its socket would go on taking in a share of all phones' datagrams.
    fn guarded(
        &self,
        desk: &mut Desk<I>,
        Datagram { remote, local, octets }: Datagram<'_>,
        work: impl FnOnce(&I, &mut Desk<I>, Received<'_>),
    ) {
        let flow = Flow {
            transport: Transport::Udp,
            local: local.map_or(self.local, |ip| SocketAddr::new(ip, self.local.port())),
            remote,
            connection: ConnectionId::NONE,
        };
        let received = Received { lane: self.lane, flow: &flow, octets };
        let first_answer = desk.outbox.messages().len();
        if catch_unwind(AssertUnwindSafe(|| work(&self.inbound, desk, received))).is_err() {
            tracing::error!(%remote, "handling a message panicked; this is a defect of the server");
            desk.scratch = self.inbound.scratch();
        }
        if let Some(local) = local {
            desk.outbox.leave_from(local, first_answer);
        }
    }
}

/// What a worker handles a message with.
struct Desk<I: Inbound> {
    outbox: Outbox,
    leaving: SendBatch,
    scratch: I::Scratch,
}

/// What a worker has not handled yet, and what it turned away.
struct Backlog {
    waiting: Waiting,
    shed: Shed,
}

/// Datagrams turned away, said in the log at most once a second.
#[derive(Default)]
struct Shed {
    count: u64,
    reported: u64,
    last_report: Option<Instant>,
}

impl Shed {
    fn report(&mut self, local: SocketAddr) {
        let is_due = self.last_report.is_none_or(|last| last.elapsed() >= Duration::from_secs(1));
        if self.count > self.reported && is_due {
            tracing::warn!(datagrams = self.count - self.reported, %local, "more requests came than can be handled; turned some away");
            self.reported = self.count;
            self.last_report = Some(Instant::now());
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}
