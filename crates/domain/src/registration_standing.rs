//! How a registration of ours with a carrier stands.

use crate::Timestamp;

/// The state of a registration of ours with a carrier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RegistrationState {
    /// The first answer is not there yet.
    Registering,
    /// The carrier has confirmed it.
    Registered,
    /// It did not work for a reason that may pass, and is tried again with growing pauses.
    Failing,
    /// The carrier refuses us: password, user or redirection. Tried again seldom.
    Rejected,
    /// It was ended from here.
    Unregistered,
}

impl RegistrationState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Registering, Self::Registered, Self::Failing, Self::Rejected, Self::Unregistered];

    /// As the API and metrics have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registering => "registering",
            Self::Registered => "registered",
            Self::Failing => "failing",
            Self::Rejected => "rejected",
            Self::Unregistered => "unregistered",
        }
    }
}

/// A registration with a carrier as its owner is shown it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegistrationStanding {
    /// How it stands.
    pub state: RegistrationState,
    /// Since when.
    pub since: Timestamp,
    /// Until when the carrier keeps our contact, if it does now; also while refreshing it fails.
    pub expires_at: Option<Timestamp>,
    /// When it is renewed or tried again; `None` while an attempt is under way.
    pub next_attempt_at: Option<Timestamp>,
    /// The status of the carrier's last final answer.
    pub last_status: Option<u16>,
    /// What the carrier gave as its reason, or what we met with; at most 100 printable characters.
    pub last_reason: Option<Box<str>>,
}
