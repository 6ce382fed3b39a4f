//! Both sides together: what a client answers, the server verifies, for every algorithm and qop.

#![cfg(test)]

mod support;

use sip_digest::{
    Algorithm, AlgorithmSet, Answer, AnswerError, Attempt, Candidate, Challenge, Ha1, HashAlgorithm, KeyForm,
    NonceCounts, NonceStanding, Permission, QopOffer, QopPreference, QopRule, Refusal, Secret, StaleReason, Staleness,
    UriAgreement, Verdict, choose_challenge, verify,
};
use sip_message::DigestChallenge;
use support::*;

const PROTECTIONS: [Option<(&str, QopPreference)>; 3] =
    [Some(("auth", QopPreference::Auth)), Some(("auth-int", QopPreference::AuthInt)), None];

#[test]
fn every_algorithm_and_qop() {
    for algorithm in Algorithm::ALL {
        for protection in PROTECTIONS {
            check(algorithm, protection);
        }
    }
}

fn check(algorithm: Algorithm, protection: Option<(&str, QopPreference)>) {
    let nonce = issue(algorithm.hash);
    let mut text = Vec::new();
    Challenge {
        realm: REALM,
        nonce: &nonce,
        hash: algorithm.hash,
        qop: QopOffer::AuthAndAuthInt,
        staleness: Staleness::Fresh,
        opaque: Some(b"1"),
    }
    .write(&mut text);
    let mut challenge = read_challenge(&text);
    assert_eq!(challenge.algorithm, Some(algorithm.hash.as_str().as_bytes()));
    challenge.algorithm = Some(algorithm.as_str().as_bytes());
    let mut answer = answer(challenge);
    match protection {
        Some((_, preference)) => answer.qop = preference,
        None => answer.challenge.qop = None,
    }

    let value = written(&answer);
    let claim = credentials(&value);
    assert_eq!(claim.qop, protection.map(|(qop, _)| qop.as_bytes()));
    assert_eq!(claim.nc.is_some(), protection.is_some());
    assert_eq!(claim.cnonce.is_some(), protection.is_some() || algorithm.form == KeyForm::Session);
    let ha1 = ha1(algorithm.hash);
    let candidates = [Candidate::Decoy, Candidate::Accepted { subject: "alice", ha1: &ha1 }];
    let mut counts = NonceCounts::with_buckets(1);
    let good = attempt(&claim, inspect(&claim), &candidates);
    let Verdict::Verified(identity) = verify(&good, &mut counts) else { panic!("{algorithm} {:?}", claim.qop) };
    assert_eq!(*identity.subject(), "alice");
    assert_eq!(identity.algorithm(), algorithm);
    assert_eq!(identity.nonce().issued_at(), NOW);

    let again = verify(&good, &mut counts);
    assert!(matches!(again, Verdict::Stale(StaleReason::Replayed)), "{again:?}");

    let mut info = Vec::new();
    let next = issue(algorithm.hash);
    identity.write_authentication_info(&claim, b"answer body", Some(&next), &mut info);
    let info = parameters(&info);
    let find = |name: &[u8]| info.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
    assert_eq!(find(b"nextnonce"), Some(&next[..]));
    assert_eq!(find(b"qop"), claim.qop);
    assert_eq!(find(b"nc"), claim.nc);
    assert_eq!(find(b"rspauth").is_some(), protection.is_some());
    if let Some(rspauth) = find(b"rspauth") {
        assert_eq!(find(b"cnonce"), claim.cnonce);
        assert_eq!(answer.accepts_response_auth(rspauth, b"answer body"), Ok(true));
        let body_matters = claim.qop == Some(b"auth-int");
        assert_eq!(answer.accepts_response_auth(rspauth, b"changed"), Ok(!body_matters));
        let stranger = Answer { secret: Secret::Password(b"wrong horse"), ..answer };
        assert_eq!(stranger.accepts_response_auth(rspauth, b"answer body"), Ok(false));
        assert_eq!(answer.accepts_response_auth(claim.response.unwrap(), b"answer body"), Ok(false));
        assert_eq!(answer.accepts_response_auth(b"", b"answer body"), Ok(false));
    } else {
        // Without qop there is no such proof, not even what it would be.
        let value = written(&Answer { method: b"", ..answer });
        assert_eq!(answer.accepts_response_auth(credentials(&value).response.unwrap(), b"answer body"), Ok(false));
    }
}

