//! Lists links, takes them back, and forgets those that have expired.

use crate::{AccountScope, CredentialsWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{AuditAction, CredentialId, ProvisioningLink, ProvisioningLinkId};
use storage::{Change, ChangeSet};

impl Provisioning {
    /// The links of a credential that may still be spent, in order of creation. Their tokens are nobody's to read.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`] (also for another account's), or the storage failed.
    pub async fn links(
        &self,
        scope: &AccountScope,
        credential: CredentialId,
    ) -> Result<Vec<ProvisioningLink>, ProvisioningError> {
        let _owned = self.stored_credential(scope, credential).await?;
        Ok(self.storage().provisioning_links(credential, self.parts.clock.now()).await?)
    }

    /// Takes a link back: whoever has it has nothing.
    ///
    /// # Errors
    /// [`ProvisioningError::ProvisioningLinkNotFound`], or the storage failed.
    pub async fn delete_link(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (credential, id): (CredentialId, ProvisioningLinkId),
    ) -> Result<(), ProvisioningError> {
        let detail = serde_json::json!({ "link": id.to_string() }).to_string();
        let deed = (AuditAction::ProvisioningLinkRevoked, credential.to_string(), detail);
        let audit = scope.audit(&context, self.parts.clock.now(), deed);
        let change = Change::DeleteProvisioningLink { account: scope.account(), credential, id };
        let committed = self.commit_as(scope.asker(), ChangeSet { changes: vec![change], audit }).await;
        committed.map(|_| ()).map_err(|error| error.if_not_found(ProvisioningError::ProvisioningLinkNotFound))
    }

    /// Forgets links that have expired. To be called now and then.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn forget_links(&self) -> Result<(), ProvisioningError> {
        Ok(self.storage().forget_provisioning_links(self.parts.clock.now()).await?)
    }
}
