//! What calls leave behind: call detail records, and confirmed calls across restarts.

use crate::{Pending, StorageError};
use domain::{AccountId, CallDirection, CallId, CallRecord, CallSnapshot, CredentialId, Timestamp, TrunkId};
use std::sync::Arc;

/// A change of what is stored about a call. Any of them may come again, and in whatever order: a call has one record
/// at most, and once it has one nothing else is kept of it.
#[derive(Debug, Clone)]
pub enum CallChange {
    /// Keeps a confirmed call for a restart, replacing what was kept of it.
    Confirmed(CallSnapshot),
    /// Replaces the octets kept of a call; nothing happens where nothing is kept.
    Changed {
        /// Which call.
        id: CallId,
        /// The state of its dialogs.
        octets: Box<[u8]>,
    },
    /// Forgets the call and writes its record, unless it has one, or its account is gone.
    Ended(CallRecord),
}

impl CallChange {
    /// The call it is about.
    #[must_use]
    pub const fn call(&self) -> CallId {
        match self {
            Self::Confirmed(snapshot) => snapshot.call.id,
            Self::Changed { id, .. } => *id,
            Self::Ended(record) => record.call.id,
        }
    }
}

/// Which records are asked for; what is absent does not narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallRecordFilter {
    /// Whose.
    pub account: AccountId,
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

impl CallRecordFilter {
    /// All of an account.
    #[must_use]
    pub const fn all_of(account: AccountId) -> Self {
        Self { account, from: None, to: None, trunk: None, credential: None, direction: None, answered: None }
    }
}

/// Stores and reads what calls leave behind. No revision and no fact comes of it.
pub trait CallRecords: Send + Sync {
    /// Stores changes durably, in their order and in one transaction.
    ///
    /// # Errors
    /// [`StorageError`]; nothing of them was stored then, except that after [`StorageError::Unknown`] all may have been.
    fn save_calls(&self, changes: Arc<Vec<CallChange>>) -> Pending<'_, Result<(), StorageError>>;

    /// Hands over every confirmed call that has not ended, oldest first. Blocks; for start-up.
    ///
    /// # Errors
    /// [`StorageError`]; some may have been handed over before.
    fn load_live_calls(&self, each: &mut dyn FnMut(CallSnapshot)) -> Result<(), StorageError>;

    /// That record, if it is the account's.
    ///
    /// # Errors
    /// [`StorageError`].
    fn call_record(&self, account: AccountId, id: CallId) -> Pending<'_, Result<Option<CallRecord>, StorageError>>;

    /// At most `limit` records that match, newest first: those begun before the call of that name, which may be gone by
    /// now. Costs the same anywhere in the list, as long as what matches is not rare.
    ///
    /// # Errors
    /// [`StorageError`].
    fn call_records(
        &self,
        filter: CallRecordFilter,
        before: Option<CallId>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<CallRecord>, StorageError>>;

    /// Deletes at most `limit` records that nobody may read any more: of calls begun before that moment, and of
    /// accounts that are gone. Says how many it deleted; fewer than `limit` means that none is left.
    ///
    /// # Errors
    /// [`StorageError`]; none was deleted then.
    fn trim_call_records(&self, before: Timestamp, limit: u32) -> Pending<'_, Result<u32, StorageError>>;
}