/// The value was computed apart from this crate, with Python's hashlib.
#[test]
fn response_auth_is_computed_without_a_method() {
    let challenge = DigestChallenge {
        realm: Some(b"testrealm@host.com"),
        nonce: Some(b"dcd98b7102dd2f0e8b11d0f600bfb0c093"),
        qop: Some(b"auth"),
        ..DigestChallenge::default()
    };
    let answer = Answer {
        username: b"Mufasa",
        secret: Secret::Password(b"Circle Of Life"),
        uri: b"/dir/index.html",
        cnonce: b"0a4f113b",
        ..answer(challenge)
    };
    assert_eq!(answer.accepts_response_auth(b"376602cfd2f4e8e5e78b948a85263e85", b""), Ok(true));
}

#[test]
fn an_answer_with_ha1_equals_one_with_the_password() {
    for algorithm in Algorithm::ALL {
        let nonce = issue(algorithm.hash);
        let by_password = answer(challenge(algorithm, &nonce));
        let ha1 = ha1(algorithm.hash);
        let by_ha1 = Answer { secret: Secret::Ha1(&ha1), ..by_password };
        assert_eq!(written(&by_password), written(&by_ha1));
    }
}

#[test]
fn challenges_that_cannot_be_answered() {
    let nonce = issue(HashAlgorithm::Md5);
    let good = challenge(Algorithm::plain(HashAlgorithm::Md5), &nonce);
    let refused = |challenge| {
        let mut out = Vec::new();
        let outcome = answer(challenge).write(&mut out);
        assert!(out.is_empty());
        outcome.err()
    };
    assert_eq!(refused(DigestChallenge { realm: None, ..good }), Some(AnswerError::Incomplete));
    assert_eq!(refused(DigestChallenge { nonce: None, ..good }), Some(AnswerError::Incomplete));
    assert_eq!(refused(DigestChallenge { algorithm: Some(b"SHA-1"), ..good }), Some(AnswerError::UnknownAlgorithm));
    assert_eq!(refused(DigestChallenge { qop: Some(b"token"), ..good }), Some(AnswerError::UnknownQop));
    let ha1 = ha1(HashAlgorithm::Sha256);
    let other = Answer { secret: Secret::Ha1(&ha1), ..answer(good) };
    assert_eq!(other.write(&mut Vec::new()), Err(AnswerError::OtherHash));
}

#[test]
fn which_challenge_is_chosen() {
    let of = |name| DigestChallenge { algorithm: name, ..DigestChallenge::default() };
    let offered = [of(Some(b"AKAv1-MD5")), of(None), of(Some(b"sha-256-sess")), of(Some(b"MD5"))];
    use HashAlgorithm::{Md5, Sha256, Sha512_256};
    assert_eq!(choose_challenge(&offered, &HashAlgorithm::ALL), Some(2));
    assert_eq!(choose_challenge(&offered, &[Md5, Sha256]), Some(1));
    assert_eq!(choose_challenge(&offered, &[Sha512_256]), None);
    assert_eq!(choose_challenge(&[], &HashAlgorithm::ALL), None);
}

