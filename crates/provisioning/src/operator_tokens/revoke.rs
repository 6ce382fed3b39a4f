//! Revokes a token for the operator API.

use crate::{InstallationOperator, Provisioning, ProvisioningError};
use domain::{AuditAction, TokenId};
use storage::{Change, ChangeSet};

impl Provisioning {
    /// Revokes a token for the operator API; once this answers no node accepts it. The last one may go too: the
    /// control socket needs none.
    ///
    /// # Errors
    /// [`ProvisioningError::TokenNotFound`], or the storage failed.
    pub async fn revoke_operator_token(
        &self,
        operator: &InstallationOperator,
        id: TokenId,
    ) -> Result<(), ProvisioningError> {
        let deed = (AuditAction::OperatorTokenRevoked, id.to_string(), "{}".into());
        let audit = operator.audit(self.parts.clock.now(), None, deed);
        let changes = vec![Change::RevokeOperatorToken(id)];
        let committed = self.commit_as(operator.asker(), ChangeSet { changes, audit }).await;
        committed.map_err(|error| error.if_not_found(ProvisioningError::TokenNotFound))?;
        Ok(())
    }
}
