//! What calls leave behind.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a check fails by panicking")]

use super::Subject;
use crate::samples::{self, CREATED_AT};
use domain::{
    AccountId, CallDetails, CallDirection, CallEnd, CallEndReason, CallId, CallRecord, CallSnapshot, HungUpBy,
    SignallingTransport, Timestamp,
};
use std::sync::Arc;
use storage::{CallChange, CallRecordFilter, Change, StorageError};

/// Every field survives, present and absent, and so do the octets of a confirmed call.
pub async fn records_and_snapshots_return_as_they_were_saved(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let full = samples::call_record(account, 1);
    let bare = CallRecord {
        call: CallDetails {
            trunk: None,
            credential: None,
            username: None,
            direction: CallDirection::Echo,
            callee_call_id: "".into(),
            destination: "".into(),
            callee_transport: None,
            ringing_at: None,
            answered_at: None,
            ..samples::call(account, 2)
        },
        end: CallEnd {
            at: CREATED_AT,
            by: HungUpBy::Us,
            reason: CallEndReason::ServerRestarted,
            sip_status: 0,
            q850_cause: None,
        },
    };
    save(&subject, vec![CallChange::Ended(full.clone()), CallChange::Ended(bare.clone())]).await;
    for record in [&full, &bare] {
        assert_eq!(subject.storage.call_record(account, record.call.id).await.unwrap().as_ref(), Some(record));
    }
    let live = [snapshot(account, 3, b"\x01\x00\xff"), snapshot(account, 4, b"")];
    save(&subject, live.iter().cloned().map(CallChange::Confirmed).collect()).await;
    assert_eq!(loaded(&subject), live);
}

/// However often and in whatever order its changes arrive: one record, the first, and nothing kept beside it.
pub async fn a_call_leaves_exactly_one_record(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let confirmed = CallChange::Confirmed(snapshot(account, 1, b"one"));
    let record = samples::call_record(account, 1);
    let changed = CallChange::Changed { id: record.call.id, octets: b"two"[..].into() };
    let ended = CallChange::Ended(record.clone());
    let later = CallRecord { end: CallEnd { sip_status: 500, ..record.end }, ..record.clone() };
    for changes in [
        vec![confirmed.clone(), changed.clone(), ended.clone()],
        vec![ended.clone(), confirmed.clone(), changed.clone()],
        vec![CallChange::Ended(later), changed, ended, confirmed],
    ] {
        // In one transaction, and each in its own.
        save(&subject, changes.clone()).await;
        for change in changes {
            save(&subject, vec![change]).await;
        }
        assert_eq!(loaded(&subject), []);
        assert_eq!(all(&subject, account).await, std::slice::from_ref(&record));
    }
}

/// A confirmed call is kept until it ends, as it was said last.
pub async fn a_confirmed_call_is_kept_until_it_ends(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let first = snapshot(account, 1, b"one");
    let other = snapshot(account, 2, b"other");
    save(&subject, vec![CallChange::Confirmed(first.clone()), CallChange::Confirmed(other.clone())]).await;
    save(&subject, vec![CallChange::Changed { id: first.call.id, octets: b"two"[..].into() }]).await;
    let unknown = samples::call(account, 9).id;
    save(&subject, vec![CallChange::Changed { id: unknown, octets: b"x"[..].into() }]).await;
    let now = CallSnapshot { octets: b"two"[..].into(), ..first.clone() };
    assert_eq!(loaded(&subject), [now, other.clone()]);
    let renewed = CallSnapshot {
        call: CallDetails { destination: "elsewhere".into(), ..first.call },
        octets: b"three"[..].into(),
    };
    save(&subject, vec![CallChange::Confirmed(renewed.clone())]).await;
    assert_eq!(loaded(&subject), [renewed, other.clone()]);
    save(&subject, vec![CallChange::Ended(samples::call_record(account, 1))]).await;
    assert_eq!(loaded(&subject), [other]);
    assert_eq!(all(&subject, account).await.len(), 1);
}

/// Pages walk from the newest to the oldest, without gap or repetition, also past a record that is gone.
pub async fn records_are_walked_newest_first(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let neighbour = subject.create_account(samples::new_account("MA_BBBBBBBB")).await.id;
    let records: Vec<_> = (0..7).map(|number| samples::call_record(account, number)).collect();
    let foreign = samples::call_record(neighbour, 8);
    let mut changes: Vec<_> = records.iter().cloned().map(CallChange::Ended).collect();
    changes.swap(1, 5);
    changes.push(CallChange::Ended(foreign.clone()));
    save(&subject, changes).await;
    let (mut before, mut walked) = (None, Vec::new());
    loop {
        let page = subject.storage.call_records(CallRecordFilter::all_of(account), before, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.call.id);
        walked.extend(page);
    }
    let newest_first: Vec<_> = records.iter().rev().cloned().collect();
    assert_eq!(walked, newest_first);
    assert_eq!(all(&subject, neighbour).await, std::slice::from_ref(&foreign));
    assert_eq!(subject.storage.call_record(account, foreign.call.id).await.unwrap(), None);
    let gone = CallId::new(records[3].call.begun_at, [0xff; 10]);
    let page = subject.storage.call_records(CallRecordFilter::all_of(account), Some(gone), 1).await.unwrap();
    assert_eq!(page, [records[3].clone()]);
}

