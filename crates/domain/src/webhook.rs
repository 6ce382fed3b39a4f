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

/// Something that webhooks can be told of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WebhookEventKind {
    /// Something happened to a call.
    Call(CallEventKind),
    /// Somebody who answered a challenge was turned away.
    AuthRefused,
    /// Somebody was turned away unseen, having guessed wrong too often.
    AuthBanned,
}

impl WebhookEventKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Call(CallEventKind::Ringing),
        Self::Call(CallEventKind::Answered),
        Self::Call(CallEventKind::Ended),
        Self::AuthRefused,
        Self::AuthBanned,
    ];

    /// The name, as `call.ended`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call(kind) => kind.as_str(),
            Self::AuthRefused => "auth.refused",
            Self::AuthBanned => "auth.banned",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Which events are told: at least one, each once, in the order of [`WebhookEventKind::ALL`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEvents(Box<[WebhookEventKind]>);

impl WebhookEvents {
    /// What happens to calls. The others are told to whoever asks for them.
    #[must_use]
    pub fn of_calls() -> Self {
        Self(CallEventKind::ALL.into_iter().map(WebhookEventKind::Call).collect())
    }

    /// Those events; `None` where there are none.
    #[must_use]
    pub fn of(kinds: &[WebhookEventKind]) -> Option<Self> {
        let chosen: Box<[_]> = WebhookEventKind::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect();
        (!chosen.is_empty()).then_some(Self(chosen))
    }

    /// Reads the form in which they are stored: names with a space between them.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        let kinds: Option<Vec<_>> = text.split_whitespace().map(WebhookEventKind::from_name).collect();
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
    pub fn includes(&self, kind: WebhookEventKind) -> bool {
        self.0.contains(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_a_set_that_is_stored_as_it_is_read() {
        let [ringing, answered, ended, refused, banned] = WebhookEventKind::ALL;
        let some = WebhookEvents::of(&[refused, ended, ringing, ended]).unwrap();
        assert_eq!(some.to_stored(), "call.ringing call.ended auth.refused");
        assert!(some.includes(ended) && !some.includes(answered) && !some.includes(banned));
        for events in [some, WebhookEvents::of_calls(), WebhookEvents::of(&WebhookEventKind::ALL).unwrap()] {
            assert_eq!(WebhookEvents::from_stored(&events.to_stored()), Some(events));
        }
        assert_eq!(WebhookEvents::of_calls().to_stored(), "call.ringing call.answered call.ended");
        assert_eq!(WebhookEvents::of(&[]), None);
        for damaged in ["", "call.ended call"] {
            assert_eq!(WebhookEvents::from_stored(damaged), None);
        }
    }
}
