//! The server's judgement of an Authorization header.
//!
//! Whatever is wrong with it, the same is computed in the same order: HA2, then one response per candidate, compared in
//! constant time. A claim that cannot succeed for other reasons, and a name nobody has, are computed with a decoy in
//! place of HA1. What differs afterwards is only visible to those whose digest was right.
//!
//! What goes into the hash is taken octet by octet as sent (`username`, `realm`, `nonce`, `uri`, `nc`, `cnonce`, `qop`);
//! nothing is unescaped, decoded or changed in case.

mod claim;
mod identity;

pub use identity::VerifiedIdentity;

use crate::response::{Integrity, Protection};
use crate::{AlgorithmSet, Ha1, IssuedNonce, NonceCounts, NonceStanding, Spend, UriAgreement};
use claim::Claim;
use sip_message::DigestCredentials;
use std::num::NonZeroU32;
use subtle::{Choice, ConstantTimeEq};

/// Everything a verdict depends on.
pub struct Attempt<'a, 'm, S> {
    /// The header's parameters.
    pub claim: &'a DigestCredentials<'m>,
    /// The request's method.
    pub method: &'a [u8],
    /// The request's body, hashed under `auth-int` only.
    pub body: &'a [u8],
    /// The realm that the addressed host leads to.
    pub realm: &'a [u8],
    /// What [`NonceIssuer::inspect`](crate::NonceIssuer::inspect) says of the claim's nonce.
    pub nonce: NonceStanding,
    /// The hashes the realm accepts. A credential that demands a better one is to be checked afterwards, by
    /// [`VerifiedIdentity::algorithm`], so that its phone can be challenged anew.
    pub accepted: AlgorithmSet,
    /// What besides `qop=auth` is accepted.
    pub qop: QopRule,
    /// What [`uri_agrees`](crate::uri_agrees) says of the claim's `uri`.
    pub uri: UriAgreement,
    /// Whose response it may be: the HA1s, under the claim's hash, of the credential that realm and username lead to.
    ///
    /// Each costs one computation, so all lists should be equally long: pad with [`Candidate::Decoy`]. An empty list
    /// counts as one decoy. The likeliest goes first: where nothing stands between a right digest and its acceptance,
    /// those behind it are not computed.
    pub candidates: &'a [Candidate<'a, S>],
    /// What the caller does with a right digest.
    pub afterwards: Afterwards,
}

/// What becomes of a digest that is right. Whoever is refused must not learn from the time it took that it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Afterwards {
    /// It is accepted, whatever else the request is like.
    Accepted,
    /// It may still be refused as if it were wrong.
    MayBeRefused,
}

/// One HA1 that a response is compared with.
#[derive(Clone, Copy, Debug)]
pub enum Candidate<'a, S> {
    /// A response made from it is good.
    Accepted {
        /// What the identity will name.
        subject: S,
        /// Its HA1; one of another hash than the claim's never matches.
        ha1: &'a Ha1,
    },
    /// A response made from it is refused, but known for what it is: an earlier password, a disabled credential.
    Revoked {
        /// What the verdict will name.
        subject: S,
        /// Its HA1; one of another hash than the claim's never matches.
        ha1: &'a Ha1,
    },
    /// Costs the same and never matches.
    Decoy,
    /// Never matches either, and fetches an HA1 from where a real one could stand.
    DecoyOf {
        /// Of nobody's secret.
        ha1: &'a Ha1,
    },
}

/// Whether something optional is accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Permission {
    /// It is not.
    #[default]
    Refused,
    /// It is.
    Accepted,
}

/// What is accepted besides `qop=auth`; by default nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct QopRule {
    /// `qop=auth-int`.
    pub auth_int: Permission,
    /// No `qop` at all (RFC 2069); each nonce is then good once.
    pub without_qop: Permission,
}

/// Where nonce-counts are spent; asked only when the digest is right.
pub trait SpendNonceCount {
    /// Spends one count of a nonce.
    fn spend(&mut self, nonce: &IssuedNonce, count: NonZeroU32) -> Spend;
    /// Spends a nonce that was used without count.
    fn spend_once(&mut self, nonce: &IssuedNonce) -> Spend;
}

/// For callers that have found the right lane's windows themselves.
impl SpendNonceCount for NonceCounts {
    fn spend(&mut self, nonce: &IssuedNonce, count: NonZeroU32) -> Spend {
        self.spend(nonce.number(), count)
    }

