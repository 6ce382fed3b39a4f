//! What a credential costs to find and a binding to refresh, among 1,000 of each: `cargo bench -p directory`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what the tests share ends by panicking")]

#[expect(dead_code, reason = "what the tests of the directory share")]
#[path = "../tests/directory/installation.rs"]
mod installation;

use criterion::{Criterion, criterion_group, criterion_main};
use installation::{Installation, Phone};
use sip_digest::HashAlgorithm;
use std::hint::black_box;

const PHONES: usize = 1_000;
/// Prime to the number of phones: every phone has its turn, and none is near the one before.
const STRIDE: usize = 619;

async fn phones(installation: &Installation) -> Vec<Phone> {
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let mut phones = Vec::with_capacity(PHONES);
    for number in 0..PHONES {
        let phone = installation.phone(&scope, format!("phone_{number}").leak()).await;
        installation.bind(&phone, "sip:phone@192.0.2.7:5062", 1).unwrap();
        phones.push(phone);
    }
    phones
}

fn location(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (installation, phones) = runtime.block_on(async {
        let installation = Installation::new().await;
        let phones = phones(&installation).await;
        (installation, phones)
    });
    let directory = &installation.directory;
    let mut place = 0;
    let mut next = || {
        place = (place + STRIDE) % PHONES;
        &phones[place]
    };
    criterion.bench_function("find a credential", |bencher| {
        bencher.iter(|| {
            let phone = next();
            directory.credential(phone.realm, black_box(phone.username.as_bytes()), HashAlgorithm::Md5).is_some()
        });
    });
    let realm = phones[0].realm;
    criterion.bench_function("find that a name is nobody's", |bencher| {
        bencher.iter(|| directory.credential(realm, black_box(b"nobody_at_all"), HashAlgorithm::Md5).is_none());
    });
    let mut cseq = 1;
    criterion.bench_function("refresh a binding", |bencher| {
        bencher.iter(|| {
            cseq += 1;
            installation.bind(next(), "sip:phone@192.0.2.7:5062", cseq).unwrap();
        });
    });
}

criterion_group!(benches, location);
criterion_main!(benches);
