//! No octet of what a digest covers can be changed: every position, every other value.

#![cfg(test)]

mod support;

use sip_digest::{Algorithm, Candidate, Verdict, verify};
use sip_message::DigestCredentials;
use support::*;

type Field = for<'f, 'm> fn(&'f mut DigestCredentials<'m>) -> &'f mut Option<&'m [u8]>;

const FIELDS: [(&str, Field); 9] = [
    ("username", |claim| &mut claim.username),
    ("realm", |claim| &mut claim.realm),
    ("nonce", |claim| &mut claim.nonce),
    ("uri", |claim| &mut claim.uri),
    ("nc", |claim| &mut claim.nc),
    ("cnonce", |claim| &mut claim.cnonce),
    ("qop", |claim| &mut claim.qop),
    ("algorithm", |claim| &mut claim.algorithm),
    ("response", |claim| &mut claim.response),
];

#[test]
fn no_changed_octet_verifies() {
    for algorithm in Algorithm::ALL {
        let nonce = issue(algorithm.hash);
        let value = written(&answer(challenge(algorithm, &nonce)));
        let claim = credentials(&value);
        assert!(verified(&claim, algorithm), "{algorithm}");
        for (name, field) in FIELDS {
            check(algorithm, &claim, name, field);
        }
    }
}

/// `response` and `algorithm` mean the same in either case (RFC 7616 sections 3.3 and 3.4); nothing else does.
fn check(algorithm: Algorithm, claim: &DigestCredentials<'_>, name: &str, field: Field) {
    let mut original_claim = *claim;
    let sent = field(&mut original_claim).unwrap();
    for (position, original) in sent.iter().enumerate() {
        for octet in (0..=255).filter(|octet| octet != original) {
            let mut changed = sent.to_vec();
            changed[position] = octet;
            let mut claim = *claim;
            *field(&mut claim) = Some(&changed);
            let same = matches!(name, "response" | "algorithm") && octet.eq_ignore_ascii_case(original);
            assert_eq!(verified(&claim, algorithm), same, "{algorithm} {name} {position} {octet}");
        }
    }
}

/// Whether the claim is verified, looking its user up by the name it gives.
fn verified(claim: &DigestCredentials<'_>, algorithm: Algorithm) -> bool {
    let ha1 = ha1(algorithm.hash);
    let candidate = match claim.username {
        Some(USERNAME) => Candidate::Accepted { subject: "alice", ha1: &ha1 },
        _ => Candidate::Decoy,
    };
    let verdict = verify(&attempt(claim, inspect(claim), &[candidate]), &mut Lenient::default());
    matches!(verdict, Verdict::Verified(_))
}
