//! What a credential demands beyond the right password.
//!
//! It is asked only when the digest is right: whoever does not know the password sees the same computation and the same
//! answer whatever a credential demands, and whether it exists.

use crate::incoming::Incoming;
use crate::subject::Subject;
use directory::CredentialSnapshot;
use domain::DigestAlgorithm;
use sip_digest::{StaleReason, Verdict};

/// The first demand that a right answer does not meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unmet {
    /// It comes from none of the networks; answered like a wrong password.
    Source,
    /// It did not come over TLS or a secure WebSocket; answered like a wrong password.
    Transport,
    /// It is made with MD5: challenged again, with something better.
    Algorithm,
}

impl Unmet {
    /// Whether it counts against guessing, as a wrong password does: a password that is right elsewhere must not be
    /// told by how often it may be tried.
    pub(crate) const fn is_failure(self) -> bool {
        match self {
            Self::Source | Self::Transport => true,
            Self::Algorithm => false,
        }
    }
}

/// What a right answer lacks. Where a request may come from goes first, and also before staleness: whoever asks from
/// elsewhere must not learn that the password was right.
pub(crate) fn unmet(
    verdict: &Verdict<Subject<'_>>,
    credential: Option<&CredentialSnapshot>,
    algorithm: DigestAlgorithm,
    incoming: &Incoming<'_>,
) -> Option<Unmet> {
    if !matches!(verdict, Verdict::Verified(_) | Verdict::Stale(_)) {
        return None;
    }
    let demands = credential?.requirements.as_deref()?;
    // Anybody can make up a nonce: it is refused as that, without `stale` and whatever is demanded. Another challenge for
    // it would be a test of passwords that no throttle sees.
    if matches!(verdict, Verdict::Stale(StaleReason::Foreign)) {
        return None;
    }
    if !demands.accepts_source(incoming.flow.remote.ip()) {
        Some(Unmet::Source)
    } else if !demands.accepts_transport(incoming.transport()) {
        Some(Unmet::Transport)
    } else if !demands.accepts_algorithm(algorithm) {
        Some(Unmet::Algorithm)
    } else {
        None
    }
}
