//! The calls that are up, for whoever manages them.

use crate::calls::Calls;
use crate::calls::call_entry::CallEntry;
use crate::calls::happening::Happening;
use crate::calls::shard::{CallNumber, Shard};
use domain::{AccountId, CallDetails, CallEndReason, CallId, CredentialId, Timestamp, TrunkId};
use sip_b2bua::EndReason;
use storage::{LiveCallFilter, LiveCallPage, LiveCalls, Page};

impl LiveCalls for Calls {
    fn calls(&self, filter: LiveCallFilter, page: Page) -> LiveCallPage {
        let mut found = self.collect(|entry| filter.admits(&entry.details).then(|| entry.details.clone()));
        // Identifiers sort by when calls began.
        found.sort_by_key(|call| call.id);
        let total = found.len() as u64;
        let skipped = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let most = usize::try_from(page.limit).unwrap_or(usize::MAX);
        LiveCallPage { calls: found.into_iter().skip(skipped).take(most).collect(), total }
    }

    fn call(&self, account: AccountId, id: CallId) -> Option<CallDetails> {
        let details = |shard: &mut Shard, number| shard.calls.get(&number).map(|entry| entry.details.clone());
        self.locked(id, details).flatten().filter(|call| call.account == account)
    }

    fn count(&self, account: AccountId) -> u64 {
        self.collect(|entry| (entry.details.account == account).then_some(())).len() as u64
    }

    fn count_of_trunk(&self, trunk: TrunkId) -> u64 {
        self.collect(|entry| (entry.details.trunk == Some(trunk)).then_some(())).len() as u64
    }

    fn count_of_credential(&self, credential: CredentialId) -> u64 {
        self.collect(|entry| entry.concerns(credential).then_some(())).len() as u64
    }

    fn end(&self, account: AccountId, id: CallId, reason: CallEndReason) -> bool {
        let end = |shard: &mut Shard, number| {
            let is_theirs = shard.calls.get(&number).is_some_and(|entry| entry.details.account == account);
            if is_theirs {
                self.end_one(shard, number, reason);
            }
            is_theirs
        };
        self.locked(id, end).unwrap_or(false)
    }

    fn end_of_credential(&self, account: AccountId, credential: CredentialId, reason: CallEndReason) -> u64 {
        self.end_where(reason, |entry| entry.details.account == account && entry.concerns(credential))
    }
}

impl Calls {
    /// Ends every call that is meant; how many that are.
    pub(super) fn end_where(&self, reason: CallEndReason, is_meant: impl Fn(&CallEntry) -> bool) -> u64 {
        let mut ended = 0;
        for shard in &self.shards {
            let mut shard = shard.lock();
            let meant = shard.calls.iter().filter(|(_, entry)| is_meant(entry)).map(|(number, _)| *number);
            for number in meant.collect::<Vec<_>>() {
                self.end_one(&mut shard, number, reason);
                ended += 1;
            }
        }
        ended
    }

    fn end_one(&self, shard: &mut Shard, number: CallNumber, reason: CallEndReason) {
        let why = match reason {
            CallEndReason::Revoked => EndReason::Revoked,
            CallEndReason::ServerRestarted => EndReason::Shutdown,
            _ => EndReason::Administrative,
        };
        let mut outlet = self.outlet();
        self.drive(shard, number, &mut outlet, Happening::End(why));
    }

    /// How long the calls of a trunk that are up have been talking, in milliseconds.
    pub(super) fn talked_ms(&self, trunk: TrunkId, now: Timestamp) -> u64 {
        let since = |answered: Timestamp| now.as_unix_millis().saturating_sub(answered.as_unix_millis());
        let talked = self.collect(|entry| {
            let answered = entry.details.answered_at.filter(|_| entry.details.trunk == Some(trunk));
            answered.map(since)
        });
        talked.iter().sum()
    }

    fn collect<T>(&self, mut of: impl FnMut(&CallEntry) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        for shard in &self.shards {
            found.extend(shard.lock().calls.values().filter(|entry| entry.slots.is_some()).filter_map(&mut of));
        }
        found
    }
}

impl CallEntry {
    /// Whether a credential made the call, or a phone of it rings or talks.
    pub(super) fn concerns(&self, credential: CredentialId) -> bool {
        let is_called = |leg: &crate::calls::call_entry::Leg| {
            let way = leg.target.and_then(|target| self.way(target));
            way.and_then(crate::calls::way::Way::credential) == Some(credential)
        };
        self.details.credential == Some(credential) || self.legs.iter().any(is_called)
    }
}
