//! What happens to a call while it lasts.

use crate::{CallDetails, CallEnd, Timestamp};

/// What can happen to a call: a closed set that subscribers choose from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CallEventKind {
    /// The far side rings, for the first time in this call.
    Ringing,
    /// It was answered.
    Answered,
    /// It is over, answered or not; once for each call.
    Ended,
}

impl CallEventKind {
    /// Every kind, in the order in which they happen.
    pub const ALL: [Self; 3] = [Self::Ringing, Self::Answered, Self::Ended];

    /// The name used by API, storage and webhooks.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ringing => "call.ringing",
            Self::Answered => "call.answered",
            Self::Ended => "call.ended",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Something that has happened to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: CallEventKind,
    /// The call as it was then.
    pub call: CallDetails,
    /// How it ended, if it has.
    pub end: Option<CallEnd>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for kind in CallEventKind::ALL {
            assert_eq!(CallEventKind::from_name(kind.as_str()), Some(kind));
        }
        assert_eq!(CallEventKind::from_name("call"), None);
    }
}