    fn spend_once(&mut self, nonce: &IssuedNonce) -> Spend {
        self.spend_once(nonce.number())
    }
}

/// The outcome.
#[derive(Debug)]
pub enum Verdict<S> {
    /// Right in every respect.
    Verified(VerifiedIdentity<S>),
    /// The digest is right, the nonce not usable: challenge again, with `stale=true`.
    Stale(StaleReason),
    /// The digest is right for a secret that is no longer good; on the wire a refusal like any other.
    Revoked(S),
    /// Anything else: challenge again, without `stale`.
    Refused(Refusal),
}

/// Why a nonce is not usable although the digest made with it is right.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StaleReason {
    /// Past its lifetime.
    Expired,
    /// Not ours, or of another realm or source address (a phone whose address changed).
    ///
    /// Anybody can make up such a nonce. Where [`Refusal::ForeignNonce`] is not counted against guessing, `stale=true`
    /// here would tell a guesser, uncounted, which password is right: there, answer it like a refusal.
    Foreign,
    /// Of an earlier boot or another node.
    OtherBoot,
    /// Its window gave way to newer ones.
    Evicted,
    /// Its nonce-count was used before.
    Replayed,
}

/// Why a claim failed, for diagnosis only: on the wire all look the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refusal {
    /// A parameter is missing, or has not the form it must have.
    Malformed,
    /// An unknown algorithm, one not accepted here, or not the one the nonce was issued for.
    AlgorithmNotAllowed,
    /// Made for another realm.
    RealmMismatch,
    /// The digest does not follow from any candidate, with a nonce that we issued to this source.
    WrongDigest,
    /// The digest does not follow from any candidate, with a nonce that we did not issue to this source.
    ForeignNonce,
    /// The digest is right, but for another target.
    UriMismatch,
    /// The digest is right, but with `auth-int` or without `qop`, which is not accepted here.
    QopNotAllowed,
}

/// Judges a claim.
pub fn verify<S: Clone>(attempt: &Attempt<'_, '_, S>, counts: &mut impl SpendNonceCount) -> Verdict<S> {
    let claim = Claim::of(attempt.claim);
    let barrier = claim.defect.or_else(|| barrier(attempt, &claim));
    let found = find(attempt, &claim, barrier);
    match (barrier, found) {
        (Some(refusal), _) => Verdict::Refused(refusal),
        (None, None | Some(Candidate::Decoy | Candidate::DecoyOf { .. })) => Verdict::Refused(match attempt.nonce {
            NonceStanding::Foreign => Refusal::ForeignNonce,
            _ => Refusal::WrongDigest,
        }),
        (None, Some(Candidate::Accepted { subject, ha1 })) => conclude(attempt, &claim, subject, ha1, counts),
        (None, Some(Candidate::Revoked { subject, .. })) => Verdict::Revoked(subject.clone()),
    }
}

/// What stands in the way of any candidate: the claim is then computed with a decoy.
fn barrier<S>(attempt: &Attempt<'_, '_, S>, claim: &Claim<'_>) -> Option<Refusal> {
    let hash = claim.exchange.algorithm.hash;
    let other_hash = attempt.nonce.issued().is_some_and(|nonce| nonce.hash() != hash);
    if other_hash || !attempt.accepted.contains(hash) {
        Some(Refusal::AlgorithmNotAllowed)
    } else if claim.realm != attempt.realm {
        Some(Refusal::RealmMismatch)
    } else {
        None
    }
}

/// The candidate whose response was sent, one that is accepted before one that is revoked. Computes one response for
/// each, whatever the others gave; only where a right digest is sure to be accepted, its being right ends the search.
fn find<'a, S>(
    attempt: &Attempt<'a, '_, S>,
    claim: &Claim<'_>,
    barrier: Option<Refusal>,
) -> Option<&'a Candidate<'a, S>> {
    let exchange = &claim.exchange;
    let hash = exchange.algorithm.hash;
    let ha2 = exchange.ha2(attempt.method, attempt.body);
    let decoy = Ha1::decoy(hash);
    let mut found: Option<&Candidate<'a, S>> = None;
    let is_sure = is_sure_of_acceptance(attempt, claim);
    let candidates = if attempt.candidates.is_empty() { &[Candidate::Decoy] } else { attempt.candidates };
    for candidate in candidates {
        let (ha1, eligible) = match candidate {
            Candidate::Accepted { ha1, .. } | Candidate::Revoked { ha1, .. }
                if barrier.is_none() && ha1.hash() == hash =>
            {
                (*ha1, Choice::from(1))
            }
            Candidate::DecoyOf { ha1 } if barrier.is_none() && ha1.hash() == hash => (*ha1, Choice::from(0)),
            _ => (decoy, Choice::from(0)),
        };
        let right = exchange.response(ha1, &ha2).ct_eq(&claim.response) & eligible;
        if bool::from(right) && !matches!(found, Some(Candidate::Accepted { .. })) {
            found = Some(candidate);
            if is_sure && matches!(candidate, Candidate::Accepted { .. }) {
                break;
            }
        }
    }
    found
}