#[test]
fn reasons() {
    let nonce = issue(HashAlgorithm::Md5);
    let value = written(&answer(challenge(Algorithm::plain(HashAlgorithm::Md5), &nonce)));
    let claim = credentials(&value);
    let current = inspect(&claim);
    let issued = *current.issued().unwrap();
    let right = ha1(HashAlgorithm::Md5);
    let wrong = Ha1::compute(HashAlgorithm::Md5, USERNAME, REALM, b"wrong horse");
    let other_hash = ha1(HashAlgorithm::Sha256);
    let accepted = [Candidate::Accepted { subject: "alice", ha1: &right }];
    let unlucky = [
        Candidate::Accepted { subject: "alice", ha1: &wrong },
        Candidate::Accepted { subject: "alice", ha1: &other_hash },
        Candidate::Decoy,
    ];
    let good = || attempt(&claim, current, &accepted);
    let bad = || attempt(&claim, current, &unlucky);
    let verdict = |attempt: Attempt<'_, '_, &'static str>| {
        let mut counts = Lenient::default();
        let verdict = verify(&attempt, &mut counts);
        assert_eq!(counts.asked, usize::from(matches!(verdict, Verdict::Verified(_))), "spends only what is right");
        verdict
    };
    let refusal = |attempt| match verdict(attempt) {
        Verdict::Refused(refusal) => Some(refusal),
        _ => None,
    };
    let stale = |attempt| match verdict(attempt) {
        Verdict::Stale(reason) => Some(reason),
        _ => None,
    };

    assert!(matches!(verdict(good()), Verdict::Verified(_)));
    assert_eq!(refusal(bad()), Some(Refusal::WrongDigest));
    assert_eq!(refusal(attempt(&claim, current, &[])), Some(Refusal::WrongDigest));
    assert_eq!(refusal(attempt(&claim, current, &[Candidate::Decoy])), Some(Refusal::WrongDigest));
    assert_eq!(refusal(Attempt { nonce: NonceStanding::Foreign, ..bad() }), Some(Refusal::ForeignNonce));
    assert_eq!(refusal(Attempt { nonce: NonceStanding::Expired(issued), ..bad() }), Some(Refusal::WrongDigest));
    assert_eq!(refusal(Attempt { nonce: NonceStanding::OtherBoot(issued), ..bad() }), Some(Refusal::WrongDigest));
    assert_eq!(refusal(Attempt { uri: UriAgreement::Differs, ..bad() }), Some(Refusal::WrongDigest));
    assert_eq!(refusal(Attempt { uri: UriAgreement::Differs, ..good() }), Some(Refusal::UriMismatch));
    assert_eq!(refusal(Attempt { realm: b"other", ..good() }), Some(Refusal::RealmMismatch));
    assert_eq!(refusal(Attempt { method: b"INVITE", ..good() }), Some(Refusal::WrongDigest));
    let sha256 = AlgorithmSet::only(HashAlgorithm::Sha256);
    assert_eq!(refusal(Attempt { accepted: sha256, ..good() }), Some(Refusal::AlgorithmNotAllowed));

    assert_eq!(stale(Attempt { nonce: NonceStanding::Foreign, ..good() }), Some(StaleReason::Foreign));
    assert_eq!(stale(Attempt { nonce: NonceStanding::Expired(issued), ..good() }), Some(StaleReason::Expired));
    assert_eq!(stale(Attempt { nonce: NonceStanding::OtherBoot(issued), ..good() }), Some(StaleReason::OtherBoot));

    let revoked = [Candidate::Decoy, Candidate::Revoked { subject: "alice (old)", ha1: &right }];
    for nonce in [current, NonceStanding::Foreign, NonceStanding::Expired(issued)] {
        let verdict = verdict(attempt(&claim, nonce, &revoked));
        assert!(matches!(verdict, Verdict::Revoked("alice (old)")), "{verdict:?}");
    }
    // A password that was in use before and is again.
    let back = [revoked[1], accepted[0]];
    assert!(matches!(verdict(attempt(&claim, current, &back)), Verdict::Verified(_)));
}

