//! Session timers of one dialog (RFC 4028).

use crate::reliable::number;
use crate::{Millis, PeerFeatures, SessionPolicy};
use sip_message::write::HeaderLines;
use sip_message::{HeaderName, Headers};

/// No session interval is shorter (RFC 4028 section 4).
const SHORTEST_SECONDS: u32 = 90;

/// Who of a request's two sides refreshes a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refresher {
    /// Who sent the request.
    Uac,
    /// Who answered it.
    Uas,
}

/// What a Session-Expires says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionExpires {
    /// The session interval in seconds.
    pub seconds: u32,
    /// Who refreshes, if it says so.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Reads Session-Expires; `None` without a well-formed one.
    #[must_use]
    pub fn of(headers: Headers<'_>) -> Option<Self> {
        let mut parts = headers.first(HeaderName::SessionExpires)?.split(|octet| *octet == b';');
        let seconds = number(parts.next()?.trim_ascii())?;
        let refresher = parts.find_map(|param| {
            let mut sides = param.splitn(2, |octet| *octet == b'=').map(<[u8]>::trim_ascii);
            let (name, value) = (sides.next()?, sides.next()?);
            match value {
                _ if !name.eq_ignore_ascii_case(b"refresher") => None,
                _ if value.eq_ignore_ascii_case(b"uac") => Some(Refresher::Uac),
                _ if value.eq_ignore_ascii_case(b"uas") => Some(Refresher::Uas),
                _ => None,
            }
        });
        Some(Self { seconds, refresher })
    }
}

/// The shortest session interval a Min-SE allows; 90 s without one.
#[must_use]
pub fn min_se(headers: Headers<'_>) -> u32 {
    let value = headers.first(HeaderName::MinSe).unwrap_or_default();
    let digits = value.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
    number(digits).unwrap_or(SHORTEST_SECONDS).max(SHORTEST_SECONDS)
}

/// A session interval shorter than is granted; 422 with Min-SE (RFC 4028 section 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a session interval below {min_seconds} s is not granted")]
pub struct IntervalTooSmall {
    /// The shortest that is.
    pub min_seconds: u32,
}

/// Writes what a request of ours that begins or refreshes a session says of its timer. `refresher` is left to the peer
/// where it is `None`; `min_seconds` is what a 422 or a Min-SE asked for.
pub fn write_request(lines: &mut HeaderLines, (seconds, min_seconds): (u32, u32), refresher: Option<Refresher>) {
    let seconds = seconds.max(min_seconds);
    lines.header_parts("Session-Expires", &[seconds.to_string().as_bytes(), param_of(refresher)]);
    if min_seconds > SHORTEST_SECONDS {
        lines.header_u32("Min-SE", min_seconds);
    }
}

fn param_of(refresher: Option<Refresher>) -> &'static [u8] {
    match refresher {
        Some(Refresher::Uac) => b";refresher=uac",
        Some(Refresher::Uas) => b";refresher=uas",
        None => b"",
    }
}

/// What an answer of ours says of the session timer, and the timer itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grant {
    seconds: u32,
    /// `None` where the peer has no session timers: nothing is written then.
    refresher: Option<Refresher>,
}

impl Grant {
    /// What is granted to a request that begins or refreshes a session (RFC 4028 section 9). The side that can refresh
    /// without a session description is preferred where the peer leaves it open.
    ///
    /// # Errors
    /// [`IntervalTooSmall`].
    pub fn to(headers: Headers<'_>, peer: PeerFeatures, policy: SessionPolicy) -> Result<Self, IntervalTooSmall> {
        let min_seconds = policy.min_interval_seconds.max(SHORTEST_SECONDS);
        let asked = SessionExpires::of(headers);
        if asked.is_some_and(|asked| asked.seconds < min_seconds) && peer.supports_timer {
            return Err(IntervalTooSmall { min_seconds });
        }
        let longest = policy.interval_seconds.max(min_seconds).max(min_se(headers));
        let seconds = asked.map_or(longest, |asked| asked.seconds.min(longest).max(min_seconds));
        let ours = if peer.allows_update { Refresher::Uas } else { Refresher::Uac };
        let refresher = peer.supports_timer.then(|| asked.and_then(|asked| asked.refresher).unwrap_or(ours));
        Ok(Self { seconds, refresher })
    }

    /// Writes it into a 2xx.
    pub fn write(&self, lines: &mut HeaderLines) {
        let Some(refresher) = self.refresher else { return };
        lines.header_parts("Session-Expires", &[self.seconds.to_string().as_bytes(), param_of(Some(refresher))]);
        if refresher == Refresher::Uac {
            lines.header("Require", b"timer");
        }
    }

    /// The timer that runs once the 2xx is sent.
    #[must_use]
    pub const fn timer(&self, now: Millis) -> SessionTimer {
        match self.refresher {
            Some(Refresher::Uas) => SessionTimer::new(self.seconds, Duty::Refresh, now),
            Some(Refresher::Uac) => SessionTimer::new(self.seconds, Duty::Await, now),
            None => SessionTimer::new(self.seconds, Duty::Probe, now),
        }
    }
}

