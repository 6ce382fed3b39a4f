//! Who asks for a change: what the audit log calls them, and what must still hold when it is committed.

use crate::known_token::KnownToken;
use crate::{Operator, OperatorIndex, Provisioning, ProvisioningError, RequestContext};
use domain::{AccountId, AuditAction, AuditEvent, AuthId, ProvisioningLinkId, Revision, Timestamp};
use std::sync::Arc;
use storage::ChangeSet;

/// Whoever was let in, and by what.
#[derive(Clone)]
pub(crate) enum Asker {
    /// The permissions of a file or socket.
    FilePermissions,
    /// A token for the operator API.
    OperatorToken { index: Arc<OperatorIndex>, token: Arc<KnownToken> },
    /// An API token of an account.
    ApiToken(Operator),
    /// The token of a provisioning link.
    ProvisioningLink { index: Arc<OperatorIndex>, account: AuthId, link: ProvisioningLinkId },
}

/// Who asks, and over which request.
#[derive(Clone, Copy)]
pub(crate) struct By<'a> {
    pub(crate) asker: &'a Asker,
    pub(crate) context: &'a RequestContext,
}

/// What was done, to what, and a short JSON object without secrets.
pub(crate) type Deed = (AuditAction, String, String);

impl Asker {
    fn actor(&self) -> Box<str> {
        match self {
            Self::FilePermissions => "operator".into(),
            Self::OperatorToken { token, .. } => format!("operator:{}", token.label).into(),
            Self::ApiToken(operator) => operator.auth_id().as_str().into(),
            Self::ProvisioningLink { link, .. } => format!("provisioning_link:{link}").into(),
        }
    }

    /// The operator token, where it was one.
    pub(crate) fn operator_token(&self) -> Option<&Arc<KnownToken>> {
        match self {
            Self::OperatorToken { token, .. } => Some(token),
            Self::FilePermissions | Self::ApiToken(_) | Self::ProvisioningLink { .. } => None,
        }
    }

    pub(crate) fn check_still_admitted(&self, now: Timestamp) -> Result<(), ProvisioningError> {
        if self.is_still_admitted(now) { Ok(()) } else { Err(ProvisioningError::AccessEnded) }
    }

    /// Whether it would be let in again: a body may take its time to arrive, and its token be revoked meanwhile.
    fn is_still_admitted(&self, now: Timestamp) -> bool {
        match self {
            Self::FilePermissions => true,
            Self::OperatorToken { index, token } => {
                token.is_valid(now) && index.operator_tokens().iter().any(|known| known.id == token.id)
            }
            Self::ApiToken(operator) => operator.is_still_admitted(now),
            // That the link itself is still there, its commit says.
            Self::ProvisioningLink { index, account, .. } => index.find(account).is_some_and(|found| found.is_enabled),
        }
    }
}

impl By<'_> {
    pub(crate) fn audit(
        &self,
        at: Timestamp,
        account: Option<AccountId>,
        (action, subject, detail): Deed,
    ) -> AuditEvent {
        AuditEvent {
            at,
            account,
            actor: self.asker.actor(),
            source: self.context.source.clone(),
            request_id: self.context.request_id.clone(),
            action,
            subject: subject.into_boxed_str(),
            detail: detail.into_boxed_str(),
        }
    }
}

impl Provisioning {
    /// Commits a change of that asker and waits until it is applied wherever phones are answered.
    ///
    /// Between the check and the commit nothing is awaited; a revocation that comes in between those two instructions
    /// is concurrent with the change, not before it.
    pub(crate) async fn commit_as(&self, asker: &Asker, set: ChangeSet) -> Result<Revision, ProvisioningError> {
        asker.check_still_admitted(self.parts.clock.now())?;
        self.commit_everywhere(set).await
    }
}
