//! What the tests of this folder share: one realm, one user, and a reader of our own header values.
#![allow(dead_code, reason = "each test binary uses its own part")]

use sip_digest::{
    Afterwards, Algorithm, AlgorithmSet, Answer, Attempt, Candidate, Ha1, HashAlgorithm, IssuedNonce, Lane,
    NonceIssuer, NonceKey, NonceScope, NonceSeed, NonceStanding, NonceText, Permission, QopPreference, QopRule, Secret,
    Spend, SpendNonceCount, UriAgreement,
};
use sip_message::{DigestChallenge, DigestCredentials};
use std::num::NonZeroU32;

pub const REALM: &[u8] = b"MA_X1.sip.localhost";
pub const USERNAME: &[u8] = b"alice";
pub const PASSWORD: &[u8] = b"correct horse";
pub const URI: &[u8] = b"sip:MA_X1.sip.localhost:5060";
pub const BODY: &[u8] = b"v=0\r\n";
pub const NOW: u64 = 1_795_323_600;
pub const LIFETIME_SECONDS: u32 = 3600;
pub const BOOT: u32 = 70_000;

pub fn issuer() -> NonceIssuer {
    NonceIssuer::new(NonceKey::new(&std::array::from_fn(|index| index as u8)), BOOT, LIFETIME_SECONDS)
}

pub fn scope() -> NonceScope {
    NonceScope { realm: 7, source: "192.0.2.1".parse().unwrap() }
}

pub fn seed(hash: HashAlgorithm, serial: u32) -> NonceSeed {
    NonceSeed { hash, lane: Lane::new(5).unwrap(), serial }
}

pub fn issue(hash: HashAlgorithm) -> NonceText {
    issuer().issue(&seed(hash, 42), &scope(), NOW)
}

pub fn ha1(hash: HashAlgorithm) -> Ha1 {
    Ha1::compute(hash, USERNAME, REALM, PASSWORD)
}

pub fn challenge(algorithm: Algorithm, nonce: &NonceText) -> DigestChallenge<'_> {
    DigestChallenge {
        realm: Some(REALM),
        nonce: Some(nonce),
        algorithm: Some(algorithm.as_str().as_bytes()),
        qop: Some(b"auth"),
        ..DigestChallenge::default()
    }
}

pub fn answer(challenge: DigestChallenge<'_>) -> Answer<'_> {
    Answer {
        challenge,
        username: USERNAME,
        secret: Secret::Password(PASSWORD),
        method: b"REGISTER",
        uri: URI,
        cnonce: b"0a4f113b~+/-_.",
        count: 1,
        body: BODY,
        qop: QopPreference::Auth,
    }
}

pub fn written(answer: &Answer<'_>) -> Vec<u8> {
    let mut value = Vec::new();
    answer.write(&mut value).unwrap();
    value
}

/// An attempt in which everything is right, if the claim is.
pub fn attempt<'a, 'm>(
    claim: &'a DigestCredentials<'m>,
    nonce: NonceStanding,
    candidates: &'a [Candidate<'a, &'static str>],
) -> Attempt<'a, 'm, &'static str> {
    Attempt {
        claim,
        method: b"REGISTER",
        body: BODY,
        realm: REALM,
        nonce,
        accepted: AlgorithmSet::ALL,
        qop: QopRule { auth_int: Permission::Accepted, without_qop: Permission::Accepted },
        uri: UriAgreement::Agrees,
        candidates,
        afterwards: Afterwards::Accepted,
    }
}

pub fn inspect(claim: &DigestCredentials<'_>) -> NonceStanding {
    issuer().inspect(claim.nonce.unwrap_or_default(), &scope(), NOW + 1)
}

/// The parameters of an Authorization value that this crate wrote: no escapes, one space after each comma.
pub fn credentials(value: &[u8]) -> DigestCredentials<'_> {
    let mut read = DigestCredentials::default();
    for (name, value) in parameters(value.strip_prefix(b"Digest ").unwrap()) {
        let field = match name {
            b"username" => &mut read.username,
            b"realm" => &mut read.realm,
            b"nonce" => &mut read.nonce,
            b"uri" => &mut read.uri,
            b"response" => &mut read.response,
            b"algorithm" => &mut read.algorithm,
            b"cnonce" => &mut read.cnonce,
            b"opaque" => &mut read.opaque,
            b"qop" => &mut read.qop,
            b"nc" => &mut read.nc,
            other => panic!("unexpected parameter {}", String::from_utf8_lossy(other)),
        };
        assert_eq!(field.replace(value), None, "written twice");
    }
    read
}

/// The parameters of a challenge that this crate wrote.
pub fn read_challenge(value: &[u8]) -> DigestChallenge<'_> {
    let mut read = DigestChallenge::default();
    for (name, value) in parameters(value.strip_prefix(b"Digest ").unwrap()) {
        let field = match name {
            b"realm" => &mut read.realm,
            b"nonce" => &mut read.nonce,
            b"opaque" => &mut read.opaque,
            b"algorithm" => &mut read.algorithm,
            b"stale" => &mut read.stale,
            b"qop" => &mut read.qop,
            other => panic!("unexpected parameter {}", String::from_utf8_lossy(other)),
        };
        assert_eq!(field.replace(value), None, "written twice");
    }
    read
}

/// Names and values; a comma within quotes belongs to the value.
pub fn parameters(text: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut quoted = false;
    text.split(|octet| {
        quoted ^= *octet == b'"';
        *octet == b',' && !quoted
    })
    .map(|parameter| {
        let parameter = parameter.trim_ascii();
        let equals = parameter.iter().position(|octet| *octet == b'=').unwrap();
        let value = &parameter[equals + 1..];
        (&parameter[..equals], value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value))
    })
    .collect()
}

/// Lets every nonce-count pass, so that only the digest decides, and counts how often it was asked.
#[derive(Default)]
pub struct Lenient {
    pub asked: usize,
}

impl SpendNonceCount for Lenient {
    fn spend(&mut self, _: &IssuedNonce, _: NonZeroU32) -> Spend {
        self.asked += 1;
        Spend::Fresh
    }

    fn spend_once(&mut self, _: &IssuedNonce) -> Spend {
        self.asked += 1;
        Spend::Fresh
    }
}
