//! How dead sessions are noticed (RFC 4028).

/// The session intervals a leg asks for and grants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionPolicy {
    /// The session interval that is asked for, and the longest that is granted, in seconds.
    pub interval_seconds: u32,
    /// The shortest that is granted, in seconds; RFC 4028 section 4 allows none below 90.
    pub min_interval_seconds: u32,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self { interval_seconds: 1_800, min_interval_seconds: 90 }
    }
}
