//! A wire to cut: whatever connects here is connected to somewhere else, for as long as it holds.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A relay of TCP connections.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    is_cut: Arc<AtomicBool>,
}

impl Relay {
    /// Relays to that address.
    ///
    /// # Panics
    /// When there is no port for it.
    #[must_use]
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let is_cut = Arc::new(AtomicBool::new(false));
        let cut = Arc::clone(&is_cut);
        // Ends with the process.
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(target) else { continue };
                let (Ok(near_too), Ok(far_too)) = (near.try_clone(), far.try_clone()) else { continue };
                let (there, back) = (Arc::clone(&cut), Arc::clone(&cut));
                thread::spawn(move || carry(near, far, &there));
                thread::spawn(move || carry(far_too, near_too, &back));
            }
        });
        Self { address, is_cut }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets nothing through any more, and tells nobody: as a cable that was pulled.
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::Release);
    }

    /// Lets through what was held up, and all that comes.
    pub fn mend(&self) {
        self.is_cut.store(false, Ordering::Release);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, is_cut: &AtomicBool) {
    let mut octets = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut octets) {
        while is_cut.load(Ordering::Acquire) {
            thread::sleep(LOOK_EVERY);
        }
        if to.write_all(octets.get(..count).unwrap_or_default()).is_err() {
            break;
        }
    }
    // The other direction learns of it by its own read.
    let _ = to.shutdown(std::net::Shutdown::Both);
    let _ = from.shutdown(std::net::Shutdown::Both);
}
