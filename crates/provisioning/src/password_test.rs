//! Whether a password is a credential's, without a phone.

use crate::{CredentialsWrite, Provisioning, ProvisioningError};
use domain::{AuthReason, Credential, CredentialId, Device, DeviceId, DigestAlgorithm, Sealed, SealedHa1s};
use keyring::Ha1Context;
use sip_digest::{Ha1, HashAlgorithm};
use storage::StorageError;
use zeroize::Zeroizing;

/// What became of a tried password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordTest {
    /// Whether it is the credential's present one.
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
        let damaged = || StorageError::Damaged(format!("no hash of credential {id} can be opened"));
        let known = self.strongest_ha1(scope, (&credential, None), &credential.ha1s).ok_or_else(damaged)?;
        let previous = credential.previous.as_deref();
        let before = previous.and_then(|previous| self.strongest_ha1(scope, (&credential, None), &previous.ha1s));
        let (username, realm) = (credential.username.as_str().as_bytes(), scope.realm_name().as_str().as_bytes());
        let makes =
            |password: &str, known: &Ha1| Ha1::compute(known.hash(), username, realm, password.as_bytes()) == *known;
        let is_right = |password: &str| makes(password, &known);
        let matches = is_right(password);
        let was_right = !matches && before.is_some_and(|before| makes(password, &before));
        let of_device = |device: &&Device| {
            let known = self.strongest_ha1(scope, (&credential, Some(device.id)), &device.ha1s);
            !matches && known.is_some_and(|known| makes(password, &known))
        };
        let device = credential.devices.as_slice().iter().find(of_device);
        let was_right = was_right || device.is_some();
        let now = self.parts.clock.now();
        let is_live_device = device.is_some_and(Device::is_live);
        let works = is_live_device || matches || was_right && credential.overlapping(now).is_some();
        let reason = if !matches && !was_right {
            AuthReason::WrongPassword
        } else if !credential.enabled {
            AuthReason::CredentialDisabled
        } else if credential.expires_at.is_some_and(|end| end <= now) {
            AuthReason::CredentialExpired
        } else if works {
            AuthReason::Ok
        } else if device.is_some() {
            AuthReason::CredentialDisabled
        } else {
            AuthReason::OldPassword
        };
        let slip = if matches || was_right {
            None
        } else {
            slips(password).find(|(_, meant)| is_right(meant)).map(|(slip, _)| slip)
        };
        Ok(PasswordTest { matches, reason, slip })
    }

    fn strongest_ha1(
        &self,
        scope: &CredentialsWrite,
        (Credential { id, username, .. }, device): (&Credential, Option<DeviceId>),
        ha1s: &SealedHa1s,
    ) -> Option<Ha1> {
        let kept: [(Option<&Sealed>, _, _); 3] = [
            (ha1s.sha512_256.as_ref(), DigestAlgorithm::Sha512_256, HashAlgorithm::Sha512_256),
            (ha1s.sha256.as_ref(), DigestAlgorithm::Sha256, HashAlgorithm::Sha256),
            (ha1s.md5.as_ref(), DigestAlgorithm::Md5, HashAlgorithm::Md5),
        ];
        let open = |(sealed, algorithm, hash): (Option<&Sealed>, _, _)| {
            let (account, realm) = (scope.auth_id(), scope.realm_name());
            let context = Ha1Context { account, credential: *id, algorithm, realm, username, device };
            let opened = self.parts.keyring.open_ha1(&context, sealed?).ok()?;
            Ha1::from_bytes(hash, opened.as_bytes())
        };
        kept.into_iter().find_map(open)
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
