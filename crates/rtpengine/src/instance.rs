//! One rtpengine: a socket to it, who waits for which answer, and whether it has answered lately.

use crate::bencode::Value;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// A silent instance is asked last for that long.
const SHUNNED: Duration = Duration::from_secs(10);
/// The largest UDP payload.
const MAX_DATAGRAM_OCTETS: usize = 65_535;

/// One instance.
pub(crate) struct Instance {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    listener: JoinHandle<()>,
}

struct Shared {
    socket: UdpSocket,
    waiting: Mutex<HashMap<Vec<u8>, oneshot::Sender<Value>>>,
    silent_since: Mutex<Option<Instant>>,
}

impl Instance {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let any: IpAddr = match address {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).await?;
        // Nobody else is heard then.
        socket.connect(address).await?;
        let shared = Arc::new(Shared { socket, waiting: Mutex::new(HashMap::new()), silent_since: Mutex::new(None) });
        let listener = tokio::spawn(listen(Arc::clone(&shared)));
        Ok(Self { address, shared, listener })
    }

    /// Whether it has not just been silent.
    pub(crate) fn is_trusted(&self) -> bool {
        self.shared.silent_since.lock().is_none_or(|since| since.elapsed() > SHUNNED)
    }

    /// Sends a command until an answer comes, once for each interval; `None` if none came. rtpengine answers the same
    /// cookie with the same answer, so nothing is done twice.
    pub(crate) async fn ask(&self, cookie: &str, command: &Value, intervals: &[Duration]) -> Option<Value> {
        let mut datagram = Vec::with_capacity(2048);
        datagram.extend_from_slice(cookie.as_bytes());
        datagram.push(b' ');
        command.write(&mut datagram);
        let (sender, mut answer) = oneshot::channel();
        self.shared.waiting.lock().insert(cookie.as_bytes().to_vec(), sender);
        let _waiting = Waiting { shared: &self.shared, cookie: cookie.as_bytes() };
        for interval in intervals {
            // What cannot be sent now may be later; the interval is waited for in any case.
            let _ = self.shared.socket.send(&datagram).await;
            if let Ok(answer) = timeout(*interval, &mut answer).await {
                *self.shared.silent_since.lock() = None;
                return answer.ok();
            }
        }
        *self.shared.silent_since.lock() = Some(Instant::now());
        None
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Takes a cookie back, also when its future is dropped.
struct Waiting<'a> {
    shared: &'a Shared,
    cookie: &'a [u8],
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.shared.waiting.lock().remove(self.cookie);
    }
}

async fn listen(shared: Arc<Shared>) {
    let mut datagram = vec![0; MAX_DATAGRAM_OCTETS];
    loop {
        // An ICMP error to something sent earlier; whoever waits for it runs into its time limit.
        let Ok(length) = shared.socket.recv(&mut datagram).await else { continue };
        let octets = datagram.get(..length).unwrap_or_default();
        let Some(space) = octets.iter().position(|octet| *octet == b' ') else { continue };
        let (cookie, answer) = octets.split_at_checked(space).unwrap_or_default();
        let Some(answer) = answer.get(1..).and_then(Value::read) else { continue };
        if let Some(sender) = shared.waiting.lock().remove(cookie) {
            // Who waited may have given up.
            let _ = sender.send(answer);
        }
    }
}
