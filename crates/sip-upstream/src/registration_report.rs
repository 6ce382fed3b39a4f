//! What is told about a registration.

use crate::Millis;
use domain::RegistrationState;
use sip_message::Response;

/// Most characters kept of what a carrier gives as its reason.
const REASON_CHARACTERS: usize = 100;

/// How a registration stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegistrationReport {
    /// How it stands.
    pub state: RegistrationState,
    /// Since when.
    pub since: Millis,
    /// Until when the carrier keeps our contact, if it does now; also while refreshing it fails.
    pub expires_at: Option<Millis>,
    /// When it is renewed or tried again; `None` while an attempt is under way, and for ever when it is over.
    pub next_attempt_at: Option<Millis>,
    /// The status of the carrier's last final answer.
    pub last_status: Option<u16>,
    /// What the carrier gave as its reason, or what we met with; at most 100 printable characters.
    pub last_reason: Option<Box<str>>,
}

/// What is worth a log line and a count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegistrationEvent {
    /// The carrier keeps our contact for so many seconds.
    Registered {
        /// As the carrier's answer says.
        seconds: u32,
    },
    /// The same once more.
    Refreshed {
        /// As the carrier's answer says.
        seconds: u32,
    },
    /// The carrier refuses us.
    Rejected {
        /// With that status.
        status: u16,
    },
    /// An attempt failed; there will be another.
    Failed {
        /// With that status, if there was an answer.
        status: Option<u16>,
    },
    /// It has ended.
    Unregistered,
}

/// The reason phrase, fit to be shown.
pub(crate) fn reason_of(response: &Response<'_>) -> Box<str> {
    printable(&String::from_utf8_lossy(response.reason()))
}

/// As much of a text as is shown.
pub(crate) fn printable(text: &str) -> Box<str> {
    text.chars().filter(|character| !character.is_control()).take(REASON_CHARACTERS).collect::<String>().into()
}
