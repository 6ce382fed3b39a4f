//! Where a call stands, and when.

use std::time::Duration;
use tokio::time::Instant;

/// Packets still on their way when sending stops are waited for that long.
pub(super) const DRAIN: Duration = Duration::from_millis(300);

/// The stages of a call, with what ends each unless something happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// The INVITE is under way.
    Inviting { rings_until: Instant },
    /// It rang too long; a CANCEL goes, or waits for a provisional response.
    Cancelling { is_sent: bool },
    /// It was answered.
    Talking { until: Instant },
    /// Nothing more is sent.
    Draining { until: Instant },
    /// The BYE is under way.
    HangingUp,
}

impl Stage {
    pub(super) const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Inviting { rings_until: at } | Self::Talking { until: at } | Self::Draining { until: at } => Some(at),
            Self::Cancelling { .. } | Self::HangingUp => None,
        }
    }
}

/// When what happened.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Milestones {
    pub(super) post_dial_delay: Option<Duration>,
    pub(super) answered_after: Option<Duration>,
}
