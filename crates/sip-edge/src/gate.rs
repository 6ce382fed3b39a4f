//! The challenge gate: nothing behind it is reached without a verified identity.
//!
//! Unknown user, wrong password, disabled credential, wrong realm: all are looked up, computed and answered alike. Why a
//! request was refused is only in the event.

use crate::answer::Answer;
use crate::challenge::{accepted, offered, qop_rule};
use crate::claim::{Claim, claim_for};
use crate::demands::{Unmet, unmet};
use crate::edge::Edge;
use crate::generations::{self, Candidates, Padding, afterwards, candidates};
use crate::incoming::Incoming;
use crate::lane::SpendOnItsLane;
use crate::realm_choice::realm_of;
use crate::scratch::Scratch;
use crate::subject::Subject;
use crate::throttle::{Admission, Claimant, Incarnation};
use directory::{CredentialSnapshot, RealmEntry, Realms, UseOfCredential};
use domain::{
    AccountId, AuthEvent, AuthReason, AuthRemark, ChallengePolicy, CredentialId, Day, DigestAlgorithm, DigestRules,
    NearMiss, RealmId,
};
use sip_digest::{
    Algorithm, Attempt, HashAlgorithm, NonceScope, Refusal, StaleReason, Staleness, UriAgreement, Verdict,
    VerifiedIdentity, uri_agrees, verify,
};
use sip_message::{DigestCredentials, HeaderName};
use sip_transaction::Reliability;
use std::net::{IpAddr, Ipv6Addr};

/// The number of the realm that nobody has; storage counts from one.
const NOBODY: i64 = -1;

/// The realm a request is challenged for; possibly nobody's.
#[derive(Clone, Copy)]
pub(crate) struct AskedRealm<'r> {
    pub(crate) entry: Option<&'r RealmEntry>,
    pub(crate) name: &'r [u8],
    pub(crate) number: i64,
    pub(crate) policy: ChallengePolicy,
    pub(crate) rules: DigestRules,
}

/// A request whose sender is known.
pub(crate) struct Passed<'p> {
    pub(crate) identity: VerifiedIdentity<Subject<'p>>,
    pub(crate) claim: DigestCredentials<'p>,
    pub(crate) asked: AskedRealm<'p>,
}

/// What an event says besides the request itself.
#[derive(Clone, Copy, Default)]
pub(crate) struct Attributed<'c> {
    pub(crate) username: &'c [u8],
    pub(crate) algorithm: Option<DigestAlgorithm>,
    pub(crate) account: Option<AccountId>,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) device: &'c [u8],
    pub(crate) remark: Option<AuthRemark>,
    pub(crate) near_miss: Option<NearMiss>,
    pub(crate) claimed_realm: &'c [u8],
}

/// Why a request was turned away, and how it is challenged again.
struct Ruling {
    reason: AuthReason,
    remark: Option<AuthRemark>,
    near_miss: Option<NearMiss>,
    challenge: Again,
}

/// Which challenge follows.
#[derive(Clone, Copy)]
enum Again {
    /// The realm's usual one.
    Same(Staleness),
    /// One without MD5.
    Stronger,
}

impl Ruling {
    /// As after a wrong password.
    const fn refused(reason: AuthReason) -> Self {
        Self { reason, remark: None, near_miss: None, challenge: Again::Same(Staleness::Fresh) }
    }
}

impl From<Unmet> for Ruling {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::Source => Self::refused(AuthReason::SourceNotInAcl),
            Unmet::Transport => {
                Self { remark: Some(AuthRemark::InsecureTransport), ..Self::refused(AuthReason::SourceNotInAcl) }
            }
            Unmet::Algorithm => Self { challenge: Again::Stronger, ..Self::refused(AuthReason::AlgorithmNotAllowed) },
        }
    }
}

impl<'c> Attributed<'c> {
    fn to(subject: Option<&Subject<'_>>, claim: &DigestCredentials<'c>, hash: HashAlgorithm) -> Self {
        Self {
            username: claim.username.unwrap_or_default(),
            claimed_realm: claim.realm.unwrap_or_default(),
            algorithm: Some(name_of(hash)),
            account: subject.map(|subject| subject.account),
            credential: subject.map(|subject| subject.id),
            ..Self::default()
        }
    }
}

