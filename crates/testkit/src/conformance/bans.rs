//! Bans across restarts.

use super::Subject;
use crate::samples;
use domain::{AccountId, Ban, BanId, BanKind, CredentialId, RealmId};
use std::sync::Arc;

fn ban(number: u8, kind: BanKind) -> Ban {
    let began_at = samples::CREATED_AT.plus_seconds(number.into());
    let (of_user, of_source) = (kind != BanKind::Source, kind != BanKind::Username);
    Ban {
        id: BanId::new(began_at, [number; 10]),
        kind,
        account: of_user.then_some(AccountId(1)),
        realm: of_user.then_some(RealmId(1)),
        credential: of_user.then_some(CredentialId::from_bytes([number; 16])),
        generation: number.into(),
        username: of_user.then(|| "alice".into()),
        network: of_source.then(|| samples::ip_acl(AccountId(1), 7).network),
        failures: 20,
        began_at,
        ends_at: began_at.plus_seconds(600),
    }
}

/// What is saved is loaded as it was, oldest first, until it ends or is forgotten; saving one again changes nothing.
#[expect(clippy::expect_used, reason = "a check fails by panicking")]
pub async fn bans_are_kept_until_they_end(subject: Subject) {
    let first = ban(1, BanKind::Pair);
    let later = [ban(2, BanKind::Source), ban(3, BanKind::Username)];
    let last = [ban(3, BanKind::Username)];
    let bans = [&[first.clone()][..], &later].concat();
    let storage = &subject.storage;
    for _ in 0..2 {
        storage.save_bans(Arc::new(bans.clone()), samples::CREATED_AT).await.expect("saved");
    }
    let loaded = |now| {
        let mut loaded = Vec::new();
        storage.load_bans(now, &mut |ban| loaded.push(ban)).expect("loaded");
        loaded
    };
    assert_eq!(loaded(samples::CREATED_AT), bans);
    assert_eq!(loaded(samples::CREATED_AT.plus_seconds(602)), last);
    storage.forget_ban(first.id).await.expect("forgotten");
    storage.forget_ban(first.id).await.expect("forgotten twice");
    assert_eq!(loaded(samples::CREATED_AT), later);
    storage.save_bans(Arc::new(Vec::new()), samples::CREATED_AT.plus_seconds(603)).await.expect("saved");
    assert_eq!(loaded(samples::CREATED_AT), last);
}
