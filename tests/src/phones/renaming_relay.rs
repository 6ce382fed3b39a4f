//! A relay between a phone and the server that changes the phone's name in passing, for phones whose `User-Agent` cannot
//! be configured: what a server offers may depend on it, and an unknown phone is to be seen as well.

use crate::sip::Transport;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often a thread that waits for octets looks whether it is to end.
const LOOK_UP: Duration = Duration::from_millis(50);
const BIGGEST_MESSAGE: usize = 65_535;

/// A relay; it ends when dropped.
#[derive(Debug)]
pub struct RenamingRelay {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// The header as the phone sends it, and what becomes of it: of the same length, so that nothing else moves.
#[derive(Clone, Copy, Debug)]
struct Names {
    own: &'static str,
    given: &'static str,
}

impl RenamingRelay {
    /// A relay to that server that replaces a header line by another of the same length.
    ///
    /// # Panics
    /// When the lines differ in length or no port is free.
    #[must_use]
    pub fn start(transport: Transport, server: SocketAddr, own: &'static str, given: &'static str) -> Self {
        assert_eq!(own.len(), given.len(), "the lines must be of the same length");
        let names = Names { own, given };
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let (address, thread) = match transport {
            Transport::Udp => {
                let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
                let address = socket.local_addr().expect("an address");
                (address, thread::spawn(move || relay_datagrams(&socket, server, names, &told)))
            }
            Transport::Tcp => {
                let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
                let address = listener.local_addr().expect("an address");
                (address, thread::spawn(move || relay_streams(&listener, server, names, &told)))
            }
            Transport::Tls | Transport::Ws | Transport::Wss => panic!("{transport:?} hides the lines to replace"),
        };
        Self { address, stop, thread: Some(thread) }
    }

    /// What the phone is to take for its server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for RenamingRelay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // Whatever became of the relay, the test has its verdict from the phone.
            let _ = thread.join();
        }
    }
}

fn relay_datagrams(phone_side: &UdpSocket, server: SocketAddr, names: Names, stop: &AtomicBool) {
    let server_side = UdpSocket::bind("127.0.0.1:0").expect("a port");
    server_side.connect(server).expect("the server's address");
    for socket in [phone_side, &server_side] {
        socket.set_read_timeout(Some(LOOK_UP / 10)).expect("a time limit");
    }
    let mut phone = None;
    let mut message = vec![0; BIGGEST_MESSAGE];
    while !stop.load(Ordering::SeqCst) {
        if let Ok((length, from)) = phone_side.recv_from(&mut message) {
            phone = Some(from);
            // A datagram that is lost is sent again by the phone.
            let _ = server_side.send(&renamed(&message[..length], names));
        }
        if let (Ok(length), Some(phone)) = (server_side.recv(&mut message), phone) {
            let _ = phone_side.send_to(&message[..length], phone);
        }
    }
}

fn relay_streams(listener: &TcpListener, server: SocketAddr, names: Names, stop: &AtomicBool) {
    listener.set_nonblocking(true).expect("a listener that does not block");
    thread::scope(|scope| {
        while !stop.load(Ordering::SeqCst) {
            let Ok((phone, _)) = listener.accept() else {
                thread::sleep(LOOK_UP);
                continue;
            };
            phone.set_nonblocking(false).expect("a stream that blocks");
            let server = TcpStream::connect(server).expect("the server");
            let (phone_again, server_again) = (again(&phone), again(&server));
            scope.spawn(move || copy(phone, server, Some(names), stop));
            scope.spawn(move || copy(server_again, phone_again, None, stop));
        }
    });
}

fn again(stream: &TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(LOOK_UP)).expect("a time limit");
    stream.try_clone().expect("a second handle")
}

/// Copies until an end or the stop; a phone sends a message in one piece, so a header is not cut in two.
fn copy(mut from: TcpStream, mut to: TcpStream, names: Option<Names>, stop: &AtomicBool) {
    let mut piece = vec![0; BIGGEST_MESSAGE];
    while !stop.load(Ordering::SeqCst) {
        let length = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(_) => break,
        };
        let octets = names.map_or_else(|| piece[..length].to_vec(), |names| renamed(&piece[..length], names));
        if to.write_all(&octets).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

fn renamed(message: &[u8], names: Names) -> Vec<u8> {
    let mut message = message.to_vec();
    let own = names.own.as_bytes();
    if let Some(place) = message.windows(own.len()).position(|window| window == own) {
        message[place..place + own.len()].copy_from_slice(names.given.as_bytes());
    }
    message
}
