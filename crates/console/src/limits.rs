//! How much of everything there may be.

use std::time::Duration;

/// After how long without a request of its person a session ends.
pub(crate) const IDLE: Duration = Duration::from_mins(30);
/// After how long a session ends in any case.
pub(crate) const LONGEST: Duration = Duration::from_hours(12);
/// Most sessions at once; the one that was idle for longest gives way.
pub(crate) const SESSIONS: usize = 4_096;
/// Most sessions of one token at once.
pub(crate) const SESSIONS_PER_TOKEN: usize = 64;

/// Failed attempts to sign in that a source may make at once.
pub(crate) const ATTEMPTS_AT_ONCE: u32 = 10;
/// How long it takes until it may make another.
pub(crate) const ATTEMPT_EVERY: Duration = Duration::from_secs(6);
/// Sources whose failures are remembered; beyond, the one that is forgiven soonest is forgotten.
pub(crate) const SOURCES: usize = 4_096;

/// Most octets of a form.
pub(crate) const FORM_OCTETS: usize = 64 * 1024;
/// Rows of a page of a list.
pub(crate) const ROWS: u32 = 50;
/// Rows of attempts to begin with.
pub(crate) const ATTEMPT_ROWS: u32 = 50;

/// Most pages that follow the attempts of one account at once.
pub(crate) const FOLLOWERS_PER_ACCOUNT: usize = 100;
/// Rows that wait for a page that follows; what comes beyond is told as missed.
pub(crate) const ROWS_WAITING: usize = 256;
