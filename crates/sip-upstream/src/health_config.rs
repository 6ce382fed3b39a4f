//! What may be set about looking after next hops.

use crate::Millis;

/// When a next hop counts as down, and how it is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HealthConfig {
    /// Whether it is asked by OPTIONS.
    pub probing: Probing,
    /// How many failures in a row make it count as down; at least 1.
    pub failures_to_fall: u32,
    /// The longest that one that is down is left alone, in milliseconds.
    pub longest_pause_ms: Millis,
    /// How long an OPTIONS may be under way before it counts as unanswered even if nobody says so, in milliseconds; longer
    /// than timer F, 32 seconds.
    pub probe_limit_ms: Millis,
}

/// Whether a next hop is asked by OPTIONS whether it is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Probing {
    /// Never: only calls tell. One that is down gets another chance after a pause.
    ByCallsAlone,
    /// Every so many milliseconds, a fifth more or less; at most that often, whatever happens.
    Every(Millis),
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self { probing: Probing::Every(30_000), failures_to_fall: 2, longest_pause_ms: 120_000, probe_limit_ms: 40_000 }
    }
}
