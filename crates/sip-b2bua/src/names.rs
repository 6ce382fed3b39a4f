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

/// Two dialogs coupled: one with the caller, one with somebody called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LinkId(pub u16);

/// A side of a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Caller,
    Callee,
}

impl End {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

/// One dialog of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Locus {
    pub link: LinkId,
    pub end: End,
}

impl Locus {
    /// The dialog it is coupled to.
    pub(crate) const fn across(self) -> Self {
        Self { link: self.link, end: self.end.other() }
    }
}
