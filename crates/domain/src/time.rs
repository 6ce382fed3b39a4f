//! Time and randomness as they are asked for; only the binary knows where they come from.

/// A moment as microseconds since 1970-01-01T00:00:00Z; the resolution of the HTTP API.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A timestamp of that many microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A timestamp of that many whole seconds since the Unix epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch, zero for moments before it.
    #[must_use]
    pub const fn as_unix_millis(self) -> u64 {
        if self.0 < 0 { 0 } else { (self.0 / 1000).unsigned_abs() }
    }

    /// Whole seconds since the Unix epoch, zero for moments before it.
    #[must_use]
    pub const fn as_unix_seconds(self) -> u64 {
        self.as_unix_millis() / 1000
    }

    /// This moment, that many seconds later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}

/// Reads the time. One implementation reads the system's clock, another stands still until a test moves it.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Draws randomness fit for keys and tokens.
pub trait RandomSource: Send + Sync {
    /// Fills the whole buffer with unpredictable octets.
    fn fill(&self, buffer: &mut [u8]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end.plus_seconds(1), end);
        assert_eq!(Timestamp::from_micros(-5).as_unix_millis(), 0);
        assert_eq!(Timestamp::from_seconds(3).as_unix_millis(), 3000);
        assert_eq!(Timestamp::from_seconds(3).as_unix_seconds(), 3);
    }
}
