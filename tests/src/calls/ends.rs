//! The sockets of both sides, and where the server believes them to be.

use rustix::net::sockopt::set_socket_recv_buffer_size;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

/// Room for what arrives while a busy machine runs something else.
const RECEIVE_BUFFER: usize = 4 << 20;

/// One socket and the way from it to the server.
#[derive(Debug)]
pub struct Passage {
    /// Where datagrams leave and arrive; never waits.
    pub socket: UdpSocket,
    /// Where the server believes it to be: for Via and Contact.
    pub seen_as: SocketAddr,
    /// Where to send what is meant for the server.
    pub server: SocketAddr,
}

/// All of them.
#[derive(Debug)]
pub struct Ends {
    /// The phones', used in turns.
    pub phones: Vec<Passage>,
    /// The gateway's.
    pub gateway: Passage,
}

impl Ends {
    /// Sockets for that server, so many for the phones, with nothing between.
    #[must_use]
    pub fn direct(server: SocketAddr, phones: usize) -> Self {
        Self { phones: (0..phones).map(|_| Passage::direct(server)).collect(), gateway: Passage::direct(server) }
    }

    /// The same sockets for another run with a server at that address: a server is told once where its gateway is.
    #[must_use]
    pub fn again(&self, server: SocketAddr) -> Self {
        let again = |passage: &Passage| Passage {
            socket: passage.socket.try_clone().expect("a socket that can be shared"),
            seen_as: passage.seen_as,
            server,
        };
        Self { phones: self.phones.iter().map(again).collect(), gateway: again(&self.gateway) }
    }
}

impl Passage {
    /// A socket with nothing between it and the server.
    ///
    /// # Panics
    /// When there is no socket to be had.
    #[must_use]
    pub fn direct(server: SocketAddr) -> Self {
        let socket = socket();
        let seen_as = socket.local_addr().expect("a bound socket");
        Self { socket, seen_as, server }
    }

    /// Sends that to the server. What finds no room is lost, as on any network.
    pub fn send(&self, text: &[u8]) {
        let _ = self.socket.send_to(text, self.server);
    }
}

/// A socket on a free port of the loopback interface that never waits.
///
/// # Panics
/// When there is none to be had.
#[must_use]
pub fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    socket.set_nonblocking(true).expect("a socket that need not wait");
    set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER).expect("a socket with room");
    socket
}
