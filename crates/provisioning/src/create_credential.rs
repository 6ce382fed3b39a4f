//! Creates a credential.

use crate::idempotency::Recalled;
use crate::password_strength::rate;
use crate::sealing::Sealing;
use crate::{
    AccountScope, Answered, CredentialView, CredentialsWrite, Provisioning, ProvisioningError, Remembering,
    RequestContext, WeakPassword,
};
use domain::{AuditAction, Credential, CredentialId, Password, Requirements, Revision, Username};
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
    /// [`ProvisioningError::UsernameTaken`], [`ProvisioningError::WeakPassword`], or the storage failed.
    pub async fn create_credential(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        new: NewCredential,
    ) -> Result<CredentialView, ProvisioningError> {
        let sealing = self.sealing().await;
        let (set, view) = self.credential_to_create(&sealing, scope, &context, new)?;
        let committed = self.commit_sealed_as(scope.asker(), &sealing, set).await;
        drop(sealing);
        self.applied_everywhere(committed?).await?;
        Ok(view)
    }

    /// The same for a request that its client may repeat: the repetition creates nothing and gets the first answer.
    ///
    /// # Errors
    /// [`ProvisioningError::KeyUsed`], and those of [`create_credential`](Self::create_credential).
    pub async fn create_credential_once(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        new: NewCredential,
        remembering: &Remembering<'_, CredentialView>,
    ) -> Result<Answered<CredentialView>, ProvisioningError> {
        match self.recall(scope.asker(), Some(scope.account()), remembering).await? {
            Recalled::Answer(answer) => Ok(Answered::Replayed(answer)),
            Recalled::Nothing(unanswered) => {
                let (set, view) = self.credential_to_create(unanswered.sealing(), scope, &context, new)?;
                self.commit_remembered(unanswered, set, view).await
            }
        }
    }

    fn credential_to_create(
        &self,
        sealing: &Sealing,
        scope: &AccountScope,
        context: &RequestContext,
        new: NewCredential,
    ) -> Result<(ChangeSet, CredentialView), WeakPassword> {
        let score = rate(scope, &new.username, &new.password)?;
        let now = self.parts.clock.now();
        let mut random = [0; 10];
        self.parts.random.fill(&mut random);
        let id = CredentialId::new(now, random);
        let credential = Credential {
            id,
            account: scope.account(),
            realm: scope.realm(),
            ha1s: sealing.seal_password(scope, id, &new.username, new.password),
            username: new.username,
            enabled: true,
            description: "".into(),
            generation: 1,
            created_at: now,
            updated_at: now,
            password_changed_at: now,
            revision: Revision(0),
            requirements: Requirements::default(),
            password_score: Some(score),
        };
        let detail = format!("{{\"username\":\"{}\"}}", credential.username);
        let audit = scope.audit(context, now, (AuditAction::CredentialCreated, id.to_string(), detail));
        let set = ChangeSet { changes: vec![Change::CreateCredential(credential.clone())], audit };
        Ok((set, CredentialView::new(scope, credential)))
    }
}
