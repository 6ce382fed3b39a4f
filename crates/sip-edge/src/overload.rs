//! Who goes first while more comes than is handled, and what the others are told.
//!
//! Phones go first: sources that have proven themselves lately, and requests with a nonce that we issued to their
//! address. Whoever floods from forged addresses has neither.

use crate::claim::{Claim, claim_for};
use crate::edge::Edge;
use crate::failure::Failure;
use crate::incoming::response_destination;
use crate::realm_choice::realm_of;
use crate::scratch::Scratch;
use domain::Timestamp;
use sip_digest::{NonceScope, NonceStanding};
use sip_message::write::{Echoed, ResponseWriter};
use sip_message::{HeaderName, Message, Method, Request, parse};
use sip_transport::{Crowding, Outbox, Precedence, Received};
use std::sync::atomic::{AtomicU64, Ordering};

/// 503 answers a lane gives in one second to what it turns away; the others hear nothing and try again by themselves.
const REFUSALS_PER_SECOND: u64 = 100;
/// Bits of a count within a second.
const COUNT_BITS: u32 = 16;

/// How many refusals a lane has given in the present second.
#[derive(Default)]
pub(crate) struct RefusalBudget(AtomicU64);

impl RefusalBudget {
    /// Takes one, unless those of this second are used up.
    fn take(&self, second: u64) -> bool {
        let held = self.0.load(Ordering::Relaxed);
        let used = if held >> COUNT_BITS == second { held & ((1 << COUNT_BITS) - 1) } else { 0 };
        if used >= REFUSALS_PER_SECOND {
            return false;
        }
        self.0.store(second << COUNT_BITS | (used + 1), Ordering::Relaxed);
        true
    }
}

impl Edge {
    /// Only where some will be turned away is a nonce looked for: that takes reading the message.
    pub(crate) fn precedence_of(
        &self,
        scratch: &mut Scratch,
        received: &Received<'_>,
        crowding: Crowding,
    ) -> Precedence {
        let now = self.parts.clock.now();
        if self.proven.is_proven(received.flow.remote, now) {
            return Precedence::First;
        }
        let mut spans = scratch.spans.take().unwrap_or_default();
        let brings_nonce = crowding == Crowding::Heavy
            && matches!(parse(received.octets, &mut spans), Ok(Message::Request(request)) if self.brings_nonce(&request, received, now));
        scratch.spans = Some(spans);
        if brings_nonce { Precedence::First } else { Precedence::Ordinary }
    }

    /// Whether a request has a nonce that was issued to its source. One that cannot be ours by its numbers, as almost
    /// any that was made up, costs no MAC.
    fn brings_nonce(&self, request: &Request<'_>, received: &Received<'_>, now: Timestamp) -> bool {
        let headers = request.headers();
        let second = now.as_unix_seconds();
        let is_plausible = [HeaderName::Authorization, HeaderName::ProxyAuthorization].into_iter().any(|name| {
            let mut nonces = headers.digest_credentials(name).filter_map(|claim| claim.ok()?.nonce);
            nonces.any(|nonce| self.parts.nonces.is_plausible(nonce, second))
        });
        let Some(request) = is_plausible.then(|| request.check().ok()).flatten() else { return false };
        let realms = self.parts.directory.realms();
        let Some(realm) = realm_of(&realms, &request) else { return false };
        let Claim::Digest(claim) = claim_for(&request, realm.name.as_str().as_bytes()) else { return false };
        let scope = NonceScope { realm: realm.id.0, source: received.flow.remote.ip() };
        let standing = self.parts.nonces.inspect(claim.nonce.unwrap_or_default(), &scope, second);
        matches!(standing, NonceStanding::Current(_) | NonceStanding::OtherBoot(_))
    }

    /// Counts what is turned away, and tells a few a second when to come back.
    pub(crate) fn turn_away(&self, scratch: &mut Scratch, received: &Received<'_>, outbox: &mut Outbox) {
        let Some(lane) = self.lane(received.lane) else { return };
        lane.handled.shed.fetch_add(1, Ordering::Relaxed);
        if !lane.refusal_budget.take(self.parts.clock.now().as_unix_seconds()) {
            return;
        }
        let mut spans = scratch.spans.take().unwrap_or_default();
        if let Ok(Message::Request(request)) = parse(received.octets, &mut spans)
            && request.method() != Method::Ack
            && request.headers().first(HeaderName::Via).is_some()
        {
            let first_answer = outbox.messages().len();
            self.say_overloaded(&request, received, outbox);
            self.withhold(received, first_answer, outbox);
            for message in outbox.messages().iter().skip(first_answer) {
                lane.handled.response(outbox.octets_of(message));
            }
        }
        scratch.spans = Some(spans);
    }

    fn say_overloaded(&self, request: &Request<'_>, received: &Received<'_>, outbox: &mut Outbox) {
        let echoed = Echoed::from(request);
        let tag = self.to_tag(&echoed);
        let destination = response_destination(received.flow, echoed.top_via());
        outbox.push(destination, |out| {
            ResponseWriter::start(out, echoed, Failure::Overloaded.status(), received.flow.remote, &tag)
                .header_u32("Retry-After", crate::answer::RETRY_AFTER_SECONDS)
                .finish(b"");
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_of_one_second() {
        let budget = RefusalBudget::default();
        assert_eq!((0..1_000).filter(|_| budget.take(7)).count(), 100);
        assert_eq!((0..1_000).filter(|_| budget.take(8)).count(), 100);
    }
}
