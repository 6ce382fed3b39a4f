//! HA1s that were made elsewhere: credentials of another system move here without anybody knowing their passwords.

use crate::create_credential::Draft;
use crate::idempotency::Recalled;
use crate::sealed_secret::SealedSecret;
use crate::{
    AccountScope, Answered, CredentialView, CredentialsWrite, Provisioning, ProvisioningError, Remembering,
    RequestContext,
};
use domain::{CredentialId, DigestAlgorithm, SealedHa1s, Username};
use sip_digest::{Ha1, HashAlgorithm};

/// Hashes of one password, at least one. Whoever has them can authenticate: they are as secret as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GivenHa1s {
    md5: Option<Ha1>,
    sha256: Option<Ha1>,
    sha512_256: Option<Ha1>,
}

/// Why a text is no HA1. Never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be {digits} hexadecimal digits: the hash of username:realm:password")]
pub struct GivenHa1Error {
    digits: usize,
}

/// A credential whose password nobody says: its username and hashes.
#[derive(Debug)]
pub struct NewFromHashes {
    /// Unique within the account's realm.
    pub username: Username,
    /// What was computed over that username, the account's realm and the password.
    pub ha1s: GivenHa1s,
}

/// Of which algorithms a credential has an HA1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownHa1s {
    /// Under MD5.
    pub md5: bool,
    /// Under SHA-256.
    pub sha256: bool,
    /// Under SHA-512-256.
    pub sha512_256: bool,
}

impl GivenHa1s {
    /// Adds the HA1 of that algorithm, hexadecimal digits of either case as other systems export them.
    ///
    /// # Errors
    /// [`GivenHa1Error`] unless there are exactly as many digits as the algorithm yields.
    pub fn add(&mut self, algorithm: DigestAlgorithm, digits: &str) -> Result<(), GivenHa1Error> {
        let hash = hash_of(algorithm);
        let ha1 = Ha1::from_hex(hash, digits.as_bytes());
        let ha1 = ha1.ok_or(GivenHa1Error { digits: 2 * hash.output_length() })?;
        match algorithm {
            DigestAlgorithm::Md5 => self.md5 = Some(ha1),
            DigestAlgorithm::Sha256 => self.sha256 = Some(ha1),
            DigestAlgorithm::Sha512_256 => self.sha512_256 = Some(ha1),
        }
        Ok(())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.get(DigestAlgorithm::Md5).is_none() && !self.has_stronger_than_md5()
    }

    pub(crate) fn has_stronger_than_md5(&self) -> bool {
        self.sha256.is_some() || self.sha512_256.is_some()
    }

    pub(crate) fn get(&self, algorithm: DigestAlgorithm) -> Option<&Ha1> {
        match algorithm {
            DigestAlgorithm::Md5 => self.md5.as_ref(),
            DigestAlgorithm::Sha256 => self.sha256.as_ref(),
            DigestAlgorithm::Sha512_256 => self.sha512_256.as_ref(),
        }
    }
}

impl KnownHa1s {
    pub(crate) fn of(ha1s: &SealedHa1s) -> Self {
        Self { md5: ha1s.md5.is_some(), sha256: ha1s.sha256.is_some(), sha512_256: ha1s.sha512_256.is_some() }
    }
}

/// The hash function of an algorithm's name.
pub(crate) const fn hash_of(algorithm: DigestAlgorithm) -> HashAlgorithm {
    match algorithm {
        DigestAlgorithm::Md5 => HashAlgorithm::Md5,
        DigestAlgorithm::Sha256 => HashAlgorithm::Sha256,
        DigestAlgorithm::Sha512_256 => HashAlgorithm::Sha512_256,
    }
}

impl Provisioning {
    /// Creates a credential from hashes, enabled; once this answers a phone that has the password can register with it
    /// on every node.
    ///
    /// # Errors
    /// [`ProvisioningError::UsernameTaken`], [`ProvisioningError::Md5Retired`], [`ProvisioningError::KeyUsed`], or the
    /// storage failed.
    pub async fn create_credential_from_hashes(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        new: NewFromHashes,
        remembering: Option<&Remembering<'_, CredentialView>>,
    ) -> Result<Answered<CredentialView>, ProvisioningError> {
        let NewFromHashes { username, ha1s } = new;
        let Some(remembering) = remembering else {
            let sealing = self.sealing().await;
            let id = self.draw_credential_id();
            let secret = SealedSecret::of_hashes(&sealing, scope, (id, &username, &ha1s))?;
            let (set, view) = self.credential_to_create(scope, &context, Draft::new(id, username, secret));
            let committed = self.commit_sealed_as(scope.asker(), &sealing, set).await;
            drop(sealing);
            self.applied_everywhere(committed?).await?;
            return Ok(Answered::Fresh(view));
        };
        match self.recall(scope.asker(), Some(scope.account()), remembering).await? {
            Recalled::Answer(answer) => Ok(Answered::Replayed(answer)),
            Recalled::Nothing(unanswered) => {
                let id = self.draw_credential_id();
                let secret = SealedSecret::of_hashes(unanswered.sealing(), scope, (id, &username, &ha1s))?;
                let (set, view) = self.credential_to_create(scope, &context, Draft::new(id, username, secret));
                self.commit_remembered(unanswered, set, view).await
            }
        }
    }

    /// Replaces a credential's password by the one of those hashes, at once as a new password does; hashes that are not
    /// given are gone.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::Md5Retired`], [`ProvisioningError::Contended`],
    /// or the storage failed.
    pub async fn replace_hashes(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (id, ha1s): (CredentialId, GivenHa1s),
    ) -> Result<CredentialView, ProvisioningError> {
        let sealing = self.sealing().await;
        let current = self.stored_credential(scope, id).await?;
        let secret = SealedSecret::of_hashes(&sealing, scope, (id, &current.username, &ha1s))?;
        let updated = self.with_new_secret(scope, &context, (sealing, current, secret)).await?;
        Ok(CredentialView::new(scope, updated))
    }

    /// Of which algorithms the credential has an HA1.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], or the storage failed.
    pub async fn known_hashes(&self, scope: &AccountScope, id: CredentialId) -> Result<KnownHa1s, ProvisioningError> {
        Ok(KnownHa1s::of(&self.stored_credential(scope, id).await?.ha1s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_have_the_length_of_their_algorithm() {
        let mut given = GivenHa1s::default();
        assert!(given.is_empty());
        for (algorithm, digits, other) in
            [(DigestAlgorithm::Md5, 32, 64), (DigestAlgorithm::Sha256, 64, 32), (DigestAlgorithm::Sha512_256, 64, 65)]
        {
            assert_eq!(given.add(algorithm, &"a".repeat(other)), Err(GivenHa1Error { digits }));
            assert_eq!(given.add(algorithm, &"g".repeat(digits)), Err(GivenHa1Error { digits }));
            assert_eq!(given.add(algorithm, &"Ab".repeat(digits / 2)), Ok(()));
            assert!(given.get(algorithm).is_some() && !given.is_empty());
        }
        assert!(!format!("{given:?}").contains("ab"));
    }
}
