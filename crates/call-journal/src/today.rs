//! The calls of a trunk that were answered today, for limits that count by the day.

use domain::{AccountId, CallId, CallRecord, Timestamp, TrunkId};
use storage::{CallRecordFilter, CallRecords, StorageError};

/// Records of one read.
const PAGE: u32 = 1_000;
const DAY_SECONDS: i64 = 86_400;
/// Records are found by when calls began; nobody waits longer for an answer than this, in seconds.
const LONGEST_WAIT_SECONDS: i64 = 900;

/// Shows every answered call of a trunk that began today (UTC), or shortly before and may have been answered today.
///
/// # Errors
/// [`StorageError`]; some may have been shown before.
pub async fn todays_calls(
    storage: &dyn CallRecords,
    (account, trunk): (AccountId, TrunkId),
    now: Timestamp,
    mut each: impl FnMut(&CallRecord),
) -> Result<(), StorageError> {
    let seconds = now.as_micros().div_euclid(1_000_000);
    let midnight = seconds - seconds.rem_euclid(DAY_SECONDS);
    let filter = CallRecordFilter {
        from: Some(Timestamp::from_seconds(midnight - LONGEST_WAIT_SECONDS)),
        trunk: Some(trunk),
        answered: Some(true),
        ..CallRecordFilter::all_of(account)
    };
    let mut before: Option<CallId> = None;
    loop {
        let records = storage.call_records(filter, before, PAGE).await?;
        records.iter().for_each(&mut each);
        before = records.last().map(|record| record.call.id);
        if records.len() < PAGE as usize {
            return Ok(());
        }
    }
}
