//! Who is asking, as evidence.

use crate::{AuthenticationError, OperatorIndex, Provisioning, ScopeError};
use domain::{AccountId, ApiTokenHash, AuditAction, AuditEvent, AuthId, HostName, RealmId, RealmName, Timestamp};
use sha2::{Digest, Sha256};

/// Where a request came from, for the audit log.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The request's identifier, as in `X-Request-ID`.
    pub request_id: Box<str>,
    /// The client's address, empty for local requests.
    pub source: Box<str>,
}

/// An account whose token was checked. Only [`Provisioning::authenticate`] makes one.
#[derive(Debug, Clone)]
pub struct Operator {
    account: AccountId,
    auth_id: AuthId,
    realm: RealmId,
    realm_name: RealmName,
    sip_domain: HostName,
}

/// Permission to act on one account. Only [`Operator::scope`] makes one.
#[derive(Debug, Clone)]
pub struct AccountScope {
    operator: Operator,
}

/// Permission to act on the installation: the caller reached a socket or file that only the operator's user can open.
#[derive(Debug, Clone, Copy)]
pub struct LocalOperator(());

impl LocalOperator {
    /// To be called only where file permissions (0600) have admitted the caller.
    #[must_use]
    pub const fn admitted_by_file_permissions() -> Self {
        Self(())
    }
}

impl Provisioning {
    /// Checks `X-Auth-ID` and `X-Auth-Token`. Takes the same path and compares in constant time whether the id is
    /// unknown or the token wrong.
    ///
    /// # Errors
    /// [`AuthenticationError`] when either is missing or wrong, or the account is disabled.
    pub fn authenticate(&self, auth_id: Option<&[u8]>, token: Option<&[u8]>) -> Result<Operator, AuthenticationError> {
        authenticate(&self.parts.operators, auth_id.unwrap_or_default(), token.unwrap_or_default())
    }
}

fn authenticate(index: &OperatorIndex, auth_id: &[u8], token: &[u8]) -> Result<Operator, AuthenticationError> {
    let offered = ApiTokenHash::from_bytes(Sha256::digest(token).into());
    let known = std::str::from_utf8(auth_id).ok().and_then(|text| index.entry(text));
    // An unknown id is compared with a hash nobody knows a preimage of, so that it costs what a known one does.
    let nobody = [ApiTokenHash::from_bytes([0; 32])];
    let hashes = known.as_ref().map_or(&nobody[..], |entry| &entry.tokens[..]);
    let matched = hashes.iter().fold(false, |matched, hash| matched | (*hash == offered));
    match known {
        Some(entry) if matched && entry.account.enabled && !token.is_empty() => Ok(Operator {
            account: entry.account.id,
            auth_id: entry.account.auth_id.clone(),
            realm: entry.account.realm,
            realm_name: entry.realm_name.clone(),
            sip_domain: entry.account.sip_domain.clone(),
        }),
        _ => Err(AuthenticationError),
    }
}

impl Operator {
    /// Its own auth id.
    #[must_use]
    pub fn auth_id(&self) -> &AuthId {
        &self.auth_id
    }

    /// Permission to act on the account of that auth id, as it stands in a path.
    ///
    /// # Errors
    /// [`ScopeError`] for every account but its own, existing or not.
    pub fn scope(self, auth_id: &str) -> Result<AccountScope, ScopeError> {
        if self.auth_id.as_str() == auth_id { Ok(AccountScope { operator: self }) } else { Err(ScopeError) }
    }
}

impl AccountScope {
    /// The account's public identifier.
    #[must_use]
    pub fn auth_id(&self) -> &AuthId {
        &self.operator.auth_id
    }

    /// The realm of its credentials.
    #[must_use]
    pub fn realm_name(&self) -> &RealmName {
        &self.operator.realm_name
    }

    /// The account's own legal SIP domain.
    #[must_use]
    pub fn sip_domain(&self) -> &HostName {
        &self.operator.sip_domain
    }

    pub(crate) fn account(&self) -> AccountId {
        self.operator.account
    }

    pub(crate) fn realm(&self) -> RealmId {
        self.operator.realm
    }

    /// An audit record of this account's own doing.
    pub(crate) fn audit(
        &self,
        context: RequestContext,
        at: Timestamp,
        (action, subject, detail): (AuditAction, String, String),
    ) -> AuditEvent {
        AuditEvent {
            at,
            account: Some(self.operator.account),
            actor: self.operator.auth_id.as_str().into(),
            source: context.source,
            request_id: context.request_id,
            action,
            subject: subject.into_boxed_str(),
            detail: detail.into_boxed_str(),
        }
    }
}

/// An audit record of the operator's doing.
pub(crate) fn operator_audit(at: Timestamp, (action, subject, detail): (AuditAction, String, String)) -> AuditEvent {
    AuditEvent {
        at,
        account: None,
        actor: "operator".into(),
        source: "".into(),
        request_id: "".into(),
        action,
        subject: subject.into_boxed_str(),
        detail: detail.into_boxed_str(),
    }
}
