//! Time as the legs count it.

/// A moment or a span in milliseconds; moments count from the Unix epoch, so that a snapshot means the same later.
pub type Millis = u64;

/// T1, the estimate of a round trip (RFC 3261 section 17.1.1.1).
pub const T1_MS: Millis = 500;
/// T2, the longest interval between repetitions of a 2xx to INVITE (RFC 3261 section 13.3.1.4).
pub const T2_MS: Millis = 4_000;
/// How long a 2xx waits for its ACK and a reliable provisional response for its PRACK.
pub const PATIENCE_MS: Millis = 64 * T1_MS;
