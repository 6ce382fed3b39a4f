//! The keyring: one primary key that seals, and every key that still opens.

use crate::envelope::{Envelope, Place};
use crate::master_key::MasterKey;
use crate::{KeyringError, OpenedHa1, key_file};
use domain::{AuthId, CredentialId, DigestAlgorithm, RandomSource, RealmName, Sealed, Username};
use std::fmt;
use zeroize::Zeroizing;

/// The place an HA1 belongs to; sealed for one place it opens at no other.
#[derive(Debug, Clone, Copy)]
pub struct Ha1Context<'a> {
    /// The account that owns the credential.
    pub account: &'a AuthId,
    /// The credential.
    pub credential: CredentialId,
    /// The hash the HA1 was made with.
    pub algorithm: DigestAlgorithm,
    /// The realm the HA1 was made over.
    pub realm: &'a RealmName,
    /// The username the HA1 was made over.
    pub username: &'a Username,
}

/// One or more master keys. The primary, which comes first, seals; all open.
pub struct Keyring {
    primary: MasterKey,
    others: Vec<MasterKey>,
}

impl Keyring {
    /// A keyring of one new key with a random identifier, so that keys of two installations are not mistaken for one
    /// another.
    #[must_use]
    pub fn generate(random: &dyn RandomSource) -> Self {
        Self { primary: MasterKey::generate(random), others: Vec::new() }
    }

    /// Reads the text form: comment lines starting with `#`, and a line `key <id> <base64 of 32 octets>` per key, the
    /// primary first.
    ///
    /// # Errors
    /// [`KeyringError::BadLine`], [`KeyringError::DuplicateKey`] or [`KeyringError::NoKey`].
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut keys = key_file::parse(text)?.into_iter();
        let primary = keys.next().ok_or(KeyringError::NoKey)?;
        Ok(Self { primary, others: keys.collect() })
    }

    /// The text form of all keys, for the key file. It is the secret that everything else rests on.
    #[must_use]
    pub fn to_file_text(&self) -> Zeroizing<String> {
        key_file::print(self.keys())
    }

    /// Seals an HA1 of 16 or 32 octets for one place.
    #[must_use]
    pub fn seal_ha1(&self, context: &Ha1Context<'_>, ha1: &[u8], random: &dyn RandomSource) -> Sealed {
        debug_assert!(matches!(ha1.len(), 16 | 32), "an HA1 has 16 or 32 octets");
        self.primary.seal(&ha1_place(self.primary.id(), context), ha1, random)
    }

    /// Opens an HA1 that was sealed for that place. Allocates nothing: signalling calls it for every request.
    ///
    /// # Errors
    /// [`KeyringError::Damaged`], [`KeyringError::UnknownKey`] or [`KeyringError::NotAuthentic`].
    pub fn open_ha1(&self, context: &Ha1Context<'_>, sealed: &Sealed) -> Result<OpenedHa1, KeyringError> {
        let envelope = Envelope::parse(sealed.as_bytes())?;
        let key = self.key(envelope.key_id)?;
        let place = ha1_place(key.id(), context);
        OpenedHa1::new(envelope.ciphertext.len(), |octets| key.open(&place, &envelope, octets))
            .unwrap_or(Err(KeyringError::Damaged))
    }

    /// Seals a secret of any length under a name, at which alone it opens again.
    #[must_use]
    pub fn seal_named(&self, name: &str, plain: &[u8], random: &dyn RandomSource) -> Sealed {
        self.primary.seal(&named_place(self.primary.id(), name), plain, random)
    }

    /// Opens a secret that was sealed under that name.
    ///
    /// # Errors
    /// [`KeyringError::Damaged`], [`KeyringError::UnknownKey`] or [`KeyringError::NotAuthentic`].
    pub fn open_named(&self, name: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let envelope = Envelope::parse(sealed.as_bytes())?;
        let key = self.key(envelope.key_id)?;
        let mut plain = Zeroizing::new(vec![0; envelope.ciphertext.len()]);
        key.open(&named_place(key.id(), name), &envelope, &mut plain)?;
        Ok(plain)
    }

    /// A key of the primary master key for another use; every label gives another key that tells nothing of the rest.
    #[must_use]
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        self.primary.derive(label)
    }

    /// Like [`Keyring::derive`] for every master key, primary first: during a rotation what the older keys vouched for
    /// (nonces) still counts.
    #[must_use]
    pub fn derive_all(&self, label: &str) -> Vec<Zeroizing<[u8; 32]>> {
        self.keys().map(|key| key.derive(label)).collect()
    }

    fn keys(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.primary).chain(&self.others)
    }

    fn key(&self, id: u32) -> Result<&MasterKey, KeyringError> {
        self.keys().find(|key| key.id() == id).ok_or(KeyringError::UnknownKey { id })
    }
}

/// Shows how many keys there are and which, never the keys.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<u32> = self.keys().map(MasterKey::id).collect();
        f.debug_struct("Keyring").field("ids", &ids).finish_non_exhaustive()
    }
}

fn ha1_place(key_id: u32, context: &Ha1Context<'_>) -> Place {
    let parts: [&[u8]; 5] = [
        context.account.as_str().as_bytes(),
        context.credential.as_bytes(),
        context.algorithm.as_str().as_bytes(),
        context.realm.as_str().as_bytes(),
        context.username.as_str().as_bytes(),
    ];
    Place::new("ha1", key_id, &parts)
}

fn named_place(key_id: u32, name: &str) -> Place {
    Place::new("named", key_id, &[name.as_bytes()])
}
