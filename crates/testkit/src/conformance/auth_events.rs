//! Authentication events.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a check fails by panicking")]

use super::Subject;
use crate::samples::{self, CREATED_AT};
use domain::{
    AuthReason, AuthRecord, AuthRecordId, AuthRemark, CredentialId, DigestAlgorithm, NearMiss, SignallingTransport,
    Timestamp,
};
use std::sync::Arc;
use storage::{
    AuthEventChange, AuthEventFilter, AuthEventTrim, Change, KeptAuthRecord, RecordOwner, RecordsFrom, RecordsOf,
};

/// Every field of a record, absent or not, comes back as it was saved.
pub async fn records_return_as_they_were_saved(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let bare = samples::auth_record(Some(account), 1);
    let mut full = AuthRecord {
        last_at: CREATED_AT.plus_seconds(9),
        attempts: 7,
        credential: Some(CredentialId::from_bytes([7; 16])),
        remark: Some(AuthRemark::AlgorithmDowngrade),
        near_miss: Some(NearMiss::OtherRealm),
        claimed_realm: Some("elsewhere".into()),
        source: "[2001:db8::7]:5062".parse().unwrap(),
        transport: SignallingTransport::Wss,
        algorithm: Some(DigestAlgorithm::Sha512_256),
        ..samples::auth_record(None, 2)
    };
    let mut saved = vec![bare.clone(), full.clone()];
    for reason in AuthReason::ALL {
        full.reason = reason;
        saved.push(full.clone());
    }
    let ids = add(&subject, &saved).await;
    let kept = read(&subject, AuthEventFilter::all(RecordsOf::Everybody), RecordsFrom::After(AuthRecordId(0))).await;
    let expected: Vec<_> = ids.into_iter().zip(saved).map(|(id, record)| KeptAuthRecord { id, record }).collect();
    assert_eq!(kept, expected);
    let own = read(&subject, AuthEventFilter::all(RecordsOf::Account(account)), RecordsFrom::Newest).await;
    assert_eq!(own.into_iter().map(|kept| kept.record).collect::<Vec<_>>(), [bare]);
}

/// More attempts are added to the record they are like; one that is gone is none's concern.
pub async fn attempts_are_added(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let ids = add(&subject, &[samples::auth_record(Some(account), 1)]).await;
    let more = |id, seconds| AuthEventChange::More { id, attempts: 5, last_at: CREATED_AT.plus_seconds(seconds) };
    save(&subject, vec![more(ids[0], 60), more(ids[0], 30), more(AuthRecordId(ids[0].0 + 1), 60)]).await;
    let kept = read(&subject, AuthEventFilter::all(RecordsOf::Account(account)), RecordsFrom::Newest).await;
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].record.attempts, kept[0].record.last_at), (11, CREATED_AT.plus_seconds(60)));
}

