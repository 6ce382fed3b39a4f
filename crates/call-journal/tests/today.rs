//! What counts at a limit by the day after a restart.

use call_journal::todays_calls;
use domain::{AccountId, CallDetails, CallId, CallRecord, Timestamp, TrunkId};
use std::sync::Arc;
use storage::{CallChange, CallRecords as _, Change, Commit as _};
use testkit::{MemoryStorage, samples};

const DAY: i64 = 86_400;

#[tokio::test]
async fn every_answered_call_of_the_trunk_and_day_is_shown_once() {
    let storage = MemoryStorage::new();
    let set = samples::change_set(Change::CreateAccount(samples::new_account("MA_AAAAAAAA")));
    storage.commit(set).await.expect("an account");
    let account = AccountId(1);
    let (ours, other) = (TrunkId::from_random([1; 16]), TrunkId::from_random([2; 16]));
    let midnight = Timestamp::from_seconds(20_000 * DAY);
    let mut numbers = 0..;
    let mut record = |trunk: TrunkId, seconds: i64, answered: bool| {
        let number = numbers.next().unwrap_or_default();
        let begun_at = midnight.plus_seconds(seconds);
        let drawn = samples::call_record(account, number);
        let mut random = [0; 10];
        random[..8].copy_from_slice(&number.to_be_bytes());
        let call = CallDetails {
            id: CallId::new(begun_at, random),
            trunk: Some(trunk),
            begun_at,
            answered_at: answered.then(|| begun_at.plus_seconds(5)),
            ..drawn.call
        };
        CallChange::Ended(CallRecord { call, ..drawn })
    };
    let mut changes: Vec<CallChange> = (0..2_500).map(|second| record(ours, second, true)).collect();
    changes.push(record(ours, -5, true));
    changes.extend([record(ours, -DAY, true), record(ours, 9, false), record(other, 9, true)]);
    storage.save_calls(Arc::new(changes)).await.expect("room for them");

    let mut shown = Vec::new();
    let noon = midnight.plus_seconds(DAY / 2);
    let all = todays_calls(&storage, (account, ours), noon, |record| shown.push(record.call.id)).await;
    all.expect("a storage that answers");
    assert_eq!(shown.len(), 2_501, "today's, and the one that was answered at midnight");
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown.len(), 2_501);
}
