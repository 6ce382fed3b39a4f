//! One call as the gateway knows it.

use super::repeated::Repeated;
use super::timers::Timer;
use std::time::Instant;

/// What both the gateway and whoever reads the report know of it.
#[derive(Debug)]
pub struct GatewayCall {
    /// Which call it is, by the number that was dialled.
    pub call: usize,
    /// When it came in, authenticated where the gateway asks for that.
    pub invited: Instant,
    /// When it was answered with success.
    pub answered: Option<Instant>,
    /// When the ACK came.
    pub acknowledged: Option<Instant>,
    /// When it was refused, when a BYE came, or when the gateway's own was answered.
    pub ended: Option<Instant>,
    pub(super) timer: Timer,
    pub(super) live: Option<Box<Live>>,
}

/// What a call waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// A challenge is out; the call is not there yet.
    Challenged,
    Ringing,
    Answered,
    Refused,
    Up,
    HangingUp,
}

/// What a call needs while it lasts.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) stage: Stage,
    pub(super) sequence: u32,
    /// What an INVITE that comes again is answered with.
    pub(super) last: Vec<u8>,
    pub(super) pending: Repeated,
    pub(super) call_id: String,
    /// From and To as the gateway writes them, its remote target and route set.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) target: String,
    pub(super) routes: Vec<String>,
}
