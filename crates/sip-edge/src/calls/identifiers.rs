//! Random identifiers for messages of ours: nobody may guess a tag or a branch, since whoever knows it is answered.

use domain::RandomSource;
use std::sync::Arc;

/// Octets fetched at once, so that a message costs no call to the system.
const FETCHED: usize = 4_096;

/// Randomness fetched in large pieces and handed out in small ones, each octet once.
pub(crate) struct Identifiers {
    /// Begins every Call-ID.
    prefix: Box<[u8]>,
    source: Arc<dyn RandomSource>,
    fetched: Box<[u8; FETCHED]>,
    used: usize,
}

impl Identifiers {
    pub(crate) fn new(source: Arc<dyn RandomSource>, prefix: Box<[u8]>) -> Self {
        Self { prefix, source, fetched: Box::new([0; FETCHED]), used: FETCHED }
    }

    /// Fills `out` with octets that were never handed out before.
    pub(crate) fn fill(&mut self, out: &mut [u8]) {
        for place in out {
            if self.used == FETCHED {
                self.source.fill(&mut *self.fetched);
                self.used = 0;
            }
            if let Some(octet) = self.fetched.get_mut(self.used) {
                *place = std::mem::take(octet);
            }
            self.used += 1;
        }
    }

    /// What every Call-ID begins with.
    pub(crate) fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// A random number.
    pub(crate) fn number(&mut self) -> u64 {
        let mut octets = [0; 8];
        self.fill(&mut octets);
        u64::from_ne_bytes(octets)
    }
}
