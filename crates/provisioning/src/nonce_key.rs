//! The key that vouches for nonces.

use crate::installation::{decode_hex, put_sealed};
use crate::{InstallationError, InstallationOperator, Provisioning};
use domain::{AuditAction, Sealed};
use storage::{Change, ChangeSet, SettingName};
use zeroize::Zeroizing;

/// The name it is sealed under.
const NAME: &str = "nonce_key";

impl Provisioning {
    /// The installation's nonce key, drawn at the first start and the same ever after, so that nonces of before a
    /// restart are known for what they are.
    ///
    /// # Errors
    /// [`InstallationError::Storage`] or [`InstallationError::Commit`].
    pub async fn nonce_key(&self, operator: &InstallationOperator) -> Result<Zeroizing<[u8; 32]>, InstallationError> {
        let _alone = self.sealed_settings.lock().await;
        let stored = self.storage().setting(SettingName::NonceKey).await?;
        if let Some(key) = stored.as_deref().and_then(|text| self.open_nonce_key(text)) {
            return Ok(key);
        }
        if stored.is_some() {
            // All that is lost is that phones are challenged once more.
            tracing::warn!("the stored nonce key does not open; a new one takes its place");
        }
        let mut key = Zeroizing::new([0; 32]);
        self.parts.random.fill(key.as_mut());
        let sealing = self.sealing().await;
        let change = put_sealed(SettingName::NonceKey, &sealing.seal_named(NAME, key.as_ref()));
        let deed = (AuditAction::SettingChanged, NAME.into(), "{}".into());
        let audit = operator.audit(self.parts.clock.now(), None, deed);
        self.commit_sealed(&sealing, ChangeSet { changes: vec![change], audit }).await?;
        Ok(key)
    }

    /// Forgets the nonce key, so that the next start draws another: what a copy of an installation issues must not pass
    /// for the original's.
    ///
    /// # Errors
    /// [`InstallationError::Storage`] or [`InstallationError::Commit`].
    pub async fn forget_nonce_key(&self, operator: &InstallationOperator) -> Result<(), InstallationError> {
        let _alone = self.sealed_settings.lock().await;
        let deed = (AuditAction::SettingChanged, NAME.into(), "{\"value\":null}".into());
        let audit = operator.audit(self.parts.clock.now(), None, deed);
        let changes = vec![Change::ClearSetting(SettingName::NonceKey)];
        self.storage().commit(ChangeSet { changes, audit }).await?;
        Ok(())
    }

    /// The key sealed anew with the primary, if there is one that opens.
    pub(crate) async fn reseal_nonce_key(
        &self,
        sealing: &crate::sealing::Sealing,
    ) -> Result<Option<Change>, InstallationError> {
        let stored = self.storage().setting(SettingName::NonceKey).await?;
        let key = stored.and_then(|text| self.open_nonce_key(&text));
        Ok(key.map(|key| put_sealed(SettingName::NonceKey, &sealing.seal_named(NAME, key.as_ref()))))
    }

    fn open_nonce_key(&self, stored: &str) -> Option<Zeroizing<[u8; 32]>> {
        let sealed = Sealed::from_bytes(decode_hex(stored)?);
        let plain = self.parts.keyring.open_named(NAME, &sealed).ok()?;
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(Some(plain.as_slice()).filter(|plain| plain.len() == 32)?);
        Some(key)
    }
}
