//! Creates a credential.

use crate::idempotency::Recalled;
use crate::sealed_secret::SealedSecret;
use crate::{
    AccountScope, Answered, CredentialView, CredentialsWrite, Provisioning, ProvisioningError, Remembering,
    RequestContext,
};
use domain::{AuditAction, Credential, CredentialId, Devices, Password, Requirements, Revision, Username};
use storage::{Change, ChangeSet};

/// What a tenant says of a new credential: exactly this.
#[derive(Debug)]
pub struct NewCredential {
    /// Unique within the account's realm.
    pub username: Username,
    /// Ends its life in HA1s.
    pub password: Password,
}

/// A credential that is going to be.
pub(crate) struct Draft {
    pub(crate) id: CredentialId,
    pub(crate) username: Username,
    pub(crate) secret: SealedSecret,
    pub(crate) enabled: bool,
    pub(crate) description: Box<str>,
}

impl Draft {
    /// An enabled one without a note.
    pub(crate) fn new(id: CredentialId, username: Username, secret: SealedSecret) -> Self {
        Self { id, username, secret, enabled: true, description: "".into() }
    }
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
        let id = self.draw_credential_id();
        let secret = SealedSecret::of_password(&sealing, scope, (id, &new.username, new.password))?;
        let (set, view) = self.credential_to_create(scope, &context, Draft::new(id, new.username, secret));
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
                let id = self.draw_credential_id();
                let of_password = (id, &new.username, new.password);
                let secret = SealedSecret::of_password(unanswered.sealing(), scope, of_password)?;
                let (set, view) = self.credential_to_create(scope, &context, Draft::new(id, new.username, secret));
                self.commit_remembered(unanswered, set, view).await
            }
        }
    }

    pub(crate) fn draw_credential_id(&self) -> CredentialId {
        let mut random = [0; 10];
        self.parts.random.fill(&mut random);
        CredentialId::new(self.parts.clock.now(), random)
    }

    pub(crate) fn credential_to_create(
        &self,
        scope: &AccountScope,
        context: &RequestContext,
        draft: Draft,
    ) -> (ChangeSet, CredentialView) {
        let now = self.parts.clock.now();
        let Draft { id, username, secret, enabled, description } = draft;
        let credential = Credential {
            id,
            account: scope.account(),
            realm: scope.realm(),
            ha1s: secret.ha1s,
            username,
            enabled,
            description,
            generation: 1,
            created_at: now,
            updated_at: now,
            password_changed_at: now,
            previous: None,
            devices: Devices::default(),
            expires_at: None,
            revision: Revision(0),
            requirements: Requirements::default(),
            password_score: secret.score,
        };
        let detail = format!("{{\"username\":\"{}\"}}", credential.username);
        let audit = scope.audit(context, now, (AuditAction::CredentialCreated, id.to_string(), detail));
        let set = ChangeSet { changes: vec![Change::CreateCredential(credential.clone())], audit };
        (set, CredentialView::new(scope, credential))
    }
}
