//! Which challenges of next hops are answered at all.

use sip_message::{HeaderName, Response};

/// How often one request answers challenges.
const MAX_CHALLENGES: u8 = 2;

/// Whether a challenge is answered: the first one, and one more that says the answer was right but late. Anything else
/// means that the secret is wrong (RFC 3261 section 22.1), and trying it again may lock the account.
pub(crate) fn may_answer(answered_before: u8, response: &Response<'_>) -> bool {
    answered_before == 0 || (answered_before < MAX_CHALLENGES && is_stale(response))
}

fn is_stale(response: &Response<'_>) -> bool {
    let of = |name| response.headers().digest_challenges(name).flatten();
    let mut challenges = of(HeaderName::WwwAuthenticate).chain(of(HeaderName::ProxyAuthenticate));
    challenges.any(|challenge| challenge.stale.is_some_and(|stale| stale.eq_ignore_ascii_case(b"true")))
}
