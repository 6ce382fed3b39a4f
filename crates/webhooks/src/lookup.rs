//! Names to addresses, on few threads.

use crate::AttemptError;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Asks the system's resolver, which blocks a thread for as long as it likes: on so many threads in all, and on a few of
/// them for each account, so that names that never answer hold up nobody else's.
#[derive(Debug)]
pub(crate) struct Lookups {
    threads: Arc<Semaphore>,
}

impl Lookups {
    pub fn new(threads: usize) -> Self {
        Self { threads: Arc::new(Semaphore::new(threads.max(1))) }
    }

    /// The addresses of a host, which may be an address itself. Dropped, it leaves its thread to end by itself.
    pub async fn addresses(
        &self,
        (host, port): (&str, u16),
        of_account: &Arc<Semaphore>,
    ) -> Result<Vec<SocketAddr>, AttemptError> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let stopping = || AttemptError::Resolve(io::Error::other("the server is stopping"));
        let own = Arc::clone(of_account).acquire_owned().await.map_err(|_| stopping())?;
        let thread = Arc::clone(&self.threads).acquire_owned().await.map_err(|_| stopping())?;
        let host = host.to_owned();
        let looking = tokio::task::spawn_blocking(move || {
            let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
            drop((own, thread));
            found
        });
        looking.await.map_err(|_| stopping())?.map_err(AttemptError::Resolve)
    }
}
