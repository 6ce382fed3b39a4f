//! Authentication events as they are kept, and those that happen now.

use crate::{Pending, StorageError};
use domain::{AccountId, AuthReason, AuthRecord, AuthRecordId, CredentialId, RealmId, Timestamp, Username};
use std::net::IpAddr;
use std::sync::Arc;

/// A change of what is kept.
#[derive(Debug, Clone)]
pub enum AuthEventChange {
    /// Keeps a record, unless its account is gone.
    Add(AuthRecord),
    /// Adds attempts to a record; nothing happens where it is gone.
    More {
        /// Which record.
        id: AuthRecordId,
        /// How many more attempts it stands for.
        attempts: u32,
        /// When the last of them was.
        last_at: Timestamp,
    },
}

/// Whose records are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordsOf {
    /// Those of an account.
    Account(AccountId),
    /// All, also those that are nobody's; for the operator.
    Everybody,
}

/// Which records are asked for; what is absent does not narrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthEventFilter {
    /// Whose.
    pub of: RecordsOf,
    /// Of this credential.
    pub credential: Option<CredentialId>,
    /// With exactly this username, as it was sent.
    pub username: Option<Box<str>>,
    /// From this address, whatever the port.
    pub source: Option<IpAddr>,
    /// With this Call-ID, of which the first 64 octets are compared.
    pub call_id: Option<Box<str>>,
    /// With this reason.
    pub reason: Option<AuthReason>,
    /// Those whose last attempt was at this moment or later.
    pub from: Option<Timestamp>,
    /// Those whose first attempt was before this moment.
    pub to: Option<Timestamp>,
}

/// From where on, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordsFrom {
    /// From the newest on, backwards.
    Newest,
    /// From the one before that, backwards.
    Before(AuthRecordId),
    /// From the one after that, forwards.
    After(AuthRecordId),
}

/// A record and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAuthRecord {
    /// The number.
    pub id: AuthRecordId,
    /// The record.
    pub record: AuthRecord,
}

/// Whose records there are, and how long they want to keep them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordOwner {
    /// The account; `None` for what is the operator's alone.
    pub account: Option<AccountId>,
    /// After how many days a record goes; `None` for an account that is gone, and for the operator.
    pub retention_days: Option<u32>,
}

/// Which of an owner's records go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthEventTrim {
    /// Whose.
    pub account: Option<AccountId>,
    /// Those whose last attempt was before this moment.
    pub before: Timestamp,
    /// How many may stay; the oldest go.
    pub most: u32,
    /// Most to delete at once.
    pub limit: u32,
}

impl AuthEventFilter {
    /// All of an account, or of everybody.
    #[must_use]
    pub const fn all(of: RecordsOf) -> Self {
        Self { of, credential: None, username: None, source: None, call_id: None, reason: None, from: None, to: None }
    }

    /// Whether a record is asked for. Storage may look for them otherwise, and finds the same.
    #[must_use]
    pub fn admits(&self, record: &AuthRecord) -> bool {
        let is_owner = match self.of {
            RecordsOf::Account(account) => record.account == Some(account),
            RecordsOf::Everybody => true,
        };
        is_owner
            && self.credential.is_none_or(|credential| record.credential == Some(credential))
            && self.username.as_ref().is_none_or(|username| record.username == *username)
            && self.source.is_none_or(|source| record.source.ip().to_canonical() == source.to_canonical())
            && self.call_id.as_ref().is_none_or(|call_id| record.call_id == *call_id)
            && self.reason.is_none_or(|reason| record.reason == reason)
            && self.from.is_none_or(|from| record.last_at >= from)
            && self.to.is_none_or(|to| record.at < to)
    }
}

/// Keeps authentication events. No revision and no fact comes of it.
pub trait AuthEvents: Send + Sync {
    /// Stores changes in one transaction, and gives back the numbers of the records added, in their order; `None` for
    /// one whose account is gone. Numbers grow.
    ///
    /// # Errors
    /// [`StorageError`]; nothing of them was stored then, except that after [`StorageError::Unknown`] all may have been.
    fn save_auth_events(
        &self,
        changes: Arc<Vec<AuthEventChange>>,
    ) -> Pending<'_, Result<Vec<Option<AuthRecordId>>, StorageError>>;

    /// At most `limit` records that match.
    ///
    /// # Errors
    /// [`StorageError`].
    fn auth_events(
        &self,
        filter: AuthEventFilter,
        from: RecordsFrom,
        limit: u32,
    ) -> Pending<'_, Result<Vec<KeptAuthRecord>, StorageError>>;

    /// Whose records there are, accounts that are gone among them.
    ///
    /// # Errors
    /// [`StorageError`].
    fn auth_event_owners(&self) -> Pending<'_, Result<Vec<RecordOwner>, StorageError>>;

    /// Deletes records, oldest first, and says how many; fewer than `limit` means that none is left to delete.
    ///
    /// # Errors
    /// [`StorageError`]; none was deleted then.
    fn trim_auth_events(&self, trim: AuthEventTrim) -> Pending<'_, Result<u32, StorageError>>;

    /// A username of that realm that differs in the case of its letters alone.
    ///
    /// # Errors
    /// [`StorageError`].
    fn username_in_other_case(
        &self,
        realm: RealmId,
        username: Box<str>,
    ) -> Pending<'_, Result<Option<Username>, StorageError>>;
}
