//! Our own proof in return, and the nonce to go on with, where we answer as the user agent server.

use crate::edge::Edge;
use crate::gate::Passed;
use crate::incoming::Incoming;
use sip_digest::NonceScope;

/// What the responses say that have this header; `auth-int` hashes it (RFC 7616 section 3.5).
const RESPONSE_BODY: &[u8] = b"";

impl Edge {
    /// Writes the value of Authentication-Info, possibly none, for an answer without a body.
    pub(crate) fn write_authentication_info(&self, passed: &Passed<'_>, incoming: &Incoming<'_>, value: &mut Vec<u8>) {
        value.clear();
        let identity = &passed.identity;
        let now = incoming.now.as_unix_seconds();
        let next = if identity.needs_next_nonce(now, self.parts.nonces.lifetime_seconds()) {
            // From the lane of the one before, so that a phone stays where its windows are.
            let lane = self.lanes.get(usize::from(identity.nonce().lane().index()));
            let scope = NonceScope { realm: passed.asked.number, source: incoming.flow.remote.ip() };
            lane.map(|lane| {
                let (seed, issued_at) = lane.next_seed(identity.algorithm().hash, now);
                self.parts.nonces.issue(&seed, &scope, issued_at)
            })
        } else {
            None
        };
        identity.write_authentication_info(&passed.claim, RESPONSE_BODY, next.as_ref(), value);
    }
}
