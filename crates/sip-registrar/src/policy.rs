//! What the operator may set.

/// The registrar's bounds. All times in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Shortest interval granted; a shorter one is answered 423 with Min-Expires (RFC 3261 section 10.3).
    pub min_expires_seconds: u32,
    /// Interval granted to a phone that names none.
    pub default_expires_seconds: u32,
    /// Longest interval granted; a longer one is cut.
    pub max_expires_seconds: u32,
    /// Most bindings of one address-of-record; beyond, the one nearest its expiry gives way.
    pub max_bindings: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self { min_expires_seconds: 60, default_expires_seconds: 3_600, max_expires_seconds: 7_200, max_bindings: 20 }
    }
}