impl Edge {
    /// Lets a request with a right digest pass; any other is answered here, with a challenge or an error.
    pub(crate) fn gate<'p>(
        &'p self,
        scratch: &mut Scratch,
        realms: &'p Realms,
        answer: &mut Answer<'_, 'p>,
    ) -> Option<Passed<'p>> {
        let incoming = answer.incoming();
        let asked = self.asked_realm(realms, incoming);
        match claim_for(incoming.request, asked.name) {
            Claim::None => {
                let algorithm = offered(&asked, incoming.user_agent).first().copied().map(name_of);
                let attributed = Attributed { algorithm, ..Attributed::default() };
                self.note(incoming, &asked, AuthReason::Challenge, attributed);
                self.challenge(scratch, &asked, Staleness::Fresh, answer);
                None
            }
            Claim::Malformed => {
                self.note(incoming, &asked, AuthReason::Malformed, Attributed::default());
                self.challenge(scratch, &asked, Staleness::Fresh, answer);
                None
            }
            Claim::Digest(claim) => self.judge(scratch, (realms, asked), claim, answer),
        }
    }

    pub(crate) fn asked_realm<'p>(&'p self, realms: &'p Realms, incoming: &Incoming<'_>) -> AskedRealm<'p> {
        match realm_of(realms, incoming.request) {
            Some(entry) => AskedRealm {
                entry: Some(entry),
                name: entry.name.as_str().as_bytes(),
                number: entry.id.0,
                policy: entry.challenge_policy,
                rules: entry.rules,
            },
            None => AskedRealm {
                entry: None,
                name: self.parts.config.realm_of_nobody.as_str().as_bytes(),
                number: NOBODY,
                policy: ChallengePolicy::Compatible,
                rules: DigestRules::default(),
            },
        }
    }

    /// Verifies a claim; a name nobody has costs what a real one does.
    fn judge<'p>(
        &'p self,
        scratch: &mut Scratch,
        (realms, asked): (&'p Realms, AskedRealm<'p>),
        claim: DigestCredentials<'p>,
        answer: &mut Answer<'_, 'p>,
    ) -> Option<Passed<'p>> {
        let incoming = answer.incoming();
        let hash = Algorithm::parse(claim.algorithm).map_or(HashAlgorithm::Md5, |algorithm| algorithm.hash);
        let username = claim.username.unwrap_or_default();
        let found = asked.entry.and_then(|realm| {
            self.parts.directory.credential(realm.id, username, hash).map(|credential| (realm, credential))
        });
        let subject = found.as_ref().map(|(realm, credential)| Subject::of(credential, (realms, *realm), username));
        let scope = NonceScope { realm: asked.number, source: incoming.flow.remote.ip() };
        let nonce = self.parts.nonces.inspect(claim.nonce.unwrap_or_default(), &scope, incoming.now.as_unix_seconds());
        // A nonce that anybody could have made up must not let a forged packet ban anybody.
        let is_issued = nonce.issued().is_some();
        let credential = found.as_ref().map(|(_, credential)| credential);
        let incarnation = credential.map(Incarnation::of).unwrap_or_default();
        let account = credential.map(|credential| credential.account);
        let claimant = Claimant { source: incoming.flow.remote, realm: asked.number, username, incarnation, account };
        let admission = self.admission(incoming, &nonce, &claimant);
        let has_devices = credential.is_some_and(|credential| credential.devices.is_some());
        let realm_id = asked.entry.map_or(RealmId(NOBODY), |realm| realm.id);
        let decoys = if has_devices { None } else { self.parts.directory.decoy_devices(realm_id, username) };
        let padding = Padding { most_devices: self.parts.directory.most_devices(), decoys };
        let candidates = match admission {
            Admission::Verified => candidates(subject, credential, (&padding, hash, incoming.now)),
            Admission::Banned => Candidates::decoys(padding.most_devices),
        };
        let attempt = Attempt {
            claim: &claim,
            method: incoming.request.method().as_bytes(),
            body: incoming.request.body(),
            realm: asked.name,
            nonce,
            accepted: accepted(asked.policy),
            qop: qop_rule(asked.rules),
            uri: self.agreement(realms, incoming, &claim),
            candidates: candidates.as_slice(),
            afterwards: afterwards(credential),
        };
        let verdict = verify(&attempt, &mut SpendOnItsLane { lanes: &self.lanes });
        let device = generations::device(credential, &verdict);
        let attributed = Attributed { device, ..Attributed::to(subject.as_ref(), &claim, hash) };
        let unmet = unmet(&verdict, credential, name_of(hash), incoming);
        let is_failure = is_issued && is_failure(&verdict) || unmet.is_some_and(Unmet::is_failure);
        let now_ms = incoming.now.as_unix_millis();
        let ruling = match (verdict, unmet) {
            (Verdict::Verified(_) | Verdict::Stale(_), Some(unmet)) => unmet.into(),
            (Verdict::Verified(identity), None) => {
                answer.note_known_peer();
                self.throttle.succeeded(&claimant, now_ms);
                let remark = credential.and_then(|credential| self.note_algorithm(&identity, credential, incoming));
                let remark = remark.or_else(|| generations::remark(credential, identity.subject().generation));
                self.note_use(&identity, credential, incoming);
                self.note(incoming, &asked, AuthReason::Ok, Attributed { remark, ..attributed });
                return Some(Passed { identity, claim, asked });
            }
            _ if admission == Admission::Banned => Ruling::refused(AuthReason::Banned),
            (Verdict::Stale(reason), None) => stale(reason),
            (Verdict::Revoked(subject), _) => {
                let (reason, remark) = generations::revoked(credential, (subject.generation, incoming.now));
                Ruling { remark, ..Ruling::refused(reason) }
            }
            (Verdict::Refused(refusal), _) => Ruling::refused(refused(refusal, subject.is_some())),
        };
        if !self.is_reported(scratch, &claim, incoming) {
            if is_failure && admission == Admission::Verified {
                self.note_failure(&claimant, incoming);
            }
            let Ruling { reason, remark, near_miss, .. } = ruling;
            self.note(incoming, &asked, reason, Attributed { remark, near_miss, ..attributed });
        }
        self.challenge_again(scratch, &asked, ruling.challenge, answer);
        None
    }

    fn challenge_again(
        &self,
        scratch: &mut Scratch,
        asked: &AskedRealm<'_>,
        again: Again,
        answer: &mut Answer<'_, '_>,
    ) {
        match again {
            Again::Same(staleness) => self.challenge(scratch, asked, staleness, answer),
            Again::Stronger => self.challenge_without_md5(scratch, asked, answer),
        }
    }

    /// Notes which algorithm was used; all but the first use of a day are known already and cost nothing more.
    fn note_algorithm(
        &self,
        identity: &VerifiedIdentity<Subject<'_>>,
        credential: &CredentialSnapshot,
        incoming: &Incoming<'_>,
    ) -> Option<AuthRemark> {
        let news = (name_of(identity.algorithm().hash), Day::of(incoming.now));
        let is_news = credential.uses.is_news(news.0, news.1);
        let key = identity.subject().key();
        if is_news { self.parts.directory.note_algorithm(&key, news, incoming.user_agent) } else { None }
    }

    /// Notes that the credential was used; all but the first use of a minute are known already and cost nothing more.
    fn note_use(
        &self,
        identity: &VerifiedIdentity<Subject<'_>>,
        credential: Option<&CredentialSnapshot>,
        incoming: &Incoming<'_>,
    ) {
        let secret = identity.subject().generation;
        if credential.is_some_and(|credential| generations::use_is_news(credential, secret, incoming.now)) {
            let request = UseOfCredential {
                at: incoming.now,
                source: incoming.flow.remote,
                transport: incoming.transport(),
                method: incoming.request.method().as_bytes(),
                user_agent: incoming.user_agent,
                algorithm: name_of(identity.algorithm().hash),
            };
            self.parts.directory.note_use(&identity.subject().key(), request);
        }
    }

    /// Whether this is the retransmission of a request that was refused before; only datagrams are retransmitted.
    fn is_reported(&self, scratch: &Scratch, claim: &DigestCredentials<'_>, incoming: &Incoming<'_>) -> bool {
        let now = incoming.now.as_unix_millis();
        let lane = self.lane(incoming.lane).filter(|_| incoming.reliability() == Reliability::Unreliable);
        lane.is_some_and(|lane| lane.refusals.lock().is_repeated(&scratch.key, claim, now))
    }

    /// Whether the digest `uri` means the Request-URI; hosts of ours and bare addresses stand for one another.
    fn agreement(&self, realms: &Realms, incoming: &Incoming<'_>, claim: &DigestCredentials<'_>) -> UriAgreement {
        let request = incoming.request;
        let public_host = self.parts.config.public_host.as_deref().unwrap_or_default().as_bytes();
        let is_ours =
            |host: &[u8]| realms.of_host(host).is_some() || is_address(host) || host.eq_ignore_ascii_case(public_host);
        uri_agrees(claim.uri.unwrap_or_default(), request.uri_octets(), request.method().as_bytes(), is_ours)
    }

    pub(crate) fn note(
        &self,
        incoming: &Incoming<'_>,
        asked: &AskedRealm<'_>,
        reason: AuthReason,
        attributed: Attributed<'_>,
    ) {
        let request = incoming.request;
        let event = AuthEvent {
            at: incoming.now,
            reason,
            realm: asked.entry.map(|realm| realm.id),
            account: attributed.account,
            credential: attributed.credential,
            device: attributed.device,
            source: incoming.flow.remote,
            transport: incoming.transport(),
            method: request.method().as_bytes(),
            username: attributed.username,
            host: request.uri().host,
            user_agent: incoming.user_agent,
            call_id: request.call_id(),
            algorithm: attributed.algorithm,
            remark: attributed.remark,
            near_miss: attributed.near_miss,
            claimed_realm: attributed.claimed_realm,
            // Nobody asks for the clock of a phone that was let in.
            date: if reason == AuthReason::Ok {
                b""
            } else {
                request.headers().first(HeaderName::Date).unwrap_or_default()
            },
            cseq: request.cseq_number(),
        };
        self.parts.events.record(incoming.lane, &event);
    }
}

