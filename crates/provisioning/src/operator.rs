//! Who is asking over HTTP, as evidence.

use crate::asker::{Asker, By};
use crate::known_token::KnownToken;
use crate::operator_index::{Entry, matching};
use crate::permission::{AccountRead, AccountWrite, CredentialsWrite, Need};
use crate::{AuthenticationError, OperatorIndex, PermissionError, Provisioning, ScopeError};
use domain::{
    AccountId, AccountSettings, ApiTokenHash, AuditEvent, AuthId, CallLimits, HostName, RealmId, RealmName, Timestamp,
    TokenId, TokenScope,
};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// Where a request came from, for the audit log.
#[derive(Debug, Clone, Default)]
pub struct RequestContext {
    /// The request's identifier, as in `X-Request-ID`.
    pub request_id: Box<str>,
    /// The client's address, empty for local requests.
    pub source: Box<str>,
}

/// An account whose token was checked. Only [`Provisioning::authenticate`] makes one.
#[derive(Clone)]
pub struct Operator {
    index: Arc<OperatorIndex>,
    account: Arc<Entry>,
    token: Arc<KnownToken>,
}

/// Permission to read an account's credentials, which every scope of token includes; and where more is asked for, with
/// [`AccountScope::credentials_write`] and its neighbours. Made by [`Operator::scope`] and
/// [`Provisioning::account_for_operator`] only.
#[derive(Clone)]
pub struct AccountScope {
    asker: Asker,
    account: Arc<Entry>,
    token_scope: TokenScope,
}

impl Provisioning {
    /// Checks `X-Auth-ID` and `X-Auth-Token`, and notes that the token was used. Compares in constant time, with every
    /// token of the account, or with nobody's if the id is unknown.
    ///
    /// # Errors
    /// [`AuthenticationError`] when either is missing or wrong, the token has expired, or the account or its parent is
    /// disabled.
    pub fn authenticate(&self, auth_id: Option<&[u8]>, token: Option<&[u8]>) -> Result<Operator, AuthenticationError> {
        let (index, now) = (&self.parts.operators, self.parts.clock.now());
        let offered = ApiTokenHash::from_bytes(Sha256::digest(token.unwrap_or_default()).into());
        let auth_id = auth_id.and_then(|octets| std::str::from_utf8(octets).ok());
        let found = auth_id.and_then(|text| AuthId::parse(text).ok()).and_then(|auth_id| index.find(&auth_id));
        let tokens = found.as_ref().map_or(&[][..], |found| &found.entry.tokens[..]);
        let token = matching(tokens, offered).filter(|token| token.is_valid(now)).cloned();
        match found.zip(token) {
            Some((found, token)) if found.is_enabled => {
                index.uses.note(&token, now);
                Ok(Operator { index: Arc::clone(index), account: found.entry, token })
            }
            _ => Err(AuthenticationError),
        }
    }
}

impl Operator {
    /// Its own auth id.
    #[must_use]
    pub fn auth_id(&self) -> &AuthId {
        &self.account.account.auth_id
    }

    /// The token that let it in.
    #[must_use]
    pub fn token(&self) -> TokenId {
        self.token.id
    }

    /// What people call that token.
    #[must_use]
    pub fn token_label(&self) -> &str {
        &self.token.label
    }

    /// What that token may do.
    #[must_use]
    pub fn token_scope(&self) -> TokenScope {
        self.token.scope
    }

    /// HTTP requests per minute that the account's tokens may make together; `None` for what the server allows
    /// everybody.
    #[must_use]
    pub fn requests_per_minute(&self) -> Option<u32> {
        Some(self.account.account.profile.rate_limit).filter(|limit| *limit != 0)
    }

    /// Permission to act on the account of that auth id, as it stands in a path.
    ///
    /// # Errors
    /// [`ScopeError`] for every account but its own and its sub-accounts, existing or not.
    pub fn scope(self, auth_id: &str) -> Result<AccountScope, ScopeError> {
        let account = if self.auth_id().as_str() == auth_id {
            Arc::clone(&self.account)
        } else {
            let asked = AuthId::parse(auth_id).ok().and_then(|auth_id| self.index.find(&auth_id));
            let own = asked.filter(|found| found.entry.account.parent == Some(self.account.account.id));
            own.ok_or(ScopeError)?.entry
        };
        Ok(AccountScope { account, token_scope: self.token.scope, asker: Asker::ApiToken(self) })
    }

