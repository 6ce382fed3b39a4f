//! Reads credentials as the tenant sees them.

use crate::{AccountScope, Provisioning, ProvisioningError};
use domain::{AuthId, Credential, CredentialId, PasswordScore, RealmName, Timestamp};
use storage::Page;

/// A credential as its tenant may see it: no HA1, sealed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialView {
    /// Its public identifier.
    pub id: CredentialId,
    /// The account's public identifier.
    pub account: AuthId,
    /// The digest username.
    pub username: Box<str>,
    /// The realm its HA1s bind to.
    pub realm: RealmName,
    /// Whether it authenticates anyone.
    pub enabled: bool,
    /// The tenant's own note, possibly empty.
    pub description: Box<str>,
    /// How hard its password is to guess; unknown where only its hashes were ever seen.
    pub password_score: Option<PasswordScore>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
}

impl CredentialView {
    pub(crate) fn new(scope: &AccountScope, credential: Credential) -> Self {
        Self {
            id: credential.id,
            account: scope.auth_id().clone(),
            username: credential.username.as_str().into(),
            realm: scope.realm_name().clone(),
            enabled: credential.enabled,
            description: credential.description,
            password_score: credential.password_score,
            created_at: credential.created_at,
            updated_at: credential.updated_at,
        }
    }
}

impl Provisioning {
    /// One credential of the account.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`] (also for another account's), or the storage failed.
    pub async fn credential(
        &self,
        scope: &AccountScope,
        id: CredentialId,
    ) -> Result<CredentialView, ProvisioningError> {
        let found = self.storage().credential(scope.account(), id).await?;
        found.map(|credential| CredentialView::new(scope, credential)).ok_or(ProvisioningError::CredentialNotFound)
    }

    /// A page of the account's credentials in order of creation, and how many there are in all.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn credentials(
        &self,
        scope: &AccountScope,
        page: Page,
    ) -> Result<(Vec<CredentialView>, u64), ProvisioningError> {
        let page = self.storage().credentials(scope.account(), page).await?;
        let views = page.credentials.into_iter().map(|credential| CredentialView::new(scope, credential)).collect();
        Ok((views, page.total))
    }
}
