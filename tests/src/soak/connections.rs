//! Idle connections, held all at once, and what they cost.

use super::{PASSWORD, memory, server_with_users};
use crate::sip::{HandmadePhone, Transport};
use std::fmt;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What holding them took.
#[derive(Clone, Debug)]
pub struct ConnectionsReport {
    held: usize,
    octets: f64,
}

impl fmt::Display for ConnectionsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.octets / self.held as f64 / 1024.0;
        write!(f, "{} idle TCP connections held: {:.1} MiB, {each:.1} KiB each", self.held, self.octets / 1_048_576.0)
    }
}

/// Opens so many, lets each show that it is alive (RFC 5626 section 3.5.1), holds them, and registers a phone meanwhile.
///
/// # Panics
/// When one is not taken or not kept, or when the phone is refused.
#[must_use]
pub fn tcp(count: usize) -> ConnectionsReport {
    let (server, account) = server_with_users(&[], &["steady".to_owned()]);
    let before = memory(&server);
    let mut open: Vec<TcpStream> =
        (0..count).map(|_| TcpStream::connect(server.sip(Transport::Tcp)).expect("a connection")).collect();
    (0..2).for_each(|_| open.iter_mut().for_each(ping));
    let octets = memory(&server) - before;
    let mut phone =
        HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, "steady", PASSWORD);
    assert_eq!(phone.register(600).status, 200);
    ConnectionsReport { held: open.len(), octets }
}

fn ping(stream: &mut TcpStream) {
    let mut pong = [0; 2];
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket that takes a time limit");
    stream.write_all(b"\r\n\r\n").expect("a connection that is kept");
    stream.read_exact(&mut pong).expect("a pong");
    assert_eq!(&pong, b"\r\n");
}
