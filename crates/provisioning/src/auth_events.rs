//! What became of attempts to authenticate, for whoever they concern.

use crate::{AccountScope, InstallationOperator, Provisioning, ProvisioningError};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::{AccountId, AuthId, AuthReason, AuthRecord, AuthRecordId, CredentialId, Sealed, Timestamp};
use std::net::IpAddr;
use storage::{AuthEventFilter, KeptAuthRecord, RecordsFrom, RecordsOf};

/// Octets of a Call-ID that a record keeps, and by which it is found.
const KEPT_CALL_ID_OCTETS: usize = 64;

/// Which events are asked for; what is absent does not narrow.
#[derive(Debug, Clone, Default)]
pub struct AuthEventsRequest {
    /// Where the page ended that gave this cursor; the newest if it is empty.
    pub cursor: Box<str>,
    /// Most events to return, 1 to 1000.
    pub limit: u32,
    /// Of this credential.
    pub credential: Option<CredentialId>,
    /// With exactly this username, as it was sent.
    pub username: Option<Box<str>>,
    /// From this address.
    pub source: Option<IpAddr>,
    /// With this Call-ID.
    pub call_id: Option<Box<str>>,
    /// With this reason.
    pub reason: Option<AuthReason>,
    /// Whose last attempt was at this moment or later.
    pub from: Option<Timestamp>,
    /// Whose first attempt was before this moment.
    pub to: Option<Timestamp>,
}

/// An event and its public name.
#[derive(Debug, Clone)]
pub struct AuthEventView {
    /// Names it for whoever asked, until the master keys change.
    pub id: String,
    /// What it is.
    pub record: AuthRecord,
    /// Whose it is, where the operator asks; `None` also for what is the operator's alone.
    pub account: Option<AuthId>,
}

/// A page of events, newest first.
#[derive(Debug, Clone)]
pub struct AuthEventsPage {
    /// The page.
    pub events: Vec<AuthEventView>,
    /// Where the next page begins, if there is one. Good for this reader's lists alone.
    pub next_cursor: Option<String>,
}

impl AuthEventsRequest {
    pub(crate) fn filter(&self, of: RecordsOf) -> AuthEventFilter {
        AuthEventFilter {
            of,
            credential: self.credential,
            username: self.username.clone(),
            source: self.source,
            call_id: self.call_id.as_deref().map(kept_part),
            reason: self.reason,
            from: self.from,
            to: self.to,
        }
    }
}

impl Provisioning {
    /// A page of the account's events.
    ///
    /// # Errors
    /// [`ProvisioningError::BadCursor`], or the storage failed.
    pub async fn auth_events(
        &self,
        scope: &AccountScope,
        request: AuthEventsRequest,
    ) -> Result<AuthEventsPage, ProvisioningError> {
        let from = begin_at(&request.cursor, |cursor| self.open_event_id(scope.auth_id(), cursor))?;
        let filter = request.filter(RecordsOf::Account(scope.account()));
        let (kept, next) = self.page_of_events(filter, from, request.limit).await?;
        let events = kept.into_iter().map(|kept| self.event_of_account(scope.auth_id(), kept)).collect();
        let next_cursor = next.map(|id| self.seal_event_id(scope.auth_id(), id));
        Ok(AuthEventsPage { events, next_cursor })
    }

    /// A page of the events of one of the account's credentials.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::BadCursor`], or the storage failed.
    pub async fn auth_events_of_credential(
        &self,
        scope: &AccountScope,
        credential: CredentialId,
        request: AuthEventsRequest,
    ) -> Result<AuthEventsPage, ProvisioningError> {
        let found = self.storage().credential(scope.account(), credential).await?;
        found.ok_or(ProvisioningError::CredentialNotFound)?;
        self.auth_events(scope, AuthEventsRequest { credential: Some(credential), ..request }).await
    }

