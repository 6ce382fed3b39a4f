//! Call detail records, and confirmed calls.

use super::MemoryStorage;
use super::state::State;
use domain::{AccountId, CallId, CallRecord, CallSnapshot, Timestamp};
use std::sync::Arc;
use storage::{CallChange, CallRecordFilter, CallRecords, Pending, StorageError};

impl CallRecords for MemoryStorage {
    fn save_calls(&self, changes: Arc<Vec<CallChange>>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            if let Some(failure) = self.next_commit_failure.lock().take() {
                return Err(failure);
            }
            let mut state = self.state.lock();
            changes.iter().for_each(|change| state.change_call(change));
            if std::mem::take(&mut *self.next_answer_lost.lock()) {
                return Err(StorageError::Unknown("injected loss of an answer".into()));
            }
            Ok(())
        })
    }

    fn load_live_calls(&self, each: &mut dyn FnMut(CallSnapshot)) -> Result<(), StorageError> {
        let live: Vec<_> = self.state.lock().live_calls.values().cloned().collect();
        live.into_iter().for_each(each);
        Ok(())
    }

    fn call_record(&self, account: AccountId, id: CallId) -> Pending<'_, Result<Option<CallRecord>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            Ok(state.call_records.get(&id).filter(|record| record.call.account == account).cloned())
        })
    }

    fn call_records(
        &self,
        filter: CallRecordFilter,
        before: Option<CallId>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<CallRecord>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let earlier = |record: &&CallRecord| before.is_none_or(|before| record.call.id < before);
            let newest_first = state.call_records.values().rev().filter(earlier);
            Ok(newest_first.filter(|record| admits(&filter, record)).take(limit as usize).cloned().collect())
        })
    }

    fn trim_call_records(&self, before: Timestamp, limit: u32) -> Pending<'_, Result<u32, StorageError>> {
        Box::pin(async move {
            let mut state = self.state.lock();
            let gone = |record: &&CallRecord| {
                record.call.id < CallId::first_of(before) || !state.accounts.contains_key(&record.call.account)
            };
            let gone: Vec<_> =
                state.call_records.values().filter(gone).take(limit as usize).map(|record| record.call.id).collect();
            gone.iter().for_each(|id| drop(state.call_records.remove(id)));
            Ok(u32::try_from(gone.len()).unwrap_or(u32::MAX))
        })
    }
}

fn admits(filter: &CallRecordFilter, record: &CallRecord) -> bool {
    let call = &record.call;
    call.account == filter.account
        && filter.from.is_none_or(|from| call.begun_at >= from)
        && filter.to.is_none_or(|to| call.begun_at < to)
        && filter.trunk.is_none_or(|trunk| call.trunk == Some(trunk))
        && filter.credential.is_none_or(|credential| call.credential == Some(credential))
        && filter.direction.is_none_or(|direction| call.direction == direction)
        && filter.answered.is_none_or(|answered| call.answered_at.is_some() == answered)
}

impl State {
    fn change_call(&mut self, change: &CallChange) {
        match change {
            CallChange::Confirmed(snapshot) if self.call_records.contains_key(&snapshot.call.id) => {}
            CallChange::Confirmed(snapshot) => {
                self.live_calls.insert(snapshot.call.id, snapshot.clone());
            }
            CallChange::Changed { id, octets } => {
                if let Some(live) = self.live_calls.get_mut(id) {
                    live.octets.clone_from(octets);
                }
            }
            CallChange::Ended(record) => {
                self.live_calls.remove(&record.call.id);
                if self.accounts.contains_key(&record.call.account) {
                    self.call_records.entry(record.call.id).or_insert_with(|| record.clone());
                }
            }
        }
    }
}
