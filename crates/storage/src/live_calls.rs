//! Calls as they are at this moment, wherever that is known.

use crate::Page;
use domain::{AccountId, CallDetails, CallEndReason, CallId, CredentialId, TrunkId};
use std::fmt::Debug;

/// Which calls are asked for; what is absent does not narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveCallFilter {
    /// Whose.
    pub account: AccountId,
    /// Over this trunk.
    pub trunk: Option<TrunkId>,
    /// Authenticated by this credential.
    pub credential: Option<CredentialId>,
}

impl LiveCallFilter {
    /// Whether a call is among them.
    #[must_use]
    pub fn admits(&self, call: &CallDetails) -> bool {
        call.account == self.account
            && self.trunk.is_none_or(|trunk| call.trunk == Some(trunk))
            && self.credential.is_none_or(|credential| call.credential == Some(credential))
    }
}

/// A page of calls, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveCallPage {
    /// The page.
    pub calls: Vec<CallDetails>,
    /// How many match in all, on whatever page.
    pub total: u64,
}

/// Tells which calls are up, and ends them. A call is up from when it was let in until both its sides are told that it
/// is over. Answers from memory, so nothing here waits.
pub trait LiveCalls: Send + Sync + Debug {
    /// The calls that match, oldest first.
    fn calls(&self, filter: LiveCallFilter, page: Page) -> LiveCallPage;

    /// That call, if it is up and the account's.
    fn call(&self, account: AccountId, id: CallId) -> Option<CallDetails>;

    /// How many calls of that account are up, without those of its sub-accounts.
    fn count(&self, account: AccountId) -> u64;

    /// How many calls are up over that trunk.
    fn count_of_trunk(&self, trunk: TrunkId) -> u64;

    /// How many calls are up that this credential authenticated, or that ring or have reached a phone of it.
    fn count_of_credential(&self, credential: CredentialId) -> u64;

    /// Begins to end a call: BYE to both sides, or CANCEL to whoever rings and a final answer to the caller. Returns
    /// whether it was up; one that is ending already is.
    fn end(&self, account: AccountId, id: CallId, reason: CallEndReason) -> bool;

    /// The same for all calls of a credential of that account, as [`LiveCalls::count_of_credential`] counts them, and
    /// how many that are.
    fn end_of_credential(&self, account: AccountId, credential: CredentialId, reason: CallEndReason) -> u64;
}