/// Each filter narrows, to the microsecond where it is a moment.
pub async fn records_are_filtered(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let first = samples::call_record(account, 1);
    let mut second = samples::call_record(account, 2);
    second.call.answered_at = None;
    second.call.direction = CallDirection::Inbound;
    let mut third = samples::call_record(account, 3);
    (third.call.trunk, third.call.credential) = (None, None);
    let records = [&first, &second, &third];
    save(&subject, records.map(|record| CallChange::Ended(record.clone())).to_vec()).await;
    let everything = CallRecordFilter::all_of(account);
    let micro_later = |moment: Timestamp| Timestamp::from_micros(moment.as_micros() + 1);
    let at = second.call.begun_at;
    for (filter, expected) in [
        (everything, vec![&third, &second, &first]),
        (CallRecordFilter { from: Some(at), ..everything }, vec![&third, &second]),
        (CallRecordFilter { from: Some(micro_later(at)), ..everything }, vec![&third]),
        (CallRecordFilter { to: Some(at), ..everything }, vec![&first]),
        (CallRecordFilter { to: Some(micro_later(at)), ..everything }, vec![&second, &first]),
        (CallRecordFilter { from: Some(at), to: Some(micro_later(at)), ..everything }, vec![&second]),
        (CallRecordFilter { trunk: first.call.trunk, ..everything }, vec![&first]),
        (CallRecordFilter { trunk: second.call.trunk, answered: Some(true), ..everything }, vec![]),
        (CallRecordFilter { credential: second.call.credential, ..everything }, vec![&second]),
        (CallRecordFilter { direction: Some(CallDirection::Inbound), ..everything }, vec![&second]),
        (CallRecordFilter { answered: Some(true), ..everything }, vec![&third, &first]),
        (CallRecordFilter { answered: Some(false), ..everything }, vec![&second]),
    ] {
        let found = subject.storage.call_records(filter, None, 10).await.unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

/// What is old goes in steps, oldest first, and what belongs to nobody goes as well.
pub async fn records_are_trimmed_in_steps(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let gone = subject.create_account(samples::new_account("MA_BBBBBBBB")).await.id;
    let records: Vec<_> = (0..5).map(|number| samples::call_record(account, number)).collect();
    let orphans: Vec<_> = (5..8).map(|number| samples::call_record(gone, number)).collect();
    save(&subject, records.iter().chain(&orphans).cloned().map(CallChange::Ended).collect()).await;
    subject.commit(Change::DeleteAccount(gone)).await.unwrap();
    let trim = |before, limit| subject.storage.trim_call_records(before, limit);
    assert_eq!(trim(CREATED_AT, 2).await.unwrap(), 2);
    assert_eq!(trim(CREATED_AT, 2).await.unwrap(), 1);
    assert_eq!(trim(CREATED_AT, 2).await.unwrap(), 0);
    assert_eq!(all(&subject, account).await.len(), 5);
    let third = records[2].call.begun_at;
    assert_eq!(trim(third, 1).await.unwrap(), 1);
    assert_eq!(all(&subject, account).await.last(), Some(&records[1]));
    assert_eq!(trim(third, 10).await.unwrap(), 1);
    assert_eq!(all(&subject, account).await.last(), Some(&records[2]));
}

/// A call that ends when its account is gone is over, and leaves nothing.
pub async fn a_call_of_an_account_that_is_gone_leaves_nothing(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let other = subject.create_account(samples::new_account("MA_BBBBBBBB")).await.id;
    save(&subject, vec![CallChange::Confirmed(snapshot(account, 1, b"one"))]).await;
    subject.commit(Change::DeleteAccount(account)).await.unwrap();
    let neighbour = samples::call_record(other, 2);
    save(&subject, vec![CallChange::Ended(samples::call_record(account, 1)), CallChange::Ended(neighbour.clone())])
        .await;
    assert_eq!(loaded(&subject), []);
    assert_eq!(all(&subject, account).await, []);
    assert_eq!(all(&subject, other).await, [neighbour]);
}

fn snapshot(account: AccountId, number: u64, octets: &[u8]) -> CallSnapshot {
    let mut call = samples::call(account, number);
    call.callee_transport = Some(SignallingTransport::Wss);
    CallSnapshot { call, octets: octets.into() }
}

async fn save(subject: &Subject, changes: Vec<CallChange>) {
    let saved: Result<(), StorageError> = subject.storage.save_calls(Arc::new(changes)).await;
    saved.unwrap();
}

async fn all(subject: &Subject, account: AccountId) -> Vec<CallRecord> {
    subject.storage.call_records(CallRecordFilter::all_of(account), None, 1000).await.unwrap()
}

fn loaded(subject: &Subject) -> Vec<CallSnapshot> {
    let mut loaded = Vec::new();
    subject.storage.load_live_calls(&mut |snapshot| loaded.push(snapshot)).unwrap();
    loaded
}
