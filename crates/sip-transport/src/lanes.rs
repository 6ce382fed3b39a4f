//! What connections share: buffers that are few although connections are many.

use crate::{ConnectionId, Flow, Inbound, Outbox, Received};
use parking_lot::{Mutex, MutexGuard};
use std::ops::Range;

/// Lanes that connections are spread over.
pub(crate) struct Lanes<I: Inbound> {
    first: usize,
    lanes: Box<[Mutex<Buffers<I>>]>,
}

struct Buffers<I: Inbound> {
    scratch: I::Scratch,
    outbox: Outbox,
}

/// A lane while one connection uses it.
pub(crate) struct Lane<'l, I: Inbound> {
    number: usize,
    buffers: MutexGuard<'l, Buffers<I>>,
}

impl<I: Inbound> Lanes<I> {
    pub fn new(inbound: &I, numbers: Range<usize>) -> Self {
        let first = numbers.start;
        let lanes =
            numbers.map(|_| Mutex::new(Buffers { scratch: inbound.scratch(), outbox: Outbox::new() })).collect();
        Self { first, lanes }
    }

    /// The lane of a connection, which never changes; `None` when there are no lanes at all.
    pub fn of(&self, connection: ConnectionId) -> Option<Lane<'_, I>> {
        #[expect(clippy::cast_possible_truncation, reason = "less than the number of lanes")]
        let index = (connection.0 % self.lanes.len().max(1) as u64) as usize;
        let mut buffers = self.lanes.get(index)?.lock();
        // Should a message have ended in a panic, its answers are not this connection's.
        buffers.outbox.clear();
        Some(Lane { number: self.first + index, buffers })
    }
}

impl<I: Inbound> Lane<'_, I> {
    /// Handles one message; the answers are in the outbox, which is empty when the next message comes.
    pub fn receive(&mut self, inbound: &I, flow: &Flow, octets: &[u8]) -> &mut Outbox {
        let Buffers { scratch, outbox } = &mut *self.buffers;
        inbound.receive(scratch, Received { lane: self.number, flow, octets }, outbox);
        outbox
    }
}
