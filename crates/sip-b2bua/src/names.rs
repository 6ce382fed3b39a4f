//! What the engine and its owner call things of one call.

/// A leg of a call; zero is the caller's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LegId(pub u8);

impl LegId {
    /// The caller's leg.
    pub const CALLER: Self = Self(0);
}

/// One request of ours within a call; the engine counts them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Ticket(pub u32);

/// One unanswered request of a peer's; its owner's name for the server transaction, unique within a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ServerTicket(pub u32);

/// A target of the [`Setup`](crate::Setup).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TargetRef {
    /// The place of its stage.
    pub stage: u8,
    /// Its place within the stage.
    pub target: u8,
}
