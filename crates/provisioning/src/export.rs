//! Everything about an account's credentials but their secrets, in order of creation.

use crate::{AccountScope, KnownHa1s, Provisioning, ProvisioningError};
use domain::{Credential, CredentialId, PasswordScore, Timestamp};
use storage::{CredentialNumber, Page};

/// A credential as it is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedCredential {
    /// Its public identifier.
    pub id: CredentialId,
    /// The digest username.
    pub username: Box<str>,
    /// Whether it authenticates anyone.
    pub enabled: bool,
    /// The tenant's own note, possibly empty.
    pub description: Box<str>,
    /// Of which algorithms it has an HA1.
    pub hashes: KnownHa1s,
    /// How hard its password is to guess, where that is known.
    pub password_score: Option<PasswordScore>,
    /// When its password was last set.
    pub password_changed_at: Timestamp,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
}

/// Some credentials, and where the next ones begin.
#[derive(Debug, Clone)]
pub struct ExportPage {
    /// In order of creation.
    pub credentials: Vec<ExportedCredential>,
    /// To be given back for those that follow, if others do.
    pub next: Option<CredentialNumber>,
}

impl Provisioning {
    /// At most so many of the account's credentials after that one, or from the first.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn export_credentials(
        &self,
        scope: &AccountScope,
        after: Option<CredentialNumber>,
        limit: u32,
    ) -> Result<ExportPage, ProvisioningError> {
        let page = match after {
            None => self.storage().credentials(scope.account(), Page { limit, offset: 0 }).await?,
            Some(after) => self.storage().credentials_after(scope.account(), after, limit).await?,
        };
        let credentials = page.credentials.into_iter().map(ExportedCredential::from).collect();
        Ok(ExportPage { credentials, next: page.next })
    }
}

impl From<Credential> for ExportedCredential {
    fn from(credential: Credential) -> Self {
        Self {
            id: credential.id,
            username: credential.username.as_str().into(),
            enabled: credential.enabled,
            description: credential.description,
            hashes: KnownHa1s::of(&credential.ha1s),
            password_score: credential.password_score,
            password_changed_at: credential.password_changed_at,
            created_at: credential.created_at,
            updated_at: credential.updated_at,
        }
    }
}
