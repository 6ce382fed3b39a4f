//! Creates a credential.

use crate::{CredentialView, CredentialsWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{AuditAction, Credential, CredentialId, Password, Revision, Username};
use storage::{Change, ChangeSet};

/// What a tenant says of a new credential: exactly this.
#[derive(Debug)]
pub struct NewCredential {
    /// Unique within the account's realm.
    pub username: Username,
    /// Ends its life in HA1s.
    pub password: Password,
}

impl Provisioning {
    /// Creates a credential, enabled; once this answers a phone can register with it on every node.
    ///
    /// # Errors
    /// [`ProvisioningError::UsernameTaken`], or the storage failed.
    pub async fn create_credential(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        new: NewCredential,
    ) -> Result<CredentialView, ProvisioningError> {
        let now = self.parts.clock.now();
        let mut random = [0; 10];
        self.parts.random.fill(&mut random);
        let id = CredentialId::new(now, random);
        let mut credential = Credential {
            id,
            account: scope.account(),
            realm: scope.realm(),
            ha1s: self.seal_password(scope, id, &new.username, new.password),
            username: new.username,
            enabled: true,
            description: "".into(),
            generation: 1,
            created_at: now,
            updated_at: now,
            password_changed_at: now,
            revision: Revision(0),
        };
        let detail = format!("{{\"username\":\"{}\"}}", credential.username);
        let audit = scope.audit(&context, now, (AuditAction::CredentialCreated, id.to_string(), detail));
        let changes = vec![Change::CreateCredential(credential.clone())];
        credential.revision = self.commit_as(scope.asker(), ChangeSet { changes, audit }).await?;
        Ok(CredentialView::new(scope, credential))
    }
}
