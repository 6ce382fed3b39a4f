//! What a credential demands of whoever answers with it: SHA-256, TLS, certain source networks.

use crate::{AccountScope, CredentialUpdate, CredentialsWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{CredentialId, Networks, Requirements};

impl Provisioning {
    /// What the credential demands; by default nothing.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`] (also for another account's), or the storage failed.
    pub async fn requirements(
        &self,
        scope: &AccountScope,
        id: CredentialId,
    ) -> Result<Requirements, ProvisioningError> {
        let found = self.storage().credential(scope.account(), id).await?;
        found.map(|credential| credential.requirements).ok_or(ProvisioningError::CredentialNotFound)
    }

    /// Changes what the credential demands. Once this answers, no node accepts what does not meet it, and registrations
    /// from elsewhere have ended.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::Contended`], or the storage failed.
    pub async fn update_requirements(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (id, requirements): (CredentialId, RequirementsUpdate),
    ) -> Result<Requirements, ProvisioningError> {
        let update = CredentialUpdate { requirements, ..CredentialUpdate::default() };
        Ok(self.updated_credential(scope, context, (id, update)).await?.requirements)
    }
}

/// What to change about a credential's demands; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequirementsUpdate {
    /// Whether MD5 is refused.
    pub sha256: Option<bool>,
    /// Whether only TLS and secure WebSockets are accepted.
    pub secure_transport: Option<bool>,
    /// The networks whose sources are accepted; none means all.
    pub networks: Option<Networks>,
}

impl RequirementsUpdate {
    /// Takes every demand away.
    #[must_use]
    pub fn none() -> Self {
        let Requirements { sha256, secure_transport, networks } = Requirements::default();
        Self { sha256: Some(sha256), secure_transport: Some(secure_transport), networks: Some(networks) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn apply_to(&self, requirements: &mut Requirements) {
        requirements.sha256 = self.sha256.unwrap_or(requirements.sha256);
        requirements.secure_transport = self.secure_transport.unwrap_or(requirements.secure_transport);
        if let Some(networks) = &self.networks {
            requirements.networks = networks.clone();
        }
    }
}
