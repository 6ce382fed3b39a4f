//! UDP sockets of a client with many requests under way at one server: batches both ways.

use crate::Outbox;
use crate::batch::{BATCH, ReceiveBatch, SendBatch};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// What the kernel is asked to queue for each socket; it may grant less.
const RECEIVE_BUFFER_OCTETS: usize = 4 << 20;

/// Sockets connected to one server, so that nobody else is heard and a closed port is noticed. Several of them are spread
/// over a server's workers, which the kernel tells apart by their ports.
pub struct ClientSockets {
    sockets: Vec<UdpSocket>,
    locals: Vec<SocketAddr>,
    batch: ReceiveBatch,
    leaving: SendBatch,
    ready: Vec<bool>,
}

impl ClientSockets {
    /// Opens that many.
    ///
    /// # Errors
    /// Whatever the system says; there is no route to the server, or too many files are open.
    pub fn connect(server: SocketAddr, count: usize) -> io::Result<Self> {
        let sockets = (0..count.max(1)).map(|_| open(server)).collect::<io::Result<Vec<_>>>()?;
        let locals = sockets.iter().map(UdpSocket::local_addr).collect::<io::Result<Vec<_>>>()?;
        let ready = vec![false; sockets.len()];
        let batch = ReceiveBatch::new();
        Ok(Self { sockets, locals, batch, leaving: SendBatch::new(), ready })
    }

    /// The address of each.
    #[must_use]
    pub fn locals(&self) -> &[SocketAddr] {
        &self.locals
    }

    /// Sends what is in the outbox from one of them and empties it.
    pub fn send(&mut self, socket: usize, outbox: &mut Outbox) {
        if let Some(socket) = self.sockets.get(socket) {
            self.leaving.send_all(socket, outbox);
        }
        outbox.clear();
    }

    /// Waits up to that long for datagrams and hands over those that are there, with the number of their socket.
    ///
    /// # Errors
    /// Whatever the system says; with `ConnectionRefused`, nobody listens at the server's port, and one may call again.
    pub fn receive(&mut self, wait: Duration, mut each: impl FnMut(usize, &[u8])) -> io::Result<usize> {
        if !self.wait_until_readable(wait)? {
            return Ok(0);
        }
        let mut received = 0;
        let readable = self.sockets.iter().enumerate().zip(&self.ready).filter(|(_, ready)| **ready);
        for ((number, socket), _) in readable {
            loop {
                let count = match self.batch.receive_present(socket) {
                    Ok(count) => count,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                    Err(error) => return Err(error),
                };
                for datagram in (0..count).filter_map(|index| self.batch.datagram(index)) {
                    each(number, datagram.octets);
                }
                received += count;
                if count < BATCH {
                    break;
                }
            }
        }
        Ok(received)
    }

    fn wait_until_readable(&mut self, wait: Duration) -> io::Result<bool> {
        let limit = Timespec::try_from(wait).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut polled: Vec<_> = self.sockets.iter().map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
        let count = match poll(&mut polled, Some(&limit)) {
            Ok(count) => count,
            Err(error) if error == rustix::io::Errno::INTR => 0,
            Err(error) => return Err(error.into()),
        };
        for (ready, polled) in self.ready.iter_mut().zip(&polled) {
            *ready = !polled.revents().is_empty();
        }
        Ok(count > 0)
    }
}

fn open(server: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(server), Type::DGRAM, Some(Protocol::UDP))?;
    // A smaller buffer than asked for is this machine's limit, not an error.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_OCTETS);
    socket.connect(&server.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_socket_hears_its_own_answers() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut clients = ClientSockets::connect(server.local_addr().unwrap(), 3).unwrap();
        for (number, local) in clients.locals().to_vec().into_iter().enumerate() {
            for _ in 0..number * 100 {
                server.send_to(&[u8::try_from(number).unwrap()], local).unwrap();
            }
        }
        let (mut counts, mut received) = ([0; 3], 0);
        while received < 300 {
            received += clients
                .receive(Duration::from_secs(5), |socket, octets| {
                    assert_eq!(octets, [u8::try_from(socket).unwrap()]);
                    counts[socket] += 1;
                })
                .unwrap();
        }
        assert_eq!(counts, [0, 100, 200]);
        assert_eq!(clients.receive(Duration::ZERO, |_, _| panic!("nothing is left")).unwrap(), 0);
    }

    #[test]
    fn a_port_where_nobody_listens_is_noticed() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        drop(server);
        let mut clients = ClientSockets::connect(address, 1).unwrap();
        let mut outbox = Outbox::new();
        outbox.push(address, |octets| octets.push(b'x'));
        clients.send(0, &mut outbox);
        let error = clients.receive(Duration::from_secs(5), |_, _| panic!("nobody is there")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
