//! What takes messages in.

use crate::{Crowding, Flow, Outbox, Precedence};

/// One message as it came.
#[derive(Clone, Copy, Debug)]
pub struct Received<'r> {
    /// The worker it came on, below the number of lanes; what a lane keeps is touched by few threads.
    pub lane: usize,
    /// Where it came from.
    pub flow: &'r Flow,
    /// A datagram, or one framed message of a stream.
    pub octets: &'r [u8],
}

/// Handles messages, each to its end, without waiting.
pub trait Inbound: Send + Sync + 'static {
    /// Buffers that a worker reuses from message to message.
    type Scratch: Send + 'static;

    /// New buffers for one worker.
    fn scratch(&self) -> Self::Scratch;

    /// Handles one message; what goes out at once is put into the outbox.
    fn receive(&self, scratch: &mut Self::Scratch, received: Received<'_>, outbox: &mut Outbox);

    /// Which datagrams go first while more come than are handled; asked only then.
    fn precedence(&self, _scratch: &mut Self::Scratch, _received: Received<'_>, _crowding: Crowding) -> Precedence {
        Precedence::Ordinary
    }

    /// A datagram found no room and is not handled. What is answered must cost next to nothing.
    fn shed(&self, _scratch: &mut Self::Scratch, _received: Received<'_>, _outbox: &mut Outbox) {}

    /// A connection over which messages may have come is gone (RFC 5626 section 4.2.2). Told once for each, after
    /// [`crate::Flows`] has forgotten it and its last message was handled.
    fn closed(&self, _flow: &Flow) {}
}
