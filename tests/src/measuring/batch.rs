//! A UDP socket that sends and receives many datagrams with one system call, so that the load costs less than the server.

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_recv_buffer_size;
use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

const BATCH: usize = 64;
const DATAGRAM_OCTETS: usize = 2_048;
const RECEIVE_BUFFER: usize = 4 << 20;

/// The socket, connected to its server.
pub struct Batch {
    socket: UdpSocket,
    octets: Vec<[u8; DATAGRAM_OCTETS]>,
    receiving: MultiHeaders<SockaddrIn>,
    sending: MultiHeaders<SockaddrIn>,
}

impl Batch {
    /// A socket for that server.
    pub fn connect(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER).expect("a socket with room");
        socket.connect(server).expect("a server");
        Self {
            socket,
            octets: vec![[0; DATAGRAM_OCTETS]; BATCH],
            receiving: MultiHeaders::preallocate(BATCH, None),
            sending: MultiHeaders::preallocate(BATCH, None),
        }
    }

    pub fn local(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound socket")
    }

    /// Sends all of them and leaves the list empty.
    pub fn send(&mut self, messages: &mut Vec<Vec<u8>>) {
        for some in messages.chunks(BATCH) {
            let slices: Vec<[IoSlice<'_>; 1]> = some.iter().map(|message| [IoSlice::new(message)]).collect();
            let addresses = vec![None::<SockaddrIn>; some.len()];
            let mut rest = 0;
            while rest < some.len() {
                let sent = sendmmsg(
                    self.socket.as_raw_fd(),
                    &mut self.sending,
                    &slices[rest..],
                    &addresses[rest..],
                    [],
                    MsgFlags::empty(),
                );
                rest += sent.expect("a datagram that can be sent").count();
            }
        }
        messages.clear();
    }

    /// Waits so long at most, and hands over what is there.
    pub fn receive(&mut self, wait: Duration, mut each: impl FnMut(&[u8])) -> usize {
        let limit = Timespec::try_from(wait).expect("a short time");
        let mut polled = [PollFd::new(&self.socket, PollFlags::IN)];
        if poll(&mut polled, Some(&limit)).unwrap_or(0) == 0 {
            return 0;
        }
        let lengths: Vec<usize> = {
            let mut slices: Vec<[IoSliceMut<'_>; 1]> =
                self.octets.iter_mut().map(|octets| [IoSliceMut::new(octets)]).collect();
            let flags = MsgFlags::MSG_DONTWAIT;
            match recvmmsg(self.socket.as_raw_fd(), &mut self.receiving, slices.iter_mut(), flags, None) {
                Ok(received) => received.map(|message| message.bytes).collect(),
                Err(Errno::EAGAIN | Errno::EINTR) => Vec::new(),
                Err(error) => panic!("nothing can be received: {error}"),
            }
        };
        for (octets, length) in self.octets.iter().zip(&lengths) {
            each(&octets[..*length]);
        }
        lengths.len()
    }
}
