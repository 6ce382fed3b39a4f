//! Session timers as far as the echo service takes part (RFC 4028): the caller refreshes, the service notices when it
//! does not.

use super::answering::Refusal;
use sip_message::{CheckedRequest, HeaderName};
use std::time::Duration;

/// The shortest interval taken (RFC 4028 section 4).
const LEAST_SECONDS: u32 = 90;

/// An interval that the caller refreshes within.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SessionInterval {
    pub(super) seconds: u32,
}

impl SessionInterval {
    /// What the request asks for; `None` if it asks for nothing, does not itself know session timers, or wants us to
    /// refresh: then the service answers as one that does not know them, and the session has no timer of ours.
    pub(super) fn asked(request: &CheckedRequest<'_>) -> Result<Option<Self>, Refusal> {
        let headers = request.headers();
        let Some(value) = headers.first(HeaderName::SessionExpires) else { return Ok(None) };
        let mut parts = value.split(|octet| *octet == b';').map(<[u8]>::trim_ascii);
        let digits = parts.next().and_then(|digits| str::from_utf8(digits).ok());
        let seconds: u32 = digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| Refusal::status(400))?;
        if seconds < LEAST_SECONDS {
            return Err(Refusal::interval_too_small(LEAST_SECONDS));
        }
        let knows = headers.option_tags(HeaderName::Supported).chain(headers.option_tags(HeaderName::Require));
        let knows_timers = knows.into_iter().any(|tag| tag.eq_ignore_ascii_case(b"timer"));
        let wants_us = parts.any(|part| part.eq_ignore_ascii_case(b"refresher=uas"));
        Ok((knows_timers && !wants_us).then_some(Self { seconds }))
    }

    /// The headers of a 2xx that accepts it.
    pub(super) fn headers(self) -> [(&'static str, Vec<u8>); 2] {
        let value = format!("{};refresher=uac", self.seconds);
        [("Session-Expires", value.into_bytes()), ("Require", b"timer".to_vec())]
    }

    /// How long to wait for a refresh before hanging up: the interval less its third, at most 32 seconds (section 10).
    pub(super) fn patience(self) -> Duration {
        Duration::from_secs(u64::from(self.seconds - (self.seconds / 3).min(32)))
    }
}
