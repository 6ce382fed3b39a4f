//! Everything about an account's credentials with their secrets, still sealed: of use only beside the master key.

use crate::{InstallationOperator, Provisioning, ProvisioningError};
use domain::{AuditAction, AuthId, CredentialId, DigestAlgorithm, RealmName, Sealed, Username};
use storage::{ChangeSet, CredentialNumber, Page};

/// A credential as it is exported with its secrets.
#[derive(Debug, Clone)]
pub struct SealedCredential {
    /// Its public identifier, to which the secrets are sealed.
    pub id: CredentialId,
    /// The digest username, to which the secrets are sealed.
    pub username: Username,
    /// Whether it authenticates anyone.
    pub enabled: bool,
    /// The tenant's own note, possibly empty.
    pub description: Box<str>,
    /// Its HA1s as they are stored: they open with the master key alone.
    pub ha1s: Vec<(DigestAlgorithm, Sealed)>,
}

/// Some credentials, and where the next ones begin.
#[derive(Debug, Clone)]
pub struct SealedExportPage {
    /// The realm, to which the secrets are sealed.
    pub realm: RealmName,
    /// In order of creation.
    pub credentials: Vec<SealedCredential>,
    /// To be given back for those that follow, if others do.
    pub next: Option<CredentialNumber>,
}

impl Provisioning {
    /// At most so many of an account's credentials after that one, or from the first, with their sealed secrets. That an
    /// export begins is written down first.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`], or the storage failed.
    pub async fn export_sealed_credentials(
        &self,
        operator: &InstallationOperator,
        auth_id: &AuthId,
        (after, limit): (Option<CredentialNumber>, u32),
    ) -> Result<SealedExportPage, ProvisioningError> {
        let scope = self.account_for_operator(operator, auth_id)?;
        let account = scope.account();
        let page = match after {
            None => {
                let deed = (AuditAction::SealedCredentialsExported, auth_id.to_string(), "{}".to_owned());
                let audit = operator.audit(self.parts.clock.now(), Some(account), deed);
                self.commit_as(operator.asker(), ChangeSet { changes: Vec::new(), audit }).await?;
                self.storage().credentials(account, Page { limit, offset: 0 }).await?
            }
            Some(after) => self.storage().credentials_after(account, after, limit).await?,
        };
        let credentials = page.credentials.into_iter().map(|credential| SealedCredential {
            id: credential.id,
            username: credential.username,
            enabled: credential.enabled,
            description: credential.description,
            ha1s: [
                (DigestAlgorithm::Md5, credential.ha1s.md5),
                (DigestAlgorithm::Sha256, credential.ha1s.sha256),
                (DigestAlgorithm::Sha512_256, credential.ha1s.sha512_256),
            ]
            .into_iter()
            .filter_map(|(algorithm, sealed)| Some((algorithm, sealed?)))
            .collect(),
        });
        Ok(SealedExportPage { realm: scope.realm_name().clone(), credentials: credentials.collect(), next: page.next })
    }
}
