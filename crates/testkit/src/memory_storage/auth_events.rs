//! Authentication events.

use super::MemoryStorage;
use domain::{Account, AuthRecordId, RealmId, Timestamp, Username};
use std::collections::BTreeSet;
use std::sync::Arc;
use storage::{
    AuthEventChange, AuthEventFilter, AuthEventTrim, AuthEvents, KeptAuthRecord, Pending, RecordOwner, RecordsFrom,
    StorageError,
};

impl AuthEvents for MemoryStorage {
    fn save_auth_events(
        &self,
        changes: Arc<Vec<AuthEventChange>>,
    ) -> Pending<'_, Result<Vec<Option<AuthRecordId>>, StorageError>> {
        Box::pin(async move {
            if let Some(failure) = self.next_commit_failure.lock().take() {
                return Err(failure);
            }
            let mut state = self.state.lock();
            let mut added = Vec::new();
            for change in &*changes {
                match change {
                    AuthEventChange::Add(record) => {
                        let is_there = record.account.is_none_or(|account| state.accounts.contains_key(&account));
                        added.push(is_there.then(|| {
                            state.last_auth_record += 1;
                            let id = AuthRecordId(state.last_auth_record);
                            state.auth_records.insert(id, record.clone());
                            id
                        }));
                    }
                    AuthEventChange::More { id, attempts, last_at } => {
                        if let Some(record) = state.auth_records.get_mut(id) {
                            record.attempts = record.attempts.saturating_add(*attempts);
                            record.last_at = record.last_at.max(*last_at);
                        }
                    }
                }
            }
            Ok(added)
        })
    }

    fn auth_events(
        &self,
        filter: AuthEventFilter,
        from: RecordsFrom,
        limit: u32,
    ) -> Pending<'_, Result<Vec<KeptAuthRecord>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let all = state.auth_records.iter().filter(|(_, record)| filter.admits(record));
            let kept = all.map(|(id, record)| KeptAuthRecord { id: *id, record: record.clone() });
            Ok(match from {
                RecordsFrom::Newest => kept.rev().take(limit as usize).collect(),
                RecordsFrom::Before(id) => kept.rev().filter(|kept| kept.id < id).take(limit as usize).collect(),
                RecordsFrom::After(id) => kept.filter(|kept| kept.id > id).take(limit as usize).collect(),
            })
        })
    }

    fn auth_event_owners(&self) -> Pending<'_, Result<Vec<RecordOwner>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let accounts: BTreeSet<_> = state.auth_records.values().map(|record| record.account).collect();
            let days = |account: &Account| u32::from(account.settings.event_retention.days());
            let retention = |account| state.accounts.get(&account).map(days);
            let owner = |account: Option<_>| RecordOwner { account, retention_days: account.and_then(retention) };
            Ok(accounts.into_iter().map(owner).collect())
        })
    }

    fn trim_auth_events(&self, trim: AuthEventTrim) -> Pending<'_, Result<u32, StorageError>> {
        Box::pin(async move {
            let mut state = self.state.lock();
            let of_owner = state.auth_records.iter().filter(|(_, record)| record.account == trim.account);
            let of_owner: Vec<(AuthRecordId, Timestamp)> = of_owner.map(|(id, record)| (*id, record.last_at)).collect();
            let surplus = of_owner.len().saturating_sub(trim.most as usize);
            let oldest = of_owner.iter().enumerate().take(trim.limit as usize);
            let gone = oldest.filter(|(place, (_, last_at))| *place < surplus || *last_at < trim.before);
            let gone: Vec<_> = gone.map(|(_, (id, _))| *id).collect();
            gone.iter().for_each(|id| drop(state.auth_records.remove(id)));
            Ok(u32::try_from(gone.len()).unwrap_or(u32::MAX))
        })
    }

    fn username_in_other_case(
        &self,
        realm: RealmId,
        username: Box<str>,
    ) -> Pending<'_, Result<Option<Username>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let mut known = state.usernames.keys().filter(|(of, _)| *of == realm).map(|(_, name)| name);
            let is_meant =
                |name: &&Username| name.as_str() != &*username && name.as_str().eq_ignore_ascii_case(&username);
            Ok(known.find(is_meant).cloned())
        })
    }
}
