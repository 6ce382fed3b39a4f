//! Messages on their way out, in one buffer that is reused from batch to batch.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

/// One message of an [`Outbox`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outgoing {
    /// Where its octets stand in the outbox.
    pub range: Range<usize>,
    /// Where it goes; over a connection the connection itself counts.
    pub destination: SocketAddr,
    /// The address of ours it leaves from, where the socket has several.
    pub(crate) source: Option<IpAddr>,
}

/// Messages to send, and the memory they stand in.
#[derive(Debug, Default)]
pub struct Outbox {
    octets: Vec<u8>,
    messages: Vec<Outgoing>,
    peer_is_known: bool,
}

impl Outbox {
    /// An empty outbox.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: Vec::new(), messages: Vec::new(), peer_is_known: false }
    }

    /// Appends a message that `write` appends to the buffer; nothing if it writes nothing.
    pub fn push(&mut self, destination: SocketAddr, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.octets.len();
        write(&mut self.octets);
        let range = start..self.octets.len();
        if !range.is_empty() {
            self.messages.push(Outgoing { range, destination, source: None });
        }
    }

    /// Lets the messages from that index on leave from an address: the one that was asked, or a phone behind a NAT
    /// never sees the answer (RFC 3581 section 4).
    pub(crate) fn leave_from(&mut self, source: IpAddr, first: usize) {
        for message in self.messages.iter_mut().skip(first) {
            message.source = Some(source);
        }
    }

    /// Notes that the message being handled has proven who sent it. A connection over which one came does not give way to
    /// others when there are too many.
    pub fn note_known_peer(&mut self) {
        self.peer_is_known = true;
    }

    /// Whether that was noted since the last [`Self::clear`].
    pub(crate) fn peer_is_known(&self) -> bool {
        self.peer_is_known
    }

    /// Takes back the messages from that index on.
    pub fn take_back(&mut self, first: usize) {
        if let Some(message) = self.messages.get(first) {
            self.octets.truncate(message.range.start);
            self.messages.truncate(first);
        }
    }

    /// The messages.
    #[must_use]
    pub fn messages(&self) -> &[Outgoing] {
        &self.messages
    }

    /// All octets, in which the messages' ranges lie.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// The octets of one message.
    #[must_use]
    pub fn octets_of(&self, message: &Outgoing) -> &[u8] {
        self.octets.get(message.range.clone()).unwrap_or_default()
    }

    /// Forgets the messages and keeps the memory.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.messages.clear();
        self.peer_is_known = false;
    }
}
