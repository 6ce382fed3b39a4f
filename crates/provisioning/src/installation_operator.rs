//! Whoever runs the installation, as evidence.

use crate::asker::{Asker, By, Deed};
use crate::operator_index::matching;
use crate::{AccountScope, AccountWrite, OperatorAuthenticationError, Provisioning, ProvisioningError, RequestContext};
use domain::{AccountId, ApiTokenHash, AuditEvent, AuthId, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// Permission to act on the installation and on every account in it.
#[derive(Clone)]
pub struct InstallationOperator {
    asker: Asker,
    context: RequestContext,
}

impl InstallationOperator {
    /// To be called only where file permissions (0600) have admitted the caller to a socket or a file. The audit log
    /// calls it `operator`.
    #[must_use]
    pub fn admitted_by_file_permissions() -> Self {
        Self { asker: Asker::FilePermissions, context: RequestContext::default() }
    }

    pub(crate) fn by(&self) -> By<'_> {
        By { asker: &self.asker, context: &self.context }
    }

    pub(crate) fn with_context(&self, context: RequestContext) -> Self {
        Self { asker: self.asker.clone(), context }
    }

    pub(crate) fn asker(&self) -> &Asker {
        &self.asker
    }

    pub(crate) fn audit(&self, at: Timestamp, account: Option<AccountId>, deed: Deed) -> AuditEvent {
        self.by().audit(at, account, deed)
    }
}

impl Provisioning {
    /// Checks a token for the operator API, in constant time over all of them, and notes that it was used. The audit
    /// log calls its bearer `operator:` and the token's label.
    ///
    /// # Errors
    /// [`OperatorAuthenticationError`] when it is missing, wrong or has expired.
    pub fn authenticate_operator(
        &self,
        token: Option<&[u8]>,
        context: RequestContext,
    ) -> Result<InstallationOperator, OperatorAuthenticationError> {
        let (index, now) = (&self.parts.operators, self.parts.clock.now());
        let offered = ApiTokenHash::from_bytes(Sha256::digest(token.unwrap_or_default()).into());
        let known = index.operator_tokens();
        let token = matching(&known, offered).filter(|token| token.is_valid(now)).ok_or(OperatorAuthenticationError)?;
        index.uses.note(token, now);
        let asker = Asker::OperatorToken { index: Arc::clone(index), token: Arc::clone(token) };
        Ok(InstallationOperator { asker, context })
    }

    /// Permission to do to an account everything that its own tokens may. The audit log names the operator.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`].
    pub fn account_for_operator(
        &self,
        operator: &InstallationOperator,
        auth_id: &AuthId,
    ) -> Result<AccountWrite, ProvisioningError> {
        let found = self.parts.operators.find(auth_id).ok_or(ProvisioningError::AccountNotFound)?;
        let scope = AccountScope::of_installation_operator(operator.asker.clone(), found.entry);
        Ok(AccountWrite(crate::AccountRead(scope)))
    }
}

impl fmt::Debug for InstallationOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstallationOperator").field("context", &self.context).finish_non_exhaustive()
    }
}
