//! Whether a password is a credential's, without a phone.

use crate::{CredentialsWrite, Provisioning, ProvisioningError};
use domain::{AuthReason, Credential, CredentialId, DigestAlgorithm, Sealed};
use keyring::Ha1Context;
use sip_digest::{Ha1, HashAlgorithm};
use storage::StorageError;
use zeroize::Zeroizing;

/// What became of a tried password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordTest {
    /// Whether it is the credential's.
    pub matches: bool,
    /// What a phone with it would meet with, as far as that depends on the credential alone.
    pub reason: AuthReason,
    /// How it differs from the right one, where that is a slip of typing.
    pub slip: Option<Slip>,
}

/// What people type besides, or instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// White space before or behind, as copying leaves it.
    SurroundingSpace,
    /// The first letter's case, as phones change it by themselves.
    FirstLetter,
    /// All letters' case: Caps Lock.
    CapsLock,
}

impl Provisioning {
    /// Tries a password. Whoever may ask may set the password as well, so nothing is told that was not theirs; it is
    /// neither stored nor logged.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], or the storage failed or holds no hash that opens.
    pub async fn test_password(
        &self,
        scope: &CredentialsWrite,
        (id, password): (CredentialId, &str),
    ) -> Result<PasswordTest, ProvisioningError> {
        let found = self.storage().credential(scope.account(), id).await?;
        let credential = found.ok_or(ProvisioningError::CredentialNotFound)?;
        let known = self.strongest_ha1(scope, &credential)?;
        let realm = scope.realm_name().as_str().as_bytes();
        let is_right = |password: &str| {
            Ha1::compute(known.hash(), credential.username.as_str().as_bytes(), realm, password.as_bytes()) == known
        };
        let matches = is_right(password);
        let reason = match (matches, credential.enabled) {
            (false, _) => AuthReason::WrongPassword,
            (true, false) => AuthReason::CredentialDisabled,
            (true, true) => AuthReason::Ok,
        };
        let slip =
            if matches { None } else { slips(password).find(|(_, meant)| is_right(meant)).map(|(slip, _)| slip) };
        Ok(PasswordTest { matches, reason, slip })
    }

    fn strongest_ha1(&self, scope: &CredentialsWrite, credential: &Credential) -> Result<Ha1, ProvisioningError> {
        let Credential { id, username, ha1s, .. } = credential;
        let kept: [(Option<&Sealed>, _, _); 3] = [
            (ha1s.sha512_256.as_ref(), DigestAlgorithm::Sha512_256, HashAlgorithm::Sha512_256),
            (ha1s.sha256.as_ref(), DigestAlgorithm::Sha256, HashAlgorithm::Sha256),
            (ha1s.md5.as_ref(), DigestAlgorithm::Md5, HashAlgorithm::Md5),
        ];
        let open = |(sealed, algorithm, hash): (Option<&Sealed>, _, _)| {
            let (account, realm) = (scope.auth_id(), scope.realm_name());
            let context = Ha1Context { account, credential: *id, algorithm, realm, username };
            let opened = self.parts.keyring.open_ha1(&context, sealed?).ok()?;
            Ha1::from_bytes(hash, opened.as_bytes())
        };
        let damaged = || StorageError::Damaged(format!("no hash of credential {id} can be opened"));
        Ok(kept.into_iter().find_map(open).ok_or_else(damaged)?)
    }
}

/// What may have been meant.
fn slips(typed: &str) -> impl Iterator<Item = (Slip, Zeroizing<String>)> {
    let swapped = |character: char| {
        if character.is_uppercase() {
            character.to_lowercase().to_string()
        } else {
            character.to_uppercase().to_string()
        }
    };
    let trimmed = Zeroizing::new(typed.trim().to_owned());
    let mut characters = typed.chars();
    let first = Zeroizing::new(characters.next().map(swapped).unwrap_or_default() + characters.as_str());
    let all = Zeroizing::new(typed.chars().map(swapped).collect::<String>());
    [(Slip::SurroundingSpace, trimmed), (Slip::FirstLetter, first), (Slip::CapsLock, all)].into_iter()
}
