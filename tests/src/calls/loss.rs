//! A network that loses datagrams: a relay between each socket and the server, which of them it loses being drawn from a
//! seed.

use super::ends::{Ends, Passage, socket};
use super::sightings::Sightings;
use crate::soak::Generator;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often a relay looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);
/// Losses are drawn in so many parts.
const PARTS: usize = 100_000;

/// The network, as long as this lives.
#[derive(Debug)]
pub struct Loss {
    counts: Arc<Counts>,
    sightings: Arc<Mutex<Sightings>>,
    relay: Option<JoinHandle<()>>,
}

#[derive(Default, Debug)]
struct Counts {
    stop: AtomicBool,
    passed: AtomicU64,
    lost: AtomicU64,
}

/// Two sockets: what comes in by one leaves by the other.
#[derive(Debug)]
struct Bridge {
    /// The side of the phone or gateway, and where that is.
    near: UdpSocket,
    end: SocketAddr,
    /// The side of the server.
    far: UdpSocket,
    server: SocketAddr,
}

impl Loss {
    /// Sockets for that server, so many for the phones, behind a network that loses that share of the datagrams in each
    /// direction.
    ///
    /// # Panics
    /// When there are no sockets to be had.
    #[must_use]
    pub fn between(server: SocketAddr, phones: usize, share: f64, seed: u64) -> (Ends, Self) {
        let (passages, bridges): (Vec<_>, Vec<_>) = (0..=phones).map(|_| Bridge::to(server)).unzip();
        let counts = Arc::<Counts>::default();
        let sightings = Arc::<Mutex<Sightings>>::default();
        let relay = {
            let (counts, sightings) = (Arc::clone(&counts), Arc::clone(&sightings));
            let losses = Losses { generator: Generator::new(seed), parts: (share * PARTS as f64) as usize };
            thread::spawn(move || relay(&bridges, losses, &counts, &sightings))
        };
        let mut passages = passages;
        let gateway = passages.pop().expect("one more than phones");
        (Ends { phones: passages, gateway }, Self { counts, sightings, relay: Some(relay) })
    }

    /// What has reached the server by now.
    ///
    /// # Panics
    /// When the relay has.
    #[must_use]
    pub fn sightings(&self) -> Sightings {
        self.sightings.lock().expect("a relay that did not panic").clone()
    }

    /// Datagrams that got through.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.counts.passed.load(Ordering::Relaxed)
    }

    /// Datagrams that did not.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.counts.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Loss {
    fn drop(&mut self) {
        self.counts.stop.store(true, Ordering::Relaxed);
        let _ended = self.relay.take().map(JoinHandle::join);
    }
}

impl Bridge {
    fn to(server: SocketAddr) -> (Passage, Self) {
        let (own, near, far) = (socket(), socket(), socket());
        let address = |socket: &UdpSocket| socket.local_addr().expect("a bound socket");
        let (end, seen_as, entrance) = (address(&own), address(&far), address(&near));
        (Passage { socket: own, seen_as, server: entrance }, Self { near, end, far, server })
    }

    /// Hands on what is there and is not lost.
    fn pass(&self, buffer: &mut [u8], losses: &mut Losses, counts: &Counts, mut reached: impl FnMut(&[u8])) {
        for (from, to, address) in [(&self.near, &self.far, self.server), (&self.far, &self.near, self.end)] {
            while let Ok(length) = from.recv(buffer) {
                if losses.takes_next() {
                    counts.lost.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                counts.passed.fetch_add(1, Ordering::Relaxed);
                if address == self.server {
                    reached(&buffer[..length]);
                }
                let _ = to.send_to(&buffer[..length], address);
            }
        }
    }
}

/// Which datagrams do not get through.
struct Losses {
    generator: Generator,
    parts: usize,
}

impl Losses {
    fn takes_next(&mut self) -> bool {
        self.generator.below(PARTS) < self.parts
    }
}

fn relay(bridges: &[Bridge], mut losses: Losses, counts: &Counts, sightings: &Mutex<Sightings>) {
    let mut buffer = vec![0; 65_536];
    let wait = Timespec::try_from(LOOK).expect("a short time");
    while !counts.stop.load(Ordering::Relaxed) {
        let sockets = bridges.iter().flat_map(|bridge| [&bridge.near, &bridge.far]);
        let mut watched: Vec<_> = sockets.map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
        let _ = poll(&mut watched, Some(&wait));
        for bridge in bridges {
            bridge.pass(&mut buffer, &mut losses, counts, |octets| {
                sightings.lock().expect("a reader that did not panic").note(octets, Instant::now());
            });
        }
    }
}