/// Pages walk in both directions, without gap or repetition.
pub async fn records_are_walked_both_ways(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let records: Vec<_> = (0..7).map(|number| samples::auth_record(Some(account), number)).collect();
    let ids = add(&subject, &records).await;
    add(&subject, &[samples::auth_record(None, 8)]).await;
    let filter = AuthEventFilter::all(RecordsOf::Account(account));
    let (mut from, mut walked) = (RecordsFrom::Newest, Vec::new());
    loop {
        let page = subject.storage.auth_events(filter.clone(), from, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        from = RecordsFrom::Before(last.id);
        walked.extend(page.into_iter().map(|kept| kept.id));
    }
    walked.reverse();
    assert_eq!(walked, ids);
    let page = subject.storage.auth_events(filter, RecordsFrom::After(ids[1]), 2).await.unwrap();
    assert_eq!(page.into_iter().map(|kept| kept.id).collect::<Vec<_>>(), ids[2..4]);
}

/// Each filter narrows.
pub async fn auth_events_are_filtered(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let first = samples::auth_record(Some(account), 1);
    let second = AuthRecord {
        credential: Some(CredentialId::from_bytes([2; 16])),
        reason: AuthReason::Ok,
        source: "[2001:db8::7]:50".parse().unwrap(),
        ..samples::auth_record(Some(account), 2)
    };
    let foreign = AuthRecord { credential: second.credential, ..samples::auth_record(None, 3) };
    add(&subject, &[first.clone(), second.clone(), foreign.clone()]).await;
    let own = AuthEventFilter::all(RecordsOf::Account(account));
    let all = AuthEventFilter::all(RecordsOf::Everybody);
    for (filter, expected) in [
        (own.clone(), vec![&second, &first]),
        (all.clone(), vec![&foreign, &second, &first]),
        (AuthEventFilter { credential: second.credential, ..own.clone() }, vec![&second]),
        (AuthEventFilter { credential: second.credential, ..all.clone() }, vec![&foreign, &second]),
        (AuthEventFilter { username: Some(first.username.clone()), ..own.clone() }, vec![&first]),
        (AuthEventFilter { source: Some("192.0.2.1".parse().unwrap()), ..own.clone() }, vec![&first]),
        (AuthEventFilter { source: Some("::ffff:192.0.2.1".parse().unwrap()), ..own.clone() }, vec![&first]),
        (AuthEventFilter { source: Some("192.0.2.11".parse().unwrap()), ..own.clone() }, vec![]),
        (AuthEventFilter { source: Some("2001:db8::7".parse().unwrap()), ..own.clone() }, vec![&second]),
        (AuthEventFilter { call_id: Some(second.call_id.clone()), ..own.clone() }, vec![&second]),
        (AuthEventFilter { reason: Some(AuthReason::Ok), ..own.clone() }, vec![&second]),
        (AuthEventFilter { from: Some(second.last_at), ..own.clone() }, vec![&second]),
        (AuthEventFilter { to: Some(second.at), ..own.clone() }, vec![&first]),
    ] {
        let found = read(&subject, filter.clone(), RecordsFrom::Newest).await;
        assert_eq!(found.iter().map(|kept| &kept.record).collect::<Vec<_>>(), expected, "{filter:?}");
        assert!(expected.iter().all(|record| filter.admits(record)), "{filter:?}");
    }
}

/// What is old or too much goes in steps, oldest first, for each owner apart; what is nobody's any more can be told.
pub async fn auth_events_are_trimmed_in_steps(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let gone = subject.create_account(samples::new_account("MA_BBBBBBBB")).await.id;
    let of = |owner, numbers: std::ops::Range<i64>| -> Vec<_> {
        numbers.map(|number| samples::auth_record(owner, number)).collect()
    };
    let ids = add(&subject, &of(Some(account), 0..6)).await;
    add(&subject, &of(Some(gone), 0..2)).await;
    add(&subject, &of(None, 0..2)).await;
    subject.commit(Change::DeleteAccount(gone)).await.unwrap();
    assert_eq!(save(&subject, vec![AuthEventChange::Add(samples::auth_record(Some(gone), 9))]).await, [None]);
    let mut owners = subject.storage.auth_event_owners().await.unwrap();
    owners.sort_by_key(|owner| owner.account);
    let expected = [(None, None), (Some(account), Some(30)), (Some(gone), None)];
    assert_eq!(owners, expected.map(|(account, retention_days)| RecordOwner { account, retention_days }));

    let trim =
        |account, before, most, limit| subject.storage.trim_auth_events(AuthEventTrim { account, before, most, limit });
    let never = Timestamp::from_micros(0);
    assert_eq!(trim(Some(account), never, 6, 10).await.unwrap(), 0);
    assert_eq!(trim(Some(account), never, 3, 2).await.unwrap(), 2);
    assert_eq!(trim(Some(account), never, 3, 2).await.unwrap(), 1);
    assert_eq!(trim(Some(account), never, 3, 2).await.unwrap(), 0);
    let fifth = samples::auth_record(Some(account), 4).last_at;
    assert_eq!(trim(Some(account), fifth, 3, 10).await.unwrap(), 1);
    let left = read(&subject, AuthEventFilter::all(RecordsOf::Account(account)), RecordsFrom::Newest).await;
    assert_eq!(left.into_iter().map(|kept| kept.id).collect::<Vec<_>>(), [ids[5], ids[4]]);
    assert_eq!(trim(Some(gone), Timestamp::from_micros(i64::MAX), 0, 10).await.unwrap(), 2);
    assert_eq!(trim(None, never, 1, 10).await.unwrap(), 1);
    assert_eq!(subject.storage.auth_event_owners().await.unwrap().len(), 2);
}

/// Only a difference in the case of letters counts, within a realm.
pub async fn usernames_in_another_case_are_found(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let other = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    subject.create_credential(samples::credential(&account, "Office_Phone", 1)).await;
    let find = |realm, name: &str| subject.storage.username_in_other_case(realm, name.into());
    for (realm, name, expected) in [
        (account.realm, "office_phone", Some("Office_Phone")),
        (account.realm, "OFFICE_PHONE", Some("Office_Phone")),
        (account.realm, "Office_Phone", None),
        (account.realm, "officexphone", None),
        (account.realm, "", None),
        (other.realm, "office_phone", None),
    ] {
        let found = find(realm, name).await.unwrap();
        assert_eq!(found.as_ref().map(domain::Username::as_str), expected, "{name}");
    }
}

async fn add(subject: &Subject, records: &[AuthRecord]) -> Vec<AuthRecordId> {
    let changes = records.iter().cloned().map(AuthEventChange::Add).collect();
    save(subject, changes).await.into_iter().map(Option::unwrap).collect()
}

async fn save(subject: &Subject, changes: Vec<AuthEventChange>) -> Vec<Option<AuthRecordId>> {
    subject.storage.save_auth_events(Arc::new(changes)).await.unwrap()
}

async fn read(subject: &Subject, filter: AuthEventFilter, from: RecordsFrom) -> Vec<KeptAuthRecord> {
    subject.storage.auth_events(filter, from, 1000).await.unwrap()
}
