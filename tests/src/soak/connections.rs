//! Idle connections, held all at once, and what they cost.

use super::{PASSWORD, memory};
use crate::Server;
use crate::sip::{HandmadePhone, RawSip, Transport, message};
use std::fmt;

/// What holding them took.
#[derive(Clone, Debug)]
pub struct ConnectionsReport {
    transport: Transport,
    held: usize,
    octets: f64,
}

impl fmt::Display for ConnectionsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, mebibytes) = (self.transport.name(), self.octets / 1_048_576.0);
        let each = self.octets / self.held as f64 / 1024.0;
        write!(f, "{} idle connections held over {name}: {mebibytes:.1} MiB, {each:.1} KiB each", self.held)
    }
}

/// Opens so many over that transport and holds them: each is answered when it is new and again when all are open, and a
/// phone registers beside them.
///
/// # Panics
/// When one is not taken or not kept, or when the phone is refused.
#[must_use]
pub fn run(transport: Transport, count: usize) -> ConnectionsReport {
    let server = Server::start_on_every_transport(&["--metrics-listen", "127.0.0.1:0", "--log", "warn"]);
    let account = server.account("soaked");
    let _id = server.api(&account).credential("steady", PASSWORD);
    let address = server.sip(transport);
    let before = memory(&server);
    let mut open: Vec<RawSip> = (0..count).map(|_| RawSip::connect(transport, address)).collect();
    for _ in 0..2 {
        for peer in &mut open {
            let options = message::options(&account.sip_domain, &peer.via());
            assert_eq!(peer.exchange(&options).status, 407);
        }
    }
    let octets = memory(&server) - before;
    let udp = server.sip(Transport::Udp);
    let mut phone = HandmadePhone::new(Transport::Udp, udp, &account.sip_domain, "steady", PASSWORD);
    assert_eq!(phone.register(600).status, 200);
    ConnectionsReport { transport, held: open.len(), octets }
}
