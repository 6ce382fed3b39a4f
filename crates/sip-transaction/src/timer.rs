//! The timers of RFC 3261 section 17 and table 4, with those of RFC 6026.

/// A moment or a span in milliseconds. Moments count from an origin the caller keeps to.
pub type Millis = u64;

/// T1, the estimate of a round trip (RFC 3261 section 17.1.1.1).
pub const T1_MS: Millis = 500;
/// T2, the longest interval between retransmissions of a non-INVITE request and of a final response to INVITE.
pub const T2_MS: Millis = 4_000;
/// T4, how long a message may stay in the network.
pub const T4_MS: Millis = 5_000;
/// How long an INVITE server transaction leaves its user to answer before it sends 100 by itself (section 17.2.1).
pub const TRYING_AFTER_MS: Millis = 200;
/// Timer B, how long an INVITE client waits for any response: 64 times T1.
pub const TIMER_B_MS: Millis = 64 * T1_MS;
/// Timer D, how long an INVITE client acknowledges repeated failures over an unreliable transport: at least 32 s.
pub const TIMER_D_MS: Millis = 32_000;
/// Timer F, how long a non-INVITE client waits for a final response: 64 times T1.
pub const TIMER_F_MS: Millis = 64 * T1_MS;
/// Timer H, how long an INVITE server waits for the ACK to a failure: 64 times T1.
pub const TIMER_H_MS: Millis = 64 * T1_MS;
/// Timer J, how long a non-INVITE server answers retransmissions over an unreliable transport: 64 times T1.
pub const TIMER_J_MS: Millis = 64 * T1_MS;
/// Timer L, how long an INVITE server absorbs retransmissions after a 2xx, over any transport (RFC 6026).
pub const TIMER_L_MS: Millis = 64 * T1_MS;
/// Timer M, how long an INVITE client passes repeated 2xx on, over any transport (RFC 6026).
pub const TIMER_M_MS: Millis = 64 * T1_MS;

/// Whether the transport delivers what it was given, so that nothing is ever sent again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reliability {
    /// UDP: requests and responses are retransmitted.
    Unreliable,
    /// TCP, TLS, WebSocket: they are not.
    Reliable,
}

impl Reliability {
    /// How long to absorb what may still be on its way: that span, and nothing where messages come once.
    pub(crate) const fn linger(self, span: Millis) -> Millis {
        match self {
            Self::Unreliable => span,
            Self::Reliable => 0,
        }
    }
}
