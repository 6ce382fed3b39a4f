//! Where the quickstart serves: the usual ports, or free ones where those are taken.

use crate::failure::Failure;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, UdpSocket};

/// Addresses on this machine that were free a moment ago.
pub(crate) struct Places {
    pub(crate) http: SocketAddr,
    /// The same port for UDP and TCP.
    pub(crate) sip: SocketAddr,
}

/// How many ports are tried until one is free for UDP and TCP alike.
const TRIES: usize = 20;

impl Places {
    pub(crate) fn free() -> Result<Self, Failure> {
        let nowhere = loopback(0);
        let http = TcpListener::bind(loopback(8080)).or_else(|_| TcpListener::bind(nowhere));
        let http = http.and_then(|listener| listener.local_addr());
        Ok(Self {
            http: http.map_err(|error| Failure::listen("http", nowhere, error))?,
            sip: free_sip().map_err(|error| Failure::listen("udp", nowhere, error))?,
        })
    }
}

fn free_sip() -> io::Result<SocketAddr> {
    let mut last = both(5060);
    for _ in 0..TRIES {
        if last.is_ok() {
            break;
        }
        last = both(0);
    }
    last
}

fn both(port: u16) -> io::Result<SocketAddr> {
    let udp = UdpSocket::bind(loopback(port))?;
    let address = udp.local_addr()?;
    TcpListener::bind(address)?;
    Ok(address)
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}