/// Whether a right digest is accepted, or told to be right by `stale=true`: then nothing is left that time could tell.
fn is_sure_of_acceptance<S>(attempt: &Attempt<'_, '_, S>, claim: &Claim<'_>) -> bool {
    attempt.afterwards == Afterwards::Accepted
        && matches!(attempt.nonce, NonceStanding::Current(_))
        && attempt.uri != UriAgreement::Differs
        && attempt.qop.permits(claim.exchange.protection)
}

/// The checks that only a right digest meets.
fn conclude<S: Clone>(
    attempt: &Attempt<'_, '_, S>,
    claim: &Claim<'_>,
    subject: &S,
    ha1: &Ha1,
    counts: &mut impl SpendNonceCount,
) -> Verdict<S> {
    if attempt.uri == UriAgreement::Differs {
        return Verdict::Refused(Refusal::UriMismatch);
    }
    if !attempt.qop.permits(claim.exchange.protection) {
        return Verdict::Refused(Refusal::QopNotAllowed);
    }
    let nonce = match attempt.nonce {
        NonceStanding::Current(nonce) => nonce,
        NonceStanding::Expired(_) => return Verdict::Stale(StaleReason::Expired),
        NonceStanding::OtherBoot(_) => return Verdict::Stale(StaleReason::OtherBoot),
        NonceStanding::Foreign => return Verdict::Stale(StaleReason::Foreign),
    };
    let spend = match claim.count {
        Some(count) => counts.spend(&nonce, count),
        None => counts.spend_once(&nonce),
    };
    match spend {
        Spend::Fresh => {
            let algorithm = claim.exchange.algorithm;
            let (subject, ha1) = (subject.clone(), ha1.clone());
            Verdict::Verified(VerifiedIdentity { subject, algorithm, nonce, count: claim.count, ha1 })
        }
        Spend::Replayed => Verdict::Stale(StaleReason::Replayed),
        Spend::Evicted => Verdict::Stale(StaleReason::Evicted),
    }
}

