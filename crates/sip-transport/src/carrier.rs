//! How SIP messages stand in what a connection carries.

use std::io;

/// What stands next in what was read.
pub(crate) enum Item<'c> {
    /// A SIP message.
    Message(&'c [u8]),
    /// A keep-alive that asks for none in return.
    Pulse,
    /// A keep-alive that is to be answered (RFC 5626 section 4.4.1).
    Ping,
    /// What belongs to the layer below SIP, and was answered there.
    Control,
    /// The peer's end, said in so many words.
    Farewell,
    /// Nothing that is whole.
    Nothing,
    /// What cannot be split into messages any further, and why.
    Unusable(&'static str),
}

/// Why we end a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    /// The peer has closed it, or it is lost.
    ByPeer,
    /// It was silent, or a message of it incomplete, for too long.
    TimedOut,
    /// What it carries cannot be understood.
    Unusable,
    /// Whoever it served is no longer let in, or it gave way to another.
    Revoked,
    /// The server stops.
    GoingAway,
}

/// One connection, read as messages and written as messages. It keeps no buffer while nothing is under way.
pub(crate) trait Carrier: Send {
    /// Waits for octets and takes them in; `false` when the peer will send no more. What was taken in is never lost
    /// when this is given up midway.
    fn read(&mut self) -> impl Future<Output = io::Result<bool>> + Send;

    /// Takes the next of what was read.
    fn next(&mut self) -> Item<'_>;

    /// Whether part of a message is there, so that its rest must follow.
    fn is_midway(&self) -> bool;

    /// Puts a message behind those that wait to be sent.
    fn push(&mut self, message: &[u8]);

    /// Puts the answer to a [`Item::Ping`] there.
    fn push_pong(&mut self);

    /// Sends what waits.
    fn send(&mut self) -> impl Future<Output = io::Result<()>> + Send;

    /// Says farewell as the transport has it; the connection is dropped afterwards.
    fn finish(&mut self, why: Ending) -> impl Future<Output = ()> + Send;
}
