//! Which address of ours the system would send from.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long an answer is kept: routes seldom change, and calls come in hundreds a second.
const KEPT: Duration = Duration::from_secs(5);
/// Most answers kept.
const MOST_KEPT: usize = 1_024;

/// Asks the system, and remembers for a moment what it said.
#[derive(Debug, Default)]
pub(crate) struct SourceAddresses(Mutex<HashMap<IpAddr, (IpAddr, Instant)>>);

impl SourceAddresses {
    /// The address that a datagram to there leaves from; `None` where no route leads.
    pub fn towards(&self, remote: SocketAddr) -> Option<IpAddr> {
        let mut kept = self.0.lock();
        if let Some((source, asked)) = kept.get(&remote.ip())
            && asked.elapsed() < KEPT
        {
            return Some(*source);
        }
        let source = ask(remote).ok()?;
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(remote.ip(), (source, Instant::now()));
        Some(source)
    }
}

/// Connecting a datagram socket sends nothing; it only settles which way it would be sent.
fn ask(remote: SocketAddr) -> io::Result<IpAddr> {
    let any: IpAddr = if remote.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    socket.connect(remote)?;
    Ok(socket.local_addr()?.ip())
}