impl QopRule {
    fn permits(self, protection: Protection<'_>) -> bool {
        match protection {
            Protection::Legacy => self.without_qop == Permission::Accepted,
            Protection::Qop { integrity: Integrity::None, .. } => true,
            Protection::Qop { integrity: Integrity::Body, .. } => self.auth_int == Permission::Accepted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HashAlgorithm, Lane, NonceIssuer, NonceKey, NonceScope, NonceSeed, hash};

    /// What is hashed, part lengths and order, is the same whatever is wrong; so is what is compared.
    #[test]
    fn every_outcome_hashes_alike() {
        for hash in HashAlgorithm::ALL {
            let issuer = NonceIssuer::new(NonceKey::new(&[7; 32]), 1, 60);
            let scope = NonceScope { realm: 1, source: [192, 0, 2, 1].into() };
            let seed = NonceSeed { hash, lane: Lane::new(0).unwrap(), serial: 1 };
            let text = issuer.issue(&seed, &scope, 1000);
            let current = issuer.inspect(&text, &scope, 1000);
            let issued = *current.issued().unwrap();
            let ha1 = Ha1::compute(hash, b"alice", b"r", b"password");
            let wrong = Ha1::compute(hash, b"alice", b"r", b"passw0rd");
            let claim = claim(hash, &text);
            let digest = Claim::of(&claim).exchange;
            let response = hash::hex(hash, &digest.response(&ha1, &digest.ha2(b"REGISTER", b"")));
            let claim = DigestCredentials { response: Some(response.as_bytes()), ..claim };
            let good = Attempt {
                claim: &claim,
                method: b"REGISTER",
                body: b"",
                realm: b"r",
                nonce: current,
                accepted: AlgorithmSet::ALL,
                qop: QopRule::default(),
                uri: UriAgreement::Agrees,
                candidates: &[Candidate::Accepted { subject: (), ha1: &ha1 }],
                afterwards: Afterwards::Accepted,
            };
            let verified = cost(&good, "Verified(VerifiedIdentity");
            let malformed = DigestCredentials { username: None, ..claim };
            for (attempt, expected) in [
                (Attempt { candidates: &[], ..good }, "Refused(WrongDigest)"),
                (Attempt { candidates: &[Candidate::Decoy], ..good }, "Refused(WrongDigest)"),
                (Attempt { candidates: &[accepted(&wrong)], ..good }, "Refused(WrongDigest)"),
                (Attempt { candidates: &[revoked(&ha1)], ..good }, "Revoked(())"),
                (Attempt { candidates: &[revoked(&wrong)], ..good }, "Refused(WrongDigest)"),
                (Attempt { realm: b"s", ..good }, "Refused(RealmMismatch)"),
                (Attempt { uri: UriAgreement::Differs, ..good }, "Refused(UriMismatch)"),
                (Attempt { accepted: AlgorithmSet::NONE, ..good }, "Refused(AlgorithmNotAllowed)"),
                (Attempt { claim: &malformed, ..good }, "Refused(Malformed)"),
                (Attempt { nonce: NonceStanding::Foreign, ..good }, "Stale(Foreign)"),
                (Attempt { nonce: NonceStanding::Expired(issued), ..good }, "Stale(Expired)"),
            ] {
                assert_eq!(cost(&attempt, expected), verified, "{hash} {expected}");
            }
            let two = [Candidate::Decoy, accepted(&ha1)];
            let second = cost(&Attempt { candidates: &two, ..good }, "Verified");
            assert!(second.len() > verified.len() && second.starts_with(&verified), "one response more");
            let first = [accepted(&ha1), Candidate::Decoy];
            let good = Attempt { candidates: &first, ..good };
            assert_eq!(cost(&good, "Verified"), verified, "nothing is left to be hidden");
            for (attempt, expected) in [
                (Attempt { candidates: &[Candidate::Decoy, Candidate::Decoy], ..good }, "Refused(WrongDigest)"),
                (Attempt { candidates: &[accepted(&wrong), Candidate::Decoy], ..good }, "Refused(WrongDigest)"),
                (Attempt { candidates: &[accepted(&wrong), revoked(&wrong)], ..good }, "Refused(WrongDigest)"),
                (Attempt { candidates: &[accepted(&wrong), revoked(&ha1)], ..good }, "Revoked(())"),
                (Attempt { candidates: &[revoked(&ha1), Candidate::Decoy], ..good }, "Revoked(())"),
                (Attempt { afterwards: Afterwards::MayBeRefused, ..good }, "Verified"),
                (Attempt { realm: b"s", ..good }, "Refused(RealmMismatch)"),
                (Attempt { uri: UriAgreement::Differs, ..good }, "Refused(UriMismatch)"),
                (Attempt { nonce: NonceStanding::Foreign, ..good }, "Stale(Foreign)"),
                (Attempt { nonce: NonceStanding::Expired(issued), ..good }, "Stale(Expired)"),
            ] {
                assert_eq!(cost(&attempt, expected), second, "{hash} {expected}");
            }
        }
    }

    fn cost(attempt: &Attempt<'_, '_, ()>, expected: &str) -> Vec<usize> {
        let mut counts = NonceCounts::with_buckets(1);
        hash::tally::take();
        let verdict = format!("{:?}", verify(attempt, &mut counts));
        assert!(verdict.starts_with(expected), "{verdict} rather than {expected}");
        hash::tally::take()
    }

    fn accepted(ha1: &Ha1) -> Candidate<'_, ()> {
        Candidate::Accepted { subject: (), ha1 }
    }

    fn revoked(ha1: &Ha1) -> Candidate<'_, ()> {
        Candidate::Revoked { subject: (), ha1 }
    }

    fn claim(hash: HashAlgorithm, nonce: &[u8]) -> DigestCredentials<'_> {
        DigestCredentials {
            username: Some(b"alice"),
            realm: Some(b"r"),
            nonce: Some(nonce),
            uri: Some(b"sip:r"),
            algorithm: Some(hash.as_str().as_bytes()),
            cnonce: Some(b"0a4f113b"),
            qop: Some(b"auth"),
            nc: Some(b"00000001"),
            ..DigestCredentials::default()
        }
    }
}
