//! What a right digest proves, and our own proof in return.

use super::claim::exchange_of;
use crate::challenge::append;
use crate::hash;
use crate::response::Protection;
use crate::{Algorithm, Ha1, IssuedNonce, NonceText};
use sip_message::DigestCredentials;
use std::fmt;
use std::num::NonZeroU32;

/// From here on a next nonce is offered: as many counts are left as a phone sends in weeks.
const NEAR_LAST_COUNT: u32 = u32::MAX - 0xffff;

/// Proof that a request was made by someone who knows the subject's password; [`verify`](super::verify) alone
/// makes it.
pub struct VerifiedIdentity<S> {
    pub(super) subject: S,
    pub(super) algorithm: Algorithm,
    pub(super) nonce: IssuedNonce,
    /// Absent without qop.
    pub(super) count: Option<NonZeroU32>,
    pub(super) ha1: Ha1,
}

impl<S> VerifiedIdentity<S> {
    /// Whose password was known.
    pub const fn subject(&self) -> &S {
        &self.subject
    }

    /// The same, for keeping.
    pub fn into_subject(self) -> S {
        self.subject
    }

    /// The algorithm that was answered with; whether it is strong enough for this subject is the caller's to say.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The nonce, whose age says whether it is time for a next one.
    #[must_use]
    pub const fn nonce(&self) -> &IssuedNonce {
        &self.nonce
    }

    /// Whether it is time to offer a next nonce (RFC 7616 section 3.5 `nextnonce`): this one is in the last quarter of its
    /// life, its nonce-counts are nearly used up, or it was used without any and so is good for nothing more. A phone
    /// that ignores the offer loses nothing but a round trip when its nonce has ended.
    #[must_use]
    pub fn needs_next_nonce(&self, now: u64, lifetime_seconds: u32) -> bool {
        let age = now.saturating_sub(self.nonce.issued_at());
        self.count.is_none_or(|count| count.get() >= NEAR_LAST_COUNT)
            || age.saturating_mul(4) >= u64::from(lifetime_seconds) * 3
    }

    /// Appends an Authentication-Info value (RFC 7616 section 3.5) for the claim that was verified: our proof that we
    /// know HA1 too, and the nonce to use next. Appends nothing where there is nothing to say, a claim without `qop` and
    /// no next nonce.
    pub fn write_authentication_info(
        &self,
        claim: &DigestCredentials<'_>,
        response_body: &[u8],
        next_nonce: Option<&NonceText>,
        out: &mut Vec<u8>,
    ) {
        let exchange = exchange_of(claim, self.algorithm);
        let mut separator: &[u8] = b"";
        if let Protection::Qop { qop, nc, cnonce, .. } = exchange.protection {
            let ha2 = exchange.ha2(b"", response_body);
            let rspauth = hash::hex(self.algorithm.hash, &exchange.response(&self.ha1, &ha2));
            append(out, &[b"rspauth=\"", rspauth.as_bytes(), b"\", qop=", qop]);
            append(out, &[b", cnonce=\"", cnonce, b"\", nc=", nc]);
            separator = b", ";
        }
        if let Some(nonce) = next_nonce {
            append(out, &[separator, b"nextnonce=\"", nonce, b"\""]);
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for VerifiedIdentity<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedIdentity")
            .field("subject", &self.subject)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