    pub(crate) fn renewed(&self, account: Arc<Entry>, token: Arc<KnownToken>) -> Self {
        Self { index: Arc::clone(&self.index), account, token }
    }

    pub(crate) fn is_still_admitted(&self, now: Timestamp) -> bool {
        self.index.admits(self.auth_id(), self.token.id, now)
    }
}

impl AccountScope {
    /// Whatever file permissions or an operator token let in may do everything to an account.
    pub(crate) fn of_installation_operator(asker: Asker, account: Arc<Entry>) -> Self {
        Self { asker, account, token_scope: TokenScope::All }
    }

    /// What the token of a link may do to the account that made it: the use case takes no more than the link is for.
    pub(crate) fn of_provisioning_link(asker: Asker, account: Arc<Entry>) -> Self {
        Self { asker, account, token_scope: TokenScope::CredentialsOnly }
    }

    /// The account's public identifier.
    #[must_use]
    pub fn auth_id(&self) -> &AuthId {
        &self.account.account.auth_id
    }

    /// The realm of its credentials.
    #[must_use]
    pub fn realm_name(&self) -> &RealmName {
        &self.account.realm.name
    }

    /// The account's own legal SIP domain.
    #[must_use]
    pub fn sip_domain(&self) -> &HostName {
        &self.account.account.sip_domain
    }

    /// Whether whoever asks may change credentials.
    #[must_use]
    pub fn may_write_credentials(&self) -> bool {
        Need::CredentialsWrite.met_by(self.token_scope).is_ok()
    }

    /// Whether whoever asks may read what belongs to the account beside its credentials.
    #[must_use]
    pub fn may_read_account(&self) -> bool {
        Need::AccountRead.met_by(self.token_scope).is_ok()
    }

    /// Whether whoever asks may change the account.
    #[must_use]
    pub fn may_write_account(&self) -> bool {
        Need::AccountWrite.met_by(self.token_scope).is_ok()
    }

    /// Permission to change credentials.
    ///
    /// # Errors
    /// [`PermissionError`] for a token that may only read.
    pub fn credentials_write(self) -> Result<CredentialsWrite, PermissionError> {
        Need::CredentialsWrite.met_by(self.token_scope).map(|()| CredentialsWrite(self))
    }

    /// Permission to read what belongs to the account beside its credentials: tokens, host names, sub-accounts.
    ///
    /// # Errors
    /// [`PermissionError`] for a token for credentials only.
    pub fn account_read(self) -> Result<AccountRead, PermissionError> {
        Need::AccountRead.met_by(self.token_scope).map(|()| AccountRead(self))
    }

    /// Permission to change the account's tokens and sub-accounts.
    ///
    /// # Errors
    /// [`PermissionError`] for every token but one for everything.
    pub fn account_write(self) -> Result<AccountWrite, PermissionError> {
        Need::AccountWrite.met_by(self.token_scope).map(|()| AccountWrite(AccountRead(self)))
    }

    /// What the account decides about its credentials, as of this request.
    pub(crate) fn settings(&self) -> &AccountSettings {
        &self.account.account.settings
    }

    /// Whether its realm keeps no HA1 under MD5 any more.
    pub(crate) fn has_retired_md5(&self) -> bool {
        self.account.realm.rules.md5_retired
    }

    /// What people call the account.
    #[must_use]
    pub fn account_name(&self) -> &str {
        &self.account.account.name
    }

    /// How many calls the account may have.
    pub(crate) fn call_limits(&self) -> CallLimits {
        self.account.account.limits
    }

    pub(crate) fn account(&self) -> AccountId {
        self.account.account.id
    }

    pub(crate) fn parent(&self) -> Option<AccountId> {
        self.account.account.parent
    }

    pub(crate) fn realm(&self) -> RealmId {
        self.account.realm.id
    }

    pub(crate) fn asker(&self) -> &Asker {
        &self.asker
    }

    /// Whether the account asks for itself: not its parent, and not the operator.
    pub(crate) fn is_own(&self) -> bool {
        matches!(&self.asker, Asker::ApiToken(operator) if operator.account.account.id == self.account())
    }

    /// An audit record of a change to this account.
    pub(crate) fn audit(&self, context: &RequestContext, at: Timestamp, deed: crate::asker::Deed) -> AuditEvent {
        By { asker: &self.asker, context }.audit(at, Some(self.account()), deed)
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operator").field("auth_id", self.auth_id()).field("token", &self.token.id).finish()
    }
}

impl fmt::Debug for AccountScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountScope").field("auth_id", self.auth_id()).finish_non_exhaustive()
    }
}