#[test]
fn a_nonce_answers_only_for_the_hash_it_was_issued_for() {
    let nonce = issue(HashAlgorithm::Md5);
    let right = ha1(HashAlgorithm::Sha256);
    let candidates = [Candidate::Accepted { subject: "alice", ha1: &right }];
    let value = written(&answer(challenge(Algorithm::plain(HashAlgorithm::Sha256), &nonce)));
    let claim = credentials(&value);
    let verdict = verify(&attempt(&claim, inspect(&claim), &candidates), &mut Lenient::default());
    assert!(matches!(verdict, Verdict::Refused(Refusal::AlgorithmNotAllowed)), "{verdict:?}");
}

#[test]
fn qop_other_than_auth_needs_permission() {
    let nonce = issue(HashAlgorithm::Md5);
    let right = ha1(HashAlgorithm::Md5);
    let candidates = [Candidate::Accepted { subject: "alice", ha1: &right }];
    let none = QopRule::default();
    let auth_int = QopRule { auth_int: Permission::Accepted, ..none };
    let without_qop = QopRule { without_qop: Permission::Accepted, ..none };
    for (qop, rule, good) in [
        (Some("auth"), none, true),
        (Some("auth-int"), none, false),
        (Some("auth-int"), without_qop, false),
        (Some("auth-int"), auth_int, true),
        (None, none, false),
        (None, auth_int, false),
        (None, without_qop, true),
    ] {
        let offer =
            DigestChallenge { qop: qop.map(str::as_bytes), ..challenge(Algorithm::plain(HashAlgorithm::Md5), &nonce) };
        let value = written(&answer(offer));
        let claim = credentials(&value);
        let attempt = Attempt { qop: rule, ..attempt(&claim, inspect(&claim), &candidates) };
        match verify(&attempt, &mut Lenient::default()) {
            Verdict::Verified(_) => assert!(good, "{qop:?} {rule:?}"),
            Verdict::Refused(Refusal::QopNotAllowed) => assert!(!good, "{qop:?} {rule:?}"),
            other => panic!("{qop:?} {rule:?} {other:?}"),
        }
    }
}

/// The decoy's octets are no secret; an answer made from them must still be worth nothing.
#[test]
fn an_answer_made_from_the_decoy_is_refused() {
    for hash in HashAlgorithm::ALL {
        let nonce = issue(hash);
        let zeros = Ha1::from_bytes(hash, &[0; 32][..hash.output_length()]).unwrap();
        let forged = Answer { secret: Secret::Ha1(&zeros), ..answer(challenge(Algorithm::plain(hash), &nonce)) };
        let value = written(&forged);
        let claim = credentials(&value);
        let of_another_hash = HashAlgorithm::ALL.into_iter().find(|other| *other != hash).map(ha1).unwrap();
        for candidate in [Candidate::Decoy, Candidate::Accepted { subject: "alice", ha1: &of_another_hash }] {
            let verdict = verify(&attempt(&claim, inspect(&claim), &[candidate]), &mut Lenient::default());
            assert!(matches!(verdict, Verdict::Refused(Refusal::WrongDigest)), "{verdict:?}");
        }
    }
}

#[test]
fn an_ha1_is_good_for_its_own_hash_only() {
    let sha256 = ha1(HashAlgorithm::Sha256);
    let relabelled = Ha1::from_bytes(HashAlgorithm::Sha512_256, sha256.as_bytes()).unwrap();
    let nonce = issue(HashAlgorithm::Sha512_256);
    let offer = challenge(Algorithm::plain(HashAlgorithm::Sha512_256), &nonce);
    let value = written(&Answer { secret: Secret::Ha1(&relabelled), ..answer(offer) });
    let claim = credentials(&value);
    for (candidate, good) in [(&relabelled, true), (&sha256, false)] {
        let candidates = [Candidate::Accepted { subject: "alice", ha1: candidate }];
        let verdict = verify(&attempt(&claim, inspect(&claim), &candidates), &mut Lenient::default());
        assert_eq!(matches!(verdict, Verdict::Verified(_)), good, "{verdict:?}");
    }
}
