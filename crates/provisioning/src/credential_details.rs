//! What there is to know of a credential beside the object that known clients rely on: its password's age, its end, its
//! last use.

use crate::{AccountScope, CredentialUpdate, CredentialsWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{Credential, CredentialId, CredentialUse, PasswordScore, Timestamp};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// A credential's details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialDetails {
    /// The credential.
    pub credential: CredentialId,
    /// The tenant's own note, possibly empty.
    pub description: Box<str>,
    /// The present password's number; the first is 1.
    pub generation: u32,
    /// When the present password was set.
    pub password_changed_at: Timestamp,
    /// How many whole days ago that is.
    pub password_age_days: u64,
    /// How hard the present password is to guess; `None` where only hashes of it were seen.
    pub password_score: Option<PasswordScore>,
    /// From when on the credential authenticates nobody; `None` for no end.
    pub expires_at: Option<Timestamp>,
    /// Until when the password before works too; `None` if it does not.
    pub overlap_until: Option<Timestamp>,
    /// When it was last used, up to a minute ago; `None` if no use is known.
    pub last_used: Option<CredentialUse>,
}

/// What becomes of a credential's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpiryUpdate {
    /// It stays.
    #[default]
    Keep,
    /// There is none.
    Never,
    /// It is then.
    At(Timestamp),
}

impl Provisioning {
    /// A credential's details.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`] (also for another account's), or the storage failed.
    pub async fn credential_details(
        &self,
        scope: &AccountScope,
        id: CredentialId,
    ) -> Result<CredentialDetails, ProvisioningError> {
        let credential = self.stored_credential(scope, id).await?;
        self.details_of(credential).await
    }

    /// Changes a credential, and answers with its details. Once this answers, no node lets it in after its new end.
    ///
    /// # Errors
    /// [`ProvisioningError::ExpiryPassed`], [`ProvisioningError::CredentialNotFound`],
    /// [`ProvisioningError::Contended`], or the storage failed.
    pub async fn update_credential_details(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (id, update): (CredentialId, CredentialUpdate),
    ) -> Result<CredentialDetails, ProvisioningError> {
        let credential = self.updated_credential(scope, context, (id, update)).await?;
        self.details_of(credential).await
    }

    async fn details_of(&self, credential: Credential) -> Result<CredentialDetails, ProvisioningError> {
        let last_used = self.storage().credential_use(credential.id).await?;
        let now = self.parts.clock.now();
        Ok(CredentialDetails {
            credential: credential.id,
            generation: credential.generation,
            password_changed_at: credential.password_changed_at,
            password_age_days: days_between(credential.password_changed_at, now),
            password_score: credential.password_score,
            expires_at: credential.expires_at,
            overlap_until: credential.overlapping(now).and_then(|previous| previous.overlap_until),
            last_used,
            description: credential.description,
        })
    }
}

/// Whole days from one moment to another, none if it is earlier.
pub(crate) fn days_between(earlier: Timestamp, later: Timestamp) -> u64 {
    later.as_unix_seconds().saturating_sub(earlier.as_unix_seconds()) / DAY
}
