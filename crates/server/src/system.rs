//! The system's clock and randomness, the only place that reads them.

use domain::{Clock, RandomSource, Timestamp};
use std::time::{SystemTime, UNIX_EPOCH};

/// The system's wall clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The system's random source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemRandom;

impl RandomSource for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the place that draws randomness")]
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(error) = getrandom::fill(buffer) {
            // Going on would hand out predictable tokens and nonces.
            eprintln!("sipwarden: the system has no randomness ({error})");
            std::process::abort();
        }
    }
}
