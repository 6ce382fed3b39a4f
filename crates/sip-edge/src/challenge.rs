//! Writes challenges.

use crate::answer::Answer;
use crate::edge::Edge;
use crate::gate::AskedRealm;
use crate::scratch::Scratch;
use domain::{ChallengePolicy, DigestRules};
use sip_digest::{
    AlgorithmSet, Challenge, HashAlgorithm, NonceScope, Permission, QopOffer, QopRule, Staleness, answers_sha256,
};
use sip_message::Method;
use sip_message::write::Status;

/// Says nothing, since a nonce carries its own proof; but phones were tried with it, and some expect one.
const OPAQUE: &[u8] = b"1";

/// The hashes a realm's challenges offer, strongest first. Follows from realm and User-Agent alone, with no look-up of
/// the user, so it betrays nobody.
pub(crate) fn offered(realm: &AskedRealm<'_>, user_agent: &[u8]) -> &'static [HashAlgorithm] {
    // A phone that could do better, and whose credential came as a hash for MD5, would fail at SHA-256.
    let may_be_md5_only = realm.entry.is_some_and(|entry| entry.has_md5_only());
    match realm.policy {
        ChallengePolicy::Compatible if !may_be_md5_only && answers_sha256(user_agent) => &[HashAlgorithm::Sha256],
        ChallengePolicy::Compatible => &[HashAlgorithm::Md5],
        ChallengePolicy::Sha256 => &[HashAlgorithm::Sha256],
        ChallengePolicy::Rfc8760 => &[HashAlgorithm::Sha512_256, HashAlgorithm::Sha256, HashAlgorithm::Md5],
    }
}

/// The hashes a realm accepts. A nonce is good only for the hash it was issued for, so under `compatible` a phone that
/// was offered SHA-256 cannot fall back to MD5 by itself.
pub(crate) fn accepted(policy: ChallengePolicy) -> AlgorithmSet {
    match policy {
        ChallengePolicy::Compatible => AlgorithmSet::only(HashAlgorithm::Md5).with(HashAlgorithm::Sha256),
        ChallengePolicy::Sha256 => AlgorithmSet::only(HashAlgorithm::Sha256),
        ChallengePolicy::Rfc8760 => AlgorithmSet::ALL,
    }
}

/// The hashes offered to whoever answered right, but with MD5 where the credential refuses it.
fn offered_without_md5(policy: ChallengePolicy) -> &'static [HashAlgorithm] {
    match policy {
        ChallengePolicy::Compatible | ChallengePolicy::Sha256 => &[HashAlgorithm::Sha256],
        ChallengePolicy::Rfc8760 => &[HashAlgorithm::Sha512_256, HashAlgorithm::Sha256],
    }
}

/// What a realm accepts besides `qop=auth`.
pub(crate) fn qop_rule(rules: DigestRules) -> QopRule {
    let permission = |accepted| if accepted { Permission::Accepted } else { Permission::Refused };
    QopRule { auth_int: permission(rules.auth_int), without_qop: permission(rules.without_qop) }
}

impl Edge {
    /// Challenges with what the realm's policy offers.
    pub(crate) fn challenge(
        &self,
        scratch: &mut Scratch,
        realm: &AskedRealm<'_>,
        staleness: Staleness,
        answer: &mut Answer<'_, '_>,
    ) {
        let hashes = offered(realm, answer.incoming().user_agent);
        self.challenge_for(scratch, realm, (hashes, staleness), answer);
    }

    /// Challenges anew after a right answer with MD5 for a credential that refuses it. It says `stale=true`: the digest
    /// was right and its nonce, being one for MD5, is of no use; without it phones take the password for wrong.
    pub(crate) fn challenge_without_md5(
        &self,
        scratch: &mut Scratch,
        realm: &AskedRealm<'_>,
        answer: &mut Answer<'_, '_>,
    ) {
        self.challenge_for(scratch, realm, (offered_without_md5(realm.policy), Staleness::Stale), answer);
    }

    /// Answers 401 (REGISTER) or 407 with one challenge for each hash offered (RFC 8760 section 2.4).
    fn challenge_for(
        &self,
        scratch: &mut Scratch,
        realm: &AskedRealm<'_>,
        (hashes, staleness): (&[HashAlgorithm], Staleness),
        answer: &mut Answer<'_, '_>,
    ) {
        let incoming = answer.incoming();
        let qop = if realm.rules.auth_int { QopOffer::AuthAndAuthInt } else { QopOffer::Auth };
        let (status, header) = match incoming.request.method() {
            Method::Register => (Status::of(401), "WWW-Authenticate"),
            _ => (Status::of(407), "Proxy-Authenticate"),
        };
        let scope = NonceScope { realm: realm.number, source: incoming.flow.remote.ip() };
        let now = incoming.now.as_unix_seconds();
        let Some(lane) = self.lane(incoming.lane) else { return };
        let value = &mut scratch.value;
        answer.respond(status, |mut writer| {
            for hash in hashes.iter().copied() {
                let (seed, issued_at) = lane.next_seed(hash, now);
                let nonce = self.parts.nonces.issue(&seed, &scope, issued_at);
                value.clear();
                let challenge =
                    Challenge { realm: realm.name, nonce: &nonce, hash, qop, staleness, opaque: Some(OPAQUE) };
                challenge.write(value);
                writer = writer.header(header, value);
            }
            writer
        });
    }
}
