//! One event being worked on: the world it happens in, and where its actions go.

use crate::{Action, Surroundings};
use sip_dialog::Millis;

/// The world, and the actions so far.
pub(crate) struct Step<'s, 'w> {
    pub(crate) world: &'s mut Surroundings<'w>,
    pub(crate) out: &'s mut Vec<Action>,
}

impl Step<'_, '_> {
    pub(crate) const fn now(&self) -> Millis {
        self.world.now
    }

    pub(crate) fn push(&mut self, action: Action) {
        self.out.push(action);
    }

    /// An unguessable text of that many characters.
    pub(crate) fn token<const N: usize>(&mut self) -> [u8; N] {
        let mut token = [0; N];
        self.world.randomness.token(&mut token);
        token
    }

    /// A Call-ID nobody has used (RFC 3261 section 8.1.1.4).
    pub(crate) fn call_id(&mut self) -> [u8; 24] {
        let mut call_id = [0; 24];
        self.world.randomness.call_id(&mut call_id);
        call_id
    }

    /// A branch nobody has used (RFC 3261 section 8.1.1.7).
    pub(crate) fn branch(&mut self, loop_token: &[u8]) -> Vec<u8> {
        [&b"z9hG4bK"[..], loop_token, &self.token::<16>()].concat()
    }

    /// A number below `bound`, for waits that must not coincide.
    pub(crate) fn number_below(&mut self, bound: u64) -> u64 {
        let token = self.token::<8>();
        token.iter().fold(0_u64, |sum, octet| sum.wrapping_mul(31).wrapping_add(u64::from(*octet))) % bound.max(1)
    }
}
