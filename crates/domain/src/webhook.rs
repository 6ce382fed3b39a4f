//! Where an account is told what happens.

use crate::{AccountId, CallEventKind, Revision, Sealed, Timestamp, WebhookUrl};

/// What an account wants to be told, where, and the secret that messages are signed with. An account has at most one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The account.
    pub account: AccountId,
    /// Where messages go; `None` where the URLs of trunks are enough.
    pub url: Option<WebhookUrl>,
    /// Which events are told.
    pub events: WebhookEvents,
    /// Whether anything is told, at this URL or those of trunks.
    pub enabled: bool,
    /// What messages are signed with.
    pub secret: WebhookSecret,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// The revision that last wrote it; storage sets it, and a change made from an older one is refused.
    pub revision: Revision,
}

/// A secret, and the one before it for as long as receivers may still know that one only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSecret {
    /// What messages are signed with.
    pub current: Sealed,
    /// What they are signed with besides.
    pub previous: Option<PreviousWebhookSecret>,
}

/// A secret that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousWebhookSecret {
    /// The secret.
    pub sealed: Sealed,
    /// From when on nothing is signed with it.
    pub until: Timestamp,
}

impl WebhookSecret {
    /// How long messages are signed with a replaced secret besides the present one, in seconds.
    pub const OVERLAP_SECONDS: i64 = 86_400;
}

/// Which events are told: at least one, each once, in the order in which they happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEvents(Box<[CallEventKind]>);

impl WebhookEvents {
    /// Every event.
    #[must_use]
    pub fn all() -> Self {
        Self(CallEventKind::ALL.into())
    }

    /// Those events; `None` where there are none.
    #[must_use]
    pub fn of(kinds: &[CallEventKind]) -> Option<Self> {
        let chosen: Box<[_]> = CallEventKind::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect();
        (!chosen.is_empty()).then_some(Self(chosen))
    }

    /// Reads the form in which they are stored: names with a space between them.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        let kinds: Option<Vec<_>> = text.split_whitespace().map(CallEventKind::from_name).collect();
        Self::of(&kinds?)
    }

    /// The form in which they are stored.
    #[must_use]
    pub fn to_stored(&self) -> String {
        self.names().collect::<Vec<_>>().join(" ")
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|kind| kind.as_str())
    }

    /// Whether that event is told.
    #[must_use]
    pub fn includes(&self, kind: CallEventKind) -> bool {
        self.0.contains(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_a_set_that_is_stored_as_it_is_read() {
        use CallEventKind::{Answered, Ended, Ringing};
        let some = WebhookEvents::of(&[Ended, Ringing, Ended]).unwrap();
        assert_eq!(some.to_stored(), "call.ringing call.ended");
        assert!(some.includes(Ended) && !some.includes(Answered));
        for events in [some, WebhookEvents::all()] {
            assert_eq!(WebhookEvents::from_stored(&events.to_stored()), Some(events));
        }
        assert_eq!(WebhookEvents::of(&[]), None);
        for damaged in ["", "call.ended call"] {
            assert_eq!(WebhookEvents::from_stored(damaged), None);
        }
    }
}