/// The timer that a 2xx to a request of ours sets (RFC 4028 section 7.2).
#[must_use]
pub fn agreed(headers: Headers<'_>, policy: SessionPolicy, now: Millis) -> SessionTimer {
    match SessionExpires::of(headers) {
        // The refresher is mandatory in a response; without one nobody else has taken the task.
        Some(SessionExpires { seconds, refresher }) => {
            let duty = if refresher == Some(Refresher::Uas) { Duty::Await } else { Duty::Refresh };
            SessionTimer::new(seconds.max(SHORTEST_SECONDS), duty, now)
        }
        None => SessionTimer::new(policy.interval_seconds.max(SHORTEST_SECONDS), Duty::Probe, now),
    }
}

/// What we have to do for a session to be known alive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Duty {
    /// Refresh it.
    Refresh,
    /// Notice when the peer does not.
    Await,
    /// Ask a peer that knows no session timers whether it is still there.
    Probe,
}

/// The session timer of one dialog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionTimer {
    pub(crate) seconds: u32,
    pub(crate) duty: Duty,
    /// When we refresh or probe; `None` once done, and where the peer refreshes.
    acts_at: Option<Millis>,
    /// When the session is dead; `None` where only a probe can tell.
    expires_at: Option<Millis>,
}

/// What is due of a session timer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionDue {
    /// Send a refresh.
    Refresh,
    /// Send a request that shows whether the peer is still there.
    Probe,
    /// Hang up: nobody has refreshed.
    Expired,
}

impl SessionTimer {
    /// A timer that begins now.
    #[must_use]
    pub const fn new(seconds: u32, duty: Duty, now: Millis) -> Self {
        let whole = seconds as Millis * 1_000;
        // BYE goes out a little before the end: 32 s, or a third of the interval if that is less (section 10).
        let margin = if whole / 3 < 32_000 { whole / 3 } else { 32_000 };
        let expires_at = Some(now + whole - margin);
        let (acts_at, expires_at) = match duty {
            Duty::Refresh => (Some(now + whole / 2), expires_at),
            Duty::Await => (None, expires_at),
            Duty::Probe => (Some(now + whole), None),
        };
        Self { seconds, duty, acts_at, expires_at }
    }

    /// The session was refreshed, by whoever had to, without a word about its timer.
    pub const fn restart(&mut self, now: Millis) {
        *self = Self::new(self.seconds, self.duty, now);
    }

    /// A refresh of ours was refused for a reason that may pass: it is tried again then.
    pub const fn retry_at(&mut self, at: Millis) {
        self.acts_at = Some(at);
    }

    /// What we have to do.
    #[must_use]
    pub const fn duty(&self) -> Duty {
        self.duty
    }

    /// The session interval.
    #[must_use]
    pub const fn seconds(&self) -> u32 {
        self.seconds
    }

    /// When [`Self::on_time`] wants to be called.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Millis> {
        [self.acts_at, self.expires_at].into_iter().flatten().min()
    }

    /// Time has passed. What is due is told once.
    pub fn on_time(&mut self, now: Millis) -> Option<SessionDue> {
        if self.expires_at.is_some_and(|at| now >= at) {
            self.expires_at = None;
            self.acts_at = None;
            return Some(SessionDue::Expired);
        }
        self.acts_at.take_if(|at| now >= *at)?;
        Some(if self.duty == Duty::Probe { SessionDue::Probe } else { SessionDue::Refresh })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_refreshes_does_so_at_half_time_and_gives_up_before_the_end() {
        let mut timer = SessionTimer::new(1_800, Duty::Refresh, 0);
        assert_eq!(timer.wakes_at(), Some(900_000));
        assert_eq!(timer.on_time(899_999), None);
        assert_eq!(timer.on_time(900_000), Some(SessionDue::Refresh));
        assert_eq!(timer.wakes_at(), Some(1_768_000));
        assert_eq!(timer.on_time(1_768_000), Some(SessionDue::Expired));
        assert_eq!(timer.wakes_at(), None);
    }

    #[test]
    fn who_waits_hangs_up_a_third_before_a_short_end() {
        let mut timer = SessionTimer::new(90, Duty::Await, 1_000);
        assert_eq!(timer.wakes_at(), Some(61_000));
        timer.restart(50_000);
        assert_eq!(timer.on_time(61_000), None);
        assert_eq!(timer.on_time(110_000), Some(SessionDue::Expired));
    }

    #[test]
    fn a_probe_never_expires_by_itself() {
        let mut timer = SessionTimer::new(600, Duty::Probe, 0);
        assert_eq!(timer.on_time(600_000), Some(SessionDue::Probe));
        assert_eq!(timer.wakes_at(), None);
    }
}
