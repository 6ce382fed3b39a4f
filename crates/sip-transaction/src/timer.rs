//! The timers of RFC 3261 section 17 and table 4.

/// A moment or a span in milliseconds. Moments count from an origin the caller keeps to.
pub type Millis = u64;

/// T1, the estimate of a round trip (RFC 3261 section 17.1.1.1).
pub const T1_MS: Millis = 500;
/// T2, the longest interval between retransmissions of a non-INVITE request.
pub const T2_MS: Millis = 4_000;
/// T4, how long a message may stay in the network.
pub const T4_MS: Millis = 5_000;
/// Timer F, how long a non-INVITE client waits for a final response: 64 times T1.
pub const TIMER_F_MS: Millis = 64 * T1_MS;
/// Timer J, how long a non-INVITE server answers retransmissions over an unreliable transport: 64 times T1.
pub const TIMER_J_MS: Millis = 64 * T1_MS;

/// Whether the transport delivers what it was given, so that nothing is ever sent again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reliability {
    /// UDP: requests and responses are retransmitted.
    Unreliable,
    /// TCP, TLS, WebSocket: they are not.
    Reliable,
}
