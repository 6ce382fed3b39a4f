//! What follows from the installation's derivation key: the passwords of desk phones, and where they fetch them.
//!
//! The key is sealed like every secret. Should it not open, nothing else may take its place: every phone would be told
//! another password than the one that its HA1s are of.

use crate::installation::{decode_hex, put_sealed};
use crate::sealing::Sealing;
use crate::{InstallationOperator, Provisioning, ProvisioningError};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::{
    ApiTokenHash, AuditAction, AuditEvent, AuthId, CredentialId, DeviceId, GeneratedPassword, RandomSource, Sealed,
};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicUsize, Ordering};
use storage::{Change, ChangeSet, SettingName, StorageError};
use zeroize::Zeroizing;

/// The name it is sealed under.
const NAME: &str = "derivation_key";
/// Octets to draw a password from: some hundred more than it ever takes.
const STREAM: usize = 256;
/// Octets of the secret part of an address.
const PATH: usize = 18;

/// The installation's derivation key. Wiped when dropped.
pub(crate) struct DerivationKey(Zeroizing<[u8; 32]>);

/// Octets in their order, as if they were drawn.
struct Stream {
    octets: Zeroizing<[u8; STREAM]>,
    next: AtomicUsize,
}

impl RandomSource for Stream {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill_with(|| {
            let place = self.next.fetch_add(1, Ordering::Relaxed) % STREAM;
            self.octets.get(place).copied().unwrap_or_default()
        });
    }
}

impl DerivationKey {
    /// The password of a device; another secret of it has another.
    pub(crate) fn password(
        &self,
        account: &AuthId,
        (credential, device, secret): (CredentialId, DeviceId, u32),
    ) -> GeneratedPassword {
        let mut octets = Zeroizing::new([0; STREAM]);
        let secret = secret.to_be_bytes();
        let name: [&[u8]; 5] =
            [b"desk phone password", account.as_str().as_bytes(), credential.as_bytes(), device.as_bytes(), &secret];
        keyring::derive_into(&self.0, &name, &mut *octets);
        GeneratedPassword::draw(&Stream { octets, next: AtomicUsize::new(0) })
    }

    /// The secret part of the address from which an account's desk phones fetch their configuration, once it was replaced
    /// that often.
    pub(crate) fn path(&self, account: &AuthId, number: u32) -> Zeroizing<String> {
        let mut octets = Zeroizing::new([0; PATH]);
        let name: [&[u8]; 3] = [b"desk phone path", account.as_str().as_bytes(), &number.to_be_bytes()];
        keyring::derive_into(&self.0, &name, &mut *octets);
        Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(*octets))
    }
}

/// Whether two texts are the same, in a time that tells nothing.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    let hash = |text: &str| ApiTokenHash::from_bytes(Sha256::digest(text.as_bytes()).into());
    hash(one) == hash(other)
}

impl Provisioning {
    /// Whether the key that desk phones' passwords follow from opens, or was never drawn.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn derivation_key_opens(&self, _operator: &InstallationOperator) -> Result<bool, ProvisioningError> {
        let stored = self.storage().setting(SettingName::DerivationKey).await?;
        Ok(stored.is_none_or(|text| self.open_derivation_key(&text).is_some()))
    }

    /// The derivation key, drawn when it is first asked for and the same ever after.
    pub(crate) async fn derivation_key(&self) -> Result<DerivationKey, ProvisioningError> {
        let _alone = self.sealed_settings.lock().await;
        if let Some(stored) = self.storage().setting(SettingName::DerivationKey).await? {
            return self.open_derivation_key(&stored).ok_or_else(|| {
                let text = "the key that desk phones' passwords follow from does not open; restore its master key";
                StorageError::Damaged(text.into()).into()
            });
        }
        let mut key = Zeroizing::new([0; 32]);
        self.parts.random.fill(key.as_mut());
        let sealing = self.sealing().await;
        let change = put_sealed(SettingName::DerivationKey, &sealing.seal_named(NAME, key.as_ref()));
        let audit = AuditEvent {
            at: self.parts.clock.now(),
            account: None,
            actor: "server".into(),
            source: "".into(),
            request_id: "".into(),
            action: AuditAction::SettingChanged,
            subject: NAME.into(),
            detail: "{}".into(),
        };
        self.commit_sealed(&sealing, ChangeSet { changes: vec![change], audit }).await?;
        Ok(DerivationKey(key))
    }

    /// The key sealed anew with the primary, if there is one.
    pub(crate) async fn reseal_derivation_key(&self, sealing: &Sealing) -> Result<Option<Change>, StorageError> {
        let stored = self.storage().setting(SettingName::DerivationKey).await?;
        let key = stored.and_then(|text| self.open_derivation_key(&text));
        Ok(key.map(|key| put_sealed(SettingName::DerivationKey, &sealing.seal_named(NAME, key.0.as_ref()))))
    }

    fn open_derivation_key(&self, stored: &str) -> Option<DerivationKey> {
        let sealed = Sealed::from_bytes(decode_hex(stored)?);
        let plain = self.parts.keyring.open_named(NAME, &sealed).ok()?;
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(Some(plain.as_slice()).filter(|plain| plain.len() == 32)?);
        Some(DerivationKey(key))
    }
}
