//! Whether the master key at hand is the one the database was made with.

use crate::{InstallationError, InstallationOperator, Provisioning};
use domain::{AuditAction, AuditEvent, Sealed};
use keyring::Keyring;
use storage::{Change, ChangeSet, SettingName};

/// The name the constant is sealed under.
const KEY_CHECK: &str = "key_check";
/// What is sealed: its value is public, that it opens is the point.
const CONSTANT: &[u8] = b"sipwarden key check";

impl Provisioning {
    /// Whether the database has been used before, and so must be opened with the key it was made with.
    ///
    /// # Errors
    /// [`InstallationError::Storage`].
    pub async fn check_master_key(&self, operator: &InstallationOperator) -> Result<(), InstallationError> {
        match self.storage().setting(SettingName::KeyCheck).await? {
            Some(stored) => {
                if is_key_of(&self.parts.keyring, &stored) {
                    Ok(())
                } else {
                    Err(InstallationError::WrongKey)
                }
            }
            None => self.note_master_key(operator).await,
        }
    }

    async fn note_master_key(&self, operator: &InstallationOperator) -> Result<(), InstallationError> {
        let sealing = self.sealing().await;
        let change = put_sealed(SettingName::KeyCheck, &sealing.seal_named(KEY_CHECK, CONSTANT));
        let deed = (AuditAction::SettingChanged, KEY_CHECK.into(), "{}".into());
        let audit = operator.audit(self.parts.clock.now(), None, deed);
        self.commit_sealed(&sealing, ChangeSet { changes: vec![change], audit }).await?;
        Ok(())
    }

    /// Seals the constant, the nonce key and the derivation key anew with the primary key, and waits until all that was committed before is
    /// applied everywhere too.
    pub(crate) async fn reseal_settings(&self, audit: AuditEvent) -> Result<(), InstallationError> {
        let _alone = self.sealed_settings.lock().await;
        let sealing = self.sealing().await;
        let mut changes = vec![put_sealed(SettingName::KeyCheck, &sealing.seal_named(KEY_CHECK, CONSTANT))];
        changes.extend(self.reseal_nonce_key(&sealing).await?);
        changes.extend(self.reseal_derivation_key(&sealing).await?);
        let revision = self.commit_sealed(&sealing, ChangeSet { changes, audit }).await?;
        Ok(self.storage().applied_everywhere(revision).await?)
    }
}

/// Whether the keyring is the one that a stored [`SettingName::KeyCheck`] was made with.
#[must_use]
pub fn is_key_of(keyring: &Keyring, stored: &str) -> bool {
    let sealed = decode_hex(stored).map(Sealed::from_bytes);
    let opened = sealed.and_then(|sealed| keyring.open_named(KEY_CHECK, &sealed).ok());
    opened.is_some_and(|plain| plain.as_slice() == CONSTANT)
}

/// Writes a sealed setting, as hexadecimal digits.
pub(crate) fn put_sealed(name: SettingName, sealed: &Sealed) -> Change {
    Change::PutSetting { name, value: encode_hex(sealed.as_bytes()).into_boxed_str() }
}

fn encode_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

pub(crate) fn decode_hex(text: &str) -> Option<Box<[u8]>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let octets = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect::<Option<_>>();
    if rest.is_empty() { octets } else { None }
}
