//! Published examples: RFC 2617 section 3.5, RFC 7616 sections 3.9.1 and 3.9.2.

#![cfg(test)]

mod support;

use sip_digest::{
    Afterwards, AlgorithmSet, Answer, Attempt, Candidate, Ha1, HashAlgorithm, NonceStanding, QopPreference, QopRule,
    Refusal, Secret, StaleReason, UriAgreement, Verdict, verify,
};
use sip_message::DigestChallenge;
use support::{Lenient, credentials, written};

struct Vector {
    hash: HashAlgorithm,
    username: &'static str,
    realm: &'static str,
    password: &'static str,
    nonce: &'static str,
    uri: &'static str,
    cnonce: &'static str,
    response: &'static str,
}

/// Client and server both come to the published response. The nonce is not ours, so the server's best verdict is that
/// the digest is right and the nonce foreign.
fn check(vector: &Vector) {
    let challenge = DigestChallenge {
        realm: Some(vector.realm.as_bytes()),
        nonce: Some(vector.nonce.as_bytes()),
        algorithm: Some(vector.hash.as_str().as_bytes()),
        qop: Some(b"auth,auth-int"),
        opaque: Some(b"5ccc069c403ebaf9f0171e9517f40e41"),
        ..DigestChallenge::default()
    };
    let answer = Answer {
        challenge,
        username: vector.username.as_bytes(),
        secret: Secret::Password(vector.password.as_bytes()),
        method: b"GET",
        uri: vector.uri.as_bytes(),
        cnonce: vector.cnonce.as_bytes(),
        count: 1,
        body: b"",
        qop: QopPreference::Auth,
    };
    let value = written(&answer);
    let mut claim = credentials(&value);
    assert_eq!(str::from_utf8(claim.response.unwrap()).unwrap(), vector.response);
    assert_eq!(claim.opaque, challenge.opaque);

    let ha1 =
        Ha1::compute(vector.hash, vector.username.as_bytes(), vector.realm.as_bytes(), vector.password.as_bytes());
    let shouted = vector.response.to_uppercase();
    for response in [vector.response, &shouted] {
        claim.response = Some(response.as_bytes());
        let attempt = Attempt {
            claim: &claim,
            method: b"GET",
            body: b"",
            realm: vector.realm.as_bytes(),
            nonce: NonceStanding::Foreign,
            accepted: AlgorithmSet::only(vector.hash),
            qop: QopRule::default(),
            uri: UriAgreement::Agrees,
            candidates: &[Candidate::Accepted { subject: (), ha1: &ha1 }],
            afterwards: Afterwards::Accepted,
        };
        assert!(matches!(verify(&attempt, &mut Lenient::default()), Verdict::Stale(StaleReason::Foreign)));
        let post = Attempt { method: b"POST", ..attempt };
        assert!(matches!(verify(&post, &mut Lenient::default()), Verdict::Refused(Refusal::ForeignNonce)));
    }
}

#[test]
fn rfc_2617_section_3_5() {
    check(&Vector {
        hash: HashAlgorithm::Md5,
        username: "Mufasa",
        realm: "testrealm@host.com",
        password: "Circle Of Life",
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        uri: "/dir/index.html",
        cnonce: "0a4f113b",
        response: "6629fae49393a05397450978507c4ef1",
    });
}

const RFC_7616_SECTION_3_9_1: Vector = Vector {
    hash: HashAlgorithm::Md5,
    username: "Mufasa",
    realm: "http-auth@example.org",
    password: "Circle of Life",
    nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    uri: "/dir/index.html",
    cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    response: "8ca523f5e9506fed4657c9700eebdbec",
};

#[test]
fn rfc_7616_section_3_9_1_md5() {
    check(&RFC_7616_SECTION_3_9_1);
}

#[test]
fn rfc_7616_section_3_9_1_sha_256() {
    check(&Vector {
        hash: HashAlgorithm::Sha256,
        response: "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ..RFC_7616_SECTION_3_9_1
    });
}

/// The RFC prints `ae66e67d…79dd`, and `4888…54ec` as the userhash: its authors cut SHA-512 to 256 bits. SHA-512-256
/// names SHA-512/256 of FIPS 180-4, which starts from values of its own; erratum 4897 gives what that yields.
#[test]
fn rfc_7616_section_3_9_2_sha_512_256_as_corrected_by_erratum_4897() {
    check(&Vector {
        hash: HashAlgorithm::Sha512_256,
        username: "Jäsøn Doe",
        realm: "api@example.org",
        password: "Secret, or not?",
        nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        uri: "/doe.json",
        cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        response: "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
    });
}
