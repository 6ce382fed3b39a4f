//! Calls that are up, and what ended ones have left behind.

use crate::{
    AccountRead, AccountScope, AccountWrite, CredentialsWrite, Provisioning, ProvisioningError, RequestContext,
};
use domain::{
    AccountId, AuditAction, CallDetails, CallDirection, CallEndReason, CallId, CallRecord, CredentialId, Timestamp,
    TrunkId,
};
use std::sync::Arc;
use storage::{CallRecordFilter, ChangeSet, LiveCallFilter, LiveCallPage, LiveCalls, Page};

/// No signalling plane, so no calls.
#[derive(Debug)]
struct NoCalls;

/// Which calls that are up are asked for.
#[derive(Debug, Clone, Copy)]
pub struct LiveCallsRequest {
    /// Which part of the list.
    pub page: Page,
    /// Only those over this trunk.
    pub trunk: Option<TrunkId>,
    /// Only those that this credential authenticated.
    pub credential: Option<CredentialId>,
}

/// Which records are asked for; what is absent does not narrow.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallRecordsRequest {
    /// Those of calls begun before this one; the newest where it is absent.
    pub before: Option<CallId>,
    /// Most records to return, 1 to 1000.
    pub limit: u32,
    /// Begun at this moment or later.
    pub from: Option<Timestamp>,
    /// Begun before this moment.
    pub to: Option<Timestamp>,
    /// Over this trunk.
    pub trunk: Option<TrunkId>,
    /// Authenticated by this credential.
    pub credential: Option<CredentialId>,
    /// Gone this way.
    pub direction: Option<CallDirection>,
    /// Answered ones only, or only the others.
    pub answered: Option<bool>,
}

/// A page of records, newest first.
#[derive(Debug, Clone)]
pub struct CallRecordsPage {
    /// The page.
    pub records: Vec<CallRecord>,
    /// The call before which the next page begins, if there is one.
    pub next: Option<CallId>,
}

/// How many calls an account has, and how many it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency {
    /// Those that are up.
    pub calls: u64,
    /// Those that may be.
    pub most: u32,
}

impl Concurrency {
    /// How much of what it may have it has, in whole percent, rounded down; an account that may have none has used up
    /// all of it with the first.
    #[must_use]
    pub fn percent(self) -> u64 {
        match (self.calls, self.most) {
            (0, _) => 0,
            (_, 0) => 100,
            (calls, most) => calls.saturating_mul(100) / u64::from(most),
        }
    }
}

impl Provisioning {
    /// How many of the calls that the account may have are up, without those of its sub-accounts.
    #[must_use]
    pub fn concurrency(&self, scope: &AccountRead) -> Concurrency {
        Concurrency { calls: self.calls().count(scope.account()), most: scope.call_limits().concurrent_calls }
    }

    /// Tells where calls are. Before that, none is up; a second telling is ignored.
    pub fn know_calls(&self, up: Arc<dyn LiveCalls>) {
        // Wiring does it once, before anybody asks.
        let _ = self.calls.set(up);
    }

    /// The calls that are up.
    pub(crate) fn calls(&self) -> &dyn LiveCalls {
        self.calls.get().map_or(&NoCalls, |up| &**up)
    }

    /// The account's calls that are up, oldest first, and the moment that is told of.
    #[must_use]
    pub fn live_calls(&self, scope: &AccountRead, request: LiveCallsRequest) -> (LiveCallPage, Timestamp) {
        let LiveCallsRequest { page, trunk, credential } = request;
        let filter = LiveCallFilter { account: scope.account(), trunk, credential };
        (self.calls().calls(filter, page), self.parts.clock.now())
    }

    /// That call, if it is up.
    ///
    /// # Errors
    /// [`ProvisioningError::CallNotFound`].
    pub fn live_call(&self, scope: &AccountRead, id: CallId) -> Result<(CallDetails, Timestamp), ProvisioningError> {
        let call = self.calls().call(scope.account(), id).ok_or(ProvisioningError::CallNotFound)?;
        Ok((call, self.parts.clock.now()))
    }