/// Whether a verdict counts as a guess: a digest that is wrong. One that is right for a secret that is no longer good was
/// made by somebody who had it: a phone that nobody has told yet is not to be banned for it, and is told of as what it is.
fn is_failure<S>(verdict: &Verdict<S>) -> bool {
    matches!(verdict, Verdict::Refused(Refusal::WrongDigest))
}

fn is_address(host: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(host) else { return false };
    let bracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    match bracketed {
        Some(text) => text.parse::<Ipv6Addr>().is_ok(),
        None => text.parse::<IpAddr>().is_ok(),
    }
}

/// A nonce that anybody could have made up must not turn the answer into a test for passwords that no throttle sees;
/// so only nonces that we issued to this very source are worth a `stale=true`.
fn stale(stale: StaleReason) -> Ruling {
    let (reason, near_miss, staleness) = match stale {
        StaleReason::Expired => (AuthReason::StaleNonce, Some(NearMiss::NonceExpired), Staleness::Stale),
        StaleReason::OtherBoot => (AuthReason::StaleNonce, Some(NearMiss::NonceOfOtherBoot), Staleness::Stale),
        StaleReason::Evicted => (AuthReason::StaleNonce, Some(NearMiss::NonceForgotten), Staleness::Stale),
        StaleReason::Replayed => (AuthReason::ReplayedNonceCount, None, Staleness::Stale),
        StaleReason::Foreign => (AuthReason::ForeignNonce, None, Staleness::Fresh),
    };
    Ruling { near_miss, challenge: Again::Same(staleness), ..Ruling::refused(reason) }
}

fn refused(refusal: Refusal, user_is_known: bool) -> AuthReason {
    match refusal {
        Refusal::Malformed | Refusal::QopNotAllowed => AuthReason::Malformed,
        Refusal::AlgorithmNotAllowed => AuthReason::AlgorithmNotAllowed,
        Refusal::RealmMismatch => AuthReason::RealmMismatch,
        Refusal::WrongDigest | Refusal::ForeignNonce if !user_is_known => AuthReason::UnknownUser,
        Refusal::WrongDigest => AuthReason::WrongPassword,
        Refusal::ForeignNonce => AuthReason::ForeignNonce,
        Refusal::UriMismatch => AuthReason::UriMismatch,
    }
}

fn name_of(hash: HashAlgorithm) -> DigestAlgorithm {
    match hash {
        HashAlgorithm::Md5 => DigestAlgorithm::Md5,
        HashAlgorithm::Sha256 => DigestAlgorithm::Sha256,
        HashAlgorithm::Sha512_256 => DigestAlgorithm::Sha512_256,
    }
}
