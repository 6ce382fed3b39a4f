//! The value of an Authorization header.

use sip_digest::{
    Afterwards, AlgorithmSet, Attempt, Candidate, Ha1, HashAlgorithm, NonceCounts, NonceIssuer, NonceKey, NonceScope,
    QopRule, UriAgreement, Verdict, uri_agrees, verify,
};
use sip_message::{HeaderName, HeaderSpans, Message, parse};

/// Whatever it says, it does not verify: nobody but the password's owner can make such a value.
///
/// # Panics
/// When it does.
pub fn authorization(value: &[u8]) {
    let head =
        b"REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: 1\r\n\
                 CSeq: 1 REGISTER\r\nAuthorization: ";
    let octets = [&head[..], value, b"\r\n\r\n"].concat();
    let mut spans = HeaderSpans::new();
    let Ok(Message::Request(request)) = parse(&octets, &mut spans) else { return };
    let issuer = NonceIssuer::new(NonceKey::new(&[7; 32]), 1, 3_600);
    let scope = NonceScope { realm: 1, source: [192, 0, 2, 1].into() };
    let ha1 = Ha1::compute(HashAlgorithm::Md5, b"alice", b"r", b"unknown to the fuzzer");
    let mut counts = NonceCounts::with_buckets(1);
    for claim in request.headers().digest_credentials(HeaderName::Authorization).flatten() {
        let attempt = Attempt {
            claim: &claim,
            method: b"REGISTER",
            body: b"",
            realm: b"r",
            nonce: issuer.inspect(claim.nonce.unwrap_or_default(), &scope, 1_800_000_000),
            accepted: AlgorithmSet::ALL,
            qop: QopRule::default(),
            uri: UriAgreement::Agrees,
            candidates: &[Candidate::Accepted { subject: (), ha1: &ha1 }],
            afterwards: Afterwards::Accepted,
        };
        let verdict = verify(&attempt, &mut counts);
        assert!(matches!(verdict, Verdict::Refused(_)), "{verdict:?}");
        let _ = uri_agrees(claim.uri.unwrap_or_default(), request.uri_octets(), b"INVITE", |_| true);
    }
}
