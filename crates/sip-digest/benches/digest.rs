//! What a nonce costs to issue and to judge, and what an answer costs to verify: `cargo bench -p sip-digest`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what the tests share ends by panicking"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use sip_digest::{
    Algorithm, Candidate, HashAlgorithm, KeyForm, NonceStanding, Spend, SpendNonceCount, Verdict, verify,
};
use std::hint::black_box;
use support::*;

fn nonces(criterion: &mut Criterion) {
    let (issuer, scope) = (issuer(), scope());
    let mut serial = 0;
    criterion.bench_function("issue a nonce", |bencher| {
        bencher.iter(|| {
            serial += 1;
            issuer.issue(&seed(HashAlgorithm::Md5, serial), &scope, NOW)
        });
    });
    let nonce = issue(HashAlgorithm::Md5);
    criterion.bench_function("judge a nonce", |bencher| {
        bencher.iter(|| matches!(issuer.inspect(black_box(&nonce), &scope, NOW + 1), NonceStanding::Current(_)));
    });
}

/// Lets every count pass, so that the same answer is right each time.
struct AnyCount;

impl SpendNonceCount for AnyCount {
    fn spend(&mut self, _: &sip_digest::IssuedNonce, _: std::num::NonZeroU32) -> Spend {
        Spend::Fresh
    }

    fn spend_once(&mut self, _: &sip_digest::IssuedNonce) -> Spend {
        Spend::Fresh
    }
}

fn answers(criterion: &mut Criterion) {
    for hash in [HashAlgorithm::Md5, HashAlgorithm::Sha256, HashAlgorithm::Sha512_256] {
        let nonce = issue(hash);
        let value = written(&answer(challenge(Algorithm { hash, form: KeyForm::Plain }, &nonce)));
        let claim = credentials(&value);
        let ha1 = ha1(hash);
        let candidates = [Candidate::Accepted { subject: "alice", ha1: &ha1 }];
        let attempt = attempt(&claim, inspect(&claim), &candidates);
        criterion.bench_function(&format!("verify an answer, {}", hash.as_str()), |bencher| {
            bencher.iter(|| assert!(matches!(verify(black_box(&attempt), &mut AnyCount), Verdict::Verified(_))));
        });
    }
}

criterion_group!(benches, nonces, answers);
criterion_main!(benches);
