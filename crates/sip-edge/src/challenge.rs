//! Writes challenges.

use crate::answer::Answer;
use crate::edge::Edge;
use crate::gate::AskedRealm;
use crate::scratch::Scratch;
use domain::ChallengePolicy;
use sip_digest::{AlgorithmSet, Challenge, HashAlgorithm, NonceScope, QopOffer, Staleness, answers_sha256};
use sip_message::Method;
use sip_message::write::Status;

/// Says nothing, since a nonce carries its own proof; but phones were tried with it, and some expect one.
const OPAQUE: &[u8] = b"1";

/// The hashes a realm's challenges offer, strongest first. Follows from policy and User-Agent alone, with no look-up of
/// the user, so it betrays nobody.
pub(crate) fn offered(policy: ChallengePolicy, user_agent: &[u8]) -> &'static [HashAlgorithm] {
    match policy {
        ChallengePolicy::Compatible if answers_sha256(user_agent) => &[HashAlgorithm::Sha256],
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

impl Edge {
    /// Answers 401 (REGISTER) or 407 with one challenge for each hash offered (RFC 8760 section 2.4).
    pub(crate) fn challenge(
        &self,
        scratch: &mut Scratch,
        realm: &AskedRealm<'_>,
        staleness: Staleness,
        answer: &mut Answer<'_, '_>,
    ) {
        let incoming = answer.incoming();
        let (status, header) = match incoming.request.method() {
            Method::Register => (Status::of(401), "WWW-Authenticate"),
            _ => (Status::of(407), "Proxy-Authenticate"),
        };
        let scope = NonceScope { realm: realm.number, source: incoming.flow.remote.ip() };
        let now = incoming.now.as_unix_seconds();
        let Some(lane) = self.lane(incoming.lane) else { return };
        let value = &mut scratch.value;
        answer.respond(status, |mut writer| {
            for hash in offered(realm.policy, incoming.user_agent).iter().copied() {
                let (seed, issued_at) = lane.next_seed(hash, now);
                let nonce = self.parts.nonces.issue(&seed, &scope, issued_at);
                value.clear();
                let challenge = Challenge {
                    realm: realm.name,
                    nonce: &nonce,
                    hash,
                    qop: QopOffer::Auth,
                    staleness,
                    opaque: Some(OPAQUE),
                };
                challenge.write(value);
                writer = writer.header(header, value);
            }
            writer
        });
    }
}