    /// A page of everybody's events, or of one account's.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`], [`ProvisioningError::BadCursor`], or the storage failed.
    pub async fn auth_events_for_operator(
        &self,
        _operator: &InstallationOperator,
        account: Option<AuthId>,
        request: AuthEventsRequest,
    ) -> Result<AuthEventsPage, ProvisioningError> {
        let of = self.records_for_operator(account)?;
        let from = begin_at(&request.cursor, |cursor| cursor.parse().ok().map(AuthRecordId))?;
        let (kept, next) = self.page_of_events(request.filter(of), from, request.limit).await?;
        let events = kept.into_iter().map(|kept| self.event_for_operator(kept)).collect();
        Ok(AuthEventsPage { events, next_cursor: next.map(|id| id.0.to_string()) })
    }

    pub(crate) fn records_for_operator(&self, account: Option<AuthId>) -> Result<RecordsOf, ProvisioningError> {
        let Some(auth_id) = account else { return Ok(RecordsOf::Everybody) };
        let found = self.parts.operators.find(&auth_id).ok_or(ProvisioningError::AccountNotFound)?;
        Ok(RecordsOf::Account(found.entry.account.id))
    }

    pub(crate) fn event_of_account(&self, account: &AuthId, kept: KeptAuthRecord) -> AuthEventView {
        AuthEventView { id: self.seal_event_id(account, kept.id), record: kept.record, account: None }
    }

    pub(crate) fn event_for_operator(&self, kept: KeptAuthRecord) -> AuthEventView {
        let account = kept.record.account.and_then(|id| self.auth_id_of(id));
        AuthEventView { id: kept.id.0.to_string(), record: kept.record, account }
    }

    /// The newest events that match, without a cursor.
    pub(crate) async fn page_of_events(
        &self,
        filter: AuthEventFilter,
        from: RecordsFrom,
        limit: u32,
    ) -> Result<(Vec<KeptAuthRecord>, Option<AuthRecordId>), ProvisioningError> {
        // One more tells whether there is a next page.
        let mut kept = self.storage().auth_events(filter, from, limit.saturating_add(1)).await?;
        let is_full = kept.len() > limit as usize;
        kept.truncate(limit as usize);
        let next = kept.last().filter(|_| is_full).map(|last| last.id);
        Ok((kept, next))
    }

    fn auth_id_of(&self, id: AccountId) -> Option<AuthId> {
        self.parts.operators.auth_id(id)
    }

    /// Sealed, because an event's number tells how many all accounts have had; repeatably, so that it stays the same.
    pub(crate) fn seal_event_id(&self, account: &AuthId, id: AuthRecordId) -> String {
        let sealed = self.parts.keyring.seal_repeatably(&seal_name(account), &id.0.to_be_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(sealed.as_bytes())
    }

    pub(crate) fn open_event_id(&self, account: &AuthId, text: &str) -> Option<AuthRecordId> {
        let octets = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let sealed = Sealed::from_bytes(octets.into_boxed_slice());
        let plain = self.parts.keyring.open_named(&seal_name(account), &sealed).ok()?;
        Some(AuthRecordId(i64::from_be_bytes(plain.as_slice().try_into().ok()?)))
    }
}

/// Where the page begins that a cursor names.
fn begin_at(cursor: &str, open: impl FnOnce(&str) -> Option<AuthRecordId>) -> Result<RecordsFrom, ProvisioningError> {
    if cursor.is_empty() {
        return Ok(RecordsFrom::Newest);
    }
    open(cursor).map(RecordsFrom::Before).ok_or(ProvisioningError::BadCursor)
}

/// The name an event's number is sealed under, so that it opens for no other account.
fn seal_name(account: &AuthId) -> String {
    format!("auth-event:{account}")
}

/// As much of a Call-ID as records keep.
fn kept_part(call_id: &str) -> Box<str> {
    call_id.get(..call_id.floor_char_boundary(KEPT_CALL_ID_OCTETS)).unwrap_or_default().into()
}
