//! Calls that are up because a test says so.

use domain::{AccountId, CallDetails, CallEndReason, CallId, CredentialId, TrunkId};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use storage::{LiveCallFilter, LiveCallPage, LiveCalls, Page};

/// Keeps what it is told, and forgets a call when it is ended.
#[derive(Debug, Default)]
pub struct ScriptedLiveCalls {
    calls: Mutex<BTreeMap<CallId, CallDetails>>,
    ended: Mutex<Vec<(CallId, CallEndReason)>>,
}

impl ScriptedLiveCalls {
    /// Lets a call begin.
    pub fn begin(&self, call: CallDetails) {
        self.calls.lock().insert(call.id, call);
    }

    /// Which calls were ended and why, in order.
    #[must_use]
    pub fn ended(&self) -> Vec<(CallId, CallEndReason)> {
        self.ended.lock().clone()
    }

    fn end_those(&self, which: impl Fn(&CallDetails) -> bool, reason: CallEndReason) -> u64 {
        let mut calls = self.calls.lock();
        let ids: Vec<_> = calls.values().filter(|call| which(call)).map(|call| call.id).collect();
        for id in &ids {
            calls.remove(id);
            self.ended.lock().push((*id, reason));
        }
        ids.len() as u64
    }

    fn count_those(&self, which: impl Fn(&CallDetails) -> bool) -> u64 {
        self.calls.lock().values().filter(|call| which(call)).count() as u64
    }
}

impl LiveCalls for ScriptedLiveCalls {
    fn calls(&self, filter: LiveCallFilter, page: Page) -> LiveCallPage {
        let calls = self.calls.lock();
        let found: Vec<_> = calls.values().filter(|call| filter.admits(call)).collect();
        let skipped = usize::try_from(page.offset).unwrap_or(usize::MAX);
        LiveCallPage {
            total: found.len() as u64,
            calls: found.into_iter().skip(skipped).take(page.limit as usize).cloned().collect(),
        }
    }

    fn call(&self, account: AccountId, id: CallId) -> Option<CallDetails> {
        self.calls.lock().get(&id).filter(|call| call.account == account).cloned()
    }

    fn count(&self, account: AccountId) -> u64 {
        self.count_those(|call| call.account == account)
    }

    fn count_of_trunk(&self, trunk: TrunkId) -> u64 {
        self.count_those(|call| call.trunk == Some(trunk))
    }

    fn count_of_credential(&self, credential: CredentialId) -> u64 {
        self.count_those(|call| call.credential == Some(credential))
    }

    fn end(&self, account: AccountId, id: CallId, reason: CallEndReason) -> bool {
        self.end_those(|call| call.account == account && call.id == id, reason) > 0
    }

    fn end_of_credential(&self, account: AccountId, credential: CredentialId, reason: CallEndReason) -> u64 {
        self.end_those(|call| call.account == account && call.credential == Some(credential), reason)
    }
}
