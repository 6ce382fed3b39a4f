//! Deletes a credential.

use crate::audited::Audited;
use crate::{CredentialsWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{AuditAction, CredentialId};
use storage::{Change, ChangeSet};

impl Provisioning {
    /// Deletes a credential and its registrations; once this answers no node knows it.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::CredentialHasCalls`], or the storage failed.
    pub async fn delete_credential(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        id: CredentialId,
    ) -> Result<(), ProvisioningError> {
        self.check_no_calls(scope, id).await?;
        let stored = self.stored_credential(scope, id).await?;
        let deed = (AuditAction::CredentialDeleted, id.to_string(), stored.whole());
        let audit = scope.audit(&context, self.parts.clock.now(), deed);
        let change = Change::DeleteCredential { account: scope.account(), id };
        self.commit_as(scope.asker(), ChangeSet { changes: vec![change], audit }).await?;
        Ok(())
    }
}
