//! How many connections there are, and how many there might have been.

use crate::Transport;
use std::sync::atomic::{AtomicU64, Ordering};

/// What has become of connections of each transport, in the order of [`Transport::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConnectionCounts([TransportCounts; Transport::ALL.len()]);

/// What has become of the connections of one transport.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransportCounts {
    /// Open now.
    pub open: u64,
    /// Opened since the process began.
    pub opened: u64,
    /// Closed at once because there was no room for them.
    pub refused: u64,
    /// Closed to make room for another, before anybody had proven who they are over it.
    pub gave_way: u64,
    /// Closed because what comes before SIP was not completed in time, or not at all.
    pub failed_handshakes: u64,
}

impl ConnectionCounts {
    /// The counts of every transport that has connections.
    pub fn iter(&self) -> impl Iterator<Item = (Transport, TransportCounts)> {
        Transport::ALL.into_iter().zip(self.0).filter(|(transport, _)| !transport.is_datagram())
    }

    /// The counts of one transport; UDP has none.
    #[must_use]
    pub fn of(&self, transport: Transport) -> TransportCounts {
        self.iter().find(|(it, _)| *it == transport).map(|(_, counts)| counts).unwrap_or_default()
    }
}

/// Connections come and go too seldom for these to be kept by lanes.
#[derive(Debug, Default)]
pub(crate) struct Counters([TransportCounters; Transport::ALL.len()]);

#[derive(Debug, Default)]
struct TransportCounters {
    opened: AtomicU64,
    closed: AtomicU64,
    refused: AtomicU64,
    gave_way: AtomicU64,
    failed_handshakes: AtomicU64,
}

impl Counters {
    pub fn opened(&self, transport: Transport) {
        self.of(transport).opened.fetch_add(1, Ordering::Relaxed);
    }

    pub fn closed(&self, transport: Transport) {
        self.of(transport).closed.fetch_add(1, Ordering::Relaxed);
    }

    pub fn refused(&self, transport: Transport) {
        self.of(transport).refused.fetch_add(1, Ordering::Relaxed);
    }

    pub fn gave_way(&self, transport: Transport) {
        self.of(transport).gave_way.fetch_add(1, Ordering::Relaxed);
    }

    pub fn failed_handshake(&self, transport: Transport) {
        self.of(transport).failed_handshakes.fetch_add(1, Ordering::Relaxed);
    }

    pub fn totals(&self) -> ConnectionCounts {
        ConnectionCounts(self.0.each_ref().map(TransportCounters::totals))
    }

    fn of(&self, transport: Transport) -> &TransportCounters {
        let [udp, tcp, tls, ws, wss] = &self.0;
        match transport {
            Transport::Udp => udp,
            Transport::Tcp => tcp,
            Transport::Tls => tls,
            Transport::Ws => ws,
            Transport::Wss => wss,
        }
    }
}

impl TransportCounters {
    fn totals(&self) -> TransportCounts {
        // Read first: a connection that opens and closes in between must not make the difference negative.
        let closed = self.closed.load(Ordering::Acquire);
        let opened = self.opened.load(Ordering::Relaxed);
        TransportCounts {
            open: opened.saturating_sub(closed),
            opened,
            refused: self.refused.load(Ordering::Relaxed),
            gave_way: self.gave_way.load(Ordering::Relaxed),
            failed_handshakes: self.failed_handshakes.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_transport_counts_for_itself() {
        let counters = Counters::default();
        for transport in Transport::ALL.into_iter().skip(1) {
            counters.opened(transport);
        }
        counters.opened(Transport::Wss);
        counters.closed(Transport::Tls);
        counters.refused(Transport::Ws);
        counters.failed_handshake(Transport::Tls);
        let totals = counters.totals();
        let open: Vec<_> = totals.iter().map(|(transport, counts)| (transport.as_str(), counts.open)).collect();
        assert_eq!(open, [("tcp", 1), ("tls", 0), ("ws", 1), ("wss", 2)]);
        counters.gave_way(Transport::Tls);
        let totals = counters.totals();
        let tls = TransportCounts { open: 0, opened: 1, refused: 0, gave_way: 1, failed_handshakes: 1 };
        assert_eq!((totals.of(Transport::Tls), totals.of(Transport::Ws).refused), (tls, 1));
    }
}