    /// Ends a call: both sides are told so.
    ///
    /// # Errors
    /// [`ProvisioningError::CallNotFound`] also for one that has ended by now, or the storage failed.
    pub async fn end_call(
        &self,
        scope: &AccountWrite,
        context: RequestContext,
        id: CallId,
    ) -> Result<(), ProvisioningError> {
        let up = self.calls();
        up.call(scope.account(), id).ok_or(ProvisioningError::CallNotFound)?;
        self.note_ending(scope, &context, (id.to_string(), "{}".into())).await?;
        let was_up = up.end(scope.account(), id, CallEndReason::EndedByApi);
        if was_up { Ok(()) } else { Err(ProvisioningError::CallNotFound) }
    }

    /// Ends all calls of a credential, and says how many there were. New ones may begin: to keep them out, it is
    /// disabled.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], or the storage failed.
    pub async fn end_calls_of_credential(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        id: CredentialId,
    ) -> Result<u64, ProvisioningError> {
        let found = self.storage().credential(scope.account(), id).await?;
        found.ok_or(ProvisioningError::CredentialNotFound)?;
        let detail = serde_json::json!({ "credential": id.to_string() }).to_string();
        self.note_ending(scope, &context, (id.to_string(), detail)).await?;
        Ok(self.calls().end_of_credential(scope.account(), id, CallEndReason::EndedByApi))
    }

    /// A page of the account's records.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn call_records(
        &self,
        scope: &AccountRead,
        request: CallRecordsRequest,
    ) -> Result<CallRecordsPage, ProvisioningError> {
        let CallRecordsRequest { before, limit, from, to, trunk, credential, direction, answered } = request;
        let filter = CallRecordFilter { account: scope.account(), from, to, trunk, credential, direction, answered };
        // One more tells whether there is a next page.
        let mut records = self.storage().call_records(filter, before, limit.saturating_add(1)).await?;
        let is_full = records.len() > limit as usize;
        records.truncate(limit as usize);
        let next = records.last().filter(|_| is_full).map(|last| last.call.id);
        Ok(CallRecordsPage { records, next })
    }

    /// The record of that call.
    ///
    /// # Errors
    /// [`ProvisioningError::CallRecordNotFound`] also while the call is up, or the storage failed.
    pub async fn call_record(&self, scope: &AccountRead, id: CallId) -> Result<CallRecord, ProvisioningError> {
        let found = self.storage().call_record(scope.account(), id).await?;
        found.ok_or(ProvisioningError::CallRecordNotFound)
    }

    /// Refuses where a credential of the account has calls up, which deleting it would leave without an owner.
    pub(crate) async fn check_no_calls(
        &self,
        scope: &CredentialsWrite,
        id: CredentialId,
    ) -> Result<(), ProvisioningError> {
        let calls = self.calls().count_of_credential(id);
        if calls == 0 {
            return Ok(());
        }
        // Whether another account's is in use is not told.
        let found = self.storage().credential(scope.account(), id).await?;
        found.ok_or(ProvisioningError::CredentialNotFound)?;
        Err(ProvisioningError::CredentialHasCalls(calls))
    }

    /// Who ended what is written before it is done, so that nothing is done unwritten.
    async fn note_ending(
        &self,
        scope: &AccountScope,
        context: &RequestContext,
        (subject, detail): (String, String),
    ) -> Result<(), ProvisioningError> {
        let audit = scope.audit(context, self.parts.clock.now(), (AuditAction::CallsEnded, subject, detail));
        self.commit_as(scope.asker(), ChangeSet { changes: Vec::new(), audit }).await?;
        Ok(())
    }
}

impl LiveCalls for NoCalls {
    fn calls(&self, _filter: LiveCallFilter, _page: Page) -> LiveCallPage {
        LiveCallPage::default()
    }

    fn call(&self, _account: AccountId, _id: CallId) -> Option<CallDetails> {
        None
    }

    fn count(&self, _account: AccountId) -> u64 {
        0
    }

    fn count_of_trunk(&self, _trunk: TrunkId) -> u64 {
        0
    }

    fn count_of_credential(&self, _credential: CredentialId) -> u64 {
        0
    }

    fn end(&self, _account: AccountId, _id: CallId, _reason: CallEndReason) -> bool {
        false
    }

    fn end_of_credential(&self, _account: AccountId, _credential: CredentialId, _reason: CallEndReason) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_whole_and_rounded_down() {
        for (calls, most, percent) in [(0, 100, 0), (0, 0, 0), (1, 0, 100), (1, 3, 33), (3, 3, 100), (4, 3, 133)] {
            assert_eq!(Concurrency { calls, most }.percent(), percent, "{calls} of {most}");
        }
    }
}
