//! Users that keep a connection each and register over it, so many at a time.

use super::{password, user};
use crate::sip::{HandmadePhone, Transport};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Threads that wait for answers, and so exchanges under way.
const AT_A_TIME: usize = 16;

/// Phones with their connections.
pub struct StreamLoad {
    phones: Vec<HandmadePhone>,
}

impl StreamLoad {
    /// Connects so many users of that domain.
    #[must_use]
    pub fn connect(transport: Transport, server: SocketAddr, domain: &str, users: usize) -> Self {
        let connect = |number| {
            let name = user(number);
            HandmadePhone::new(transport, server, domain, &name, &password(&name))
        };
        Self { phones: (0..users).map(connect).collect() }
    }

    /// Lets them register for so long, each with a challenge, and says how often they did.
    ///
    /// # Panics
    /// When one is refused.
    pub fn work(&mut self, length: Duration) -> u64 {
        let (done, share) = (AtomicU64::new(0), self.phones.len().div_ceil(AT_A_TIME).max(1));
        let began = Instant::now();
        thread::scope(|scope| {
            for phones in self.phones.chunks_mut(share) {
                scope.spawn(|| {
                    for number in 0.. {
                        if began.elapsed() >= length {
                            return;
                        }
                        let place = number % phones.len();
                        assert_eq!(phones[place].register(3600).status, 200);
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        done.into_inner()
    }
}
