//! A relay that takes TCP and speaks TLS to the server, for phones whose package was built without TLS: the server sees a
//! real phone's messages over TLS, while the phone's Via says TCP.

use crate::tls::Authority;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long one side is listened to before it is the other's turn.
const TURN: Duration = Duration::from_millis(5);
const PIECE: usize = 16 * 1024;

/// A relay; it ends when dropped.
#[derive(Debug)]
pub struct TlsRelay {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TlsRelay {
    /// A relay to that server, which has to be certified by the authority of these tests.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener that does not wait");
        let address = listener.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            thread::scope(|connections| {
                while !told.load(Ordering::Relaxed) {
                    match listener.accept() {
                        Ok((phone, _)) => drop(connections.spawn(|| relay(phone, server, &told))),
                        Err(_) => thread::sleep(TURN),
                    }
                }
            });
        });
        Self { address, stop, thread: Some(thread) }
    }

    /// What the phone is to take for its server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for TlsRelay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // What a relay could not do, the phone has noticed.
            let _ = thread.join();
        }
    }
}

fn relay(mut phone: TcpStream, server: SocketAddr, stop: &AtomicBool) {
    let mut connection = Authority::shared().connect(server);
    let secured = connection.stream();
    phone.set_nonblocking(false).expect("a stream that waits");
    for stream in [&phone, &secured.sock] {
        stream.set_read_timeout(Some(TURN)).expect("a time limit");
    }
    let mut piece = vec![0; PIECE];
    while !stop.load(Ordering::Relaxed) {
        if pass_on(&mut phone, secured, &mut piece).is_none() || pass_on(secured, &mut phone, &mut piece).is_none() {
            break;
        }
    }
}

/// Passes on what has come; `None` when one side is gone.
fn pass_on(from: &mut impl Read, to: &mut impl Write, piece: &mut [u8]) -> Option<()> {
    match from.read(piece) {
        Ok(0) => None,
        Ok(length) => to.write_all(&piece[..length]).and_then(|()| to.flush()).ok(),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Some(()),
        Err(_) => None,
    }
}
