//! Which refusals have been reported, so that a retransmission of one is not a second attempt.
//!
//! A refused request leaves no transaction: a stranger must not cost memory. It is judged anew when it comes again, and
//! challenged anew, which harms nobody; only its event would be counted twice. What is kept against that is one tag in a
//! table of fixed size, where a newer one takes the place of an older one: a stranger who fills it brings double events
//! back and nothing else. A tag covers the response too, so that every guess has an event of its own; and it is made with
//! a secret key, so that nobody can find two requests with one tag.

use sip_message::DigestCredentials;
use sip_transaction::{Millis, TIMER_J_MS, TransactionKey};
use std::hash::{BuildHasher, RandomState};

/// Of one lane; 16 KiB.
const SLOTS: usize = 1024;

/// The refusals of the last 32 seconds, as far as the table holds them.
pub(crate) struct ReportedRefusals {
    /// A cryptographic hash with a key of its own, unlike those of the other tables.
    hasher: RandomState,
    slots: Box<[Slot; SLOTS]>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    tag: u64,
    until: Millis,
}

impl ReportedRefusals {
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), slots: Box::new([Slot::default(); SLOTS]) }
    }

    /// Whether this very claim was refused in this very transaction before; from now on it was.
    pub(crate) fn is_repeated(&mut self, key: &TransactionKey, claim: &DigestCredentials<'_>, now: Millis) -> bool {
        let said = (claim.username, claim.realm, claim.nonce, claim.uri, claim.response, claim.nc, claim.cnonce);
        let tag = self.hasher.hash_one((key, said, claim.algorithm, claim.qop));
        let index = usize::try_from(tag).unwrap_or(0) % SLOTS;
        let Some(slot) = self.slots.get_mut(index) else { return false };
        let repeated = slot.tag == tag && now < slot.until;
        if !repeated {
            *slot = Slot { tag, until: now + TIMER_J_MS };
        }
        repeated
    }
}
