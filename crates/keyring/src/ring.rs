//! The keyring: one primary key that seals, and every key that still opens.

use crate::envelope::{Envelope, Place};
use crate::master_key::MasterKey;
use crate::{KeyringError, OpenedHa1, key_file};
use arc_swap::ArcSwap;
use domain::{
    AuthId, CredentialId, DeviceId, DigestAlgorithm, OriginationUriId, RandomSource, RealmName, Sealed, Username,
};
use std::fmt;
use std::sync::Arc;
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
    /// The device whose secret it was made from; `None` for the credential's own password.
    pub device: Option<DeviceId>,
}

/// The place a password of ours at a next hop belongs to; sealed for one place it opens at no other.
#[derive(Debug, Clone, Copy)]
pub struct UpstreamSecretContext<'a> {
    /// The account that owns the origination URI.
    pub account: &'a AuthId,
    /// The origination URI whose next hop asks for it.
    pub origination_uri: OriginationUriId,
    /// The username it goes with.
    pub username: &'a str,
}

/// The account whose webhook a secret signs for; sealed for one account it opens for no other.
#[derive(Debug, Clone, Copy)]
pub struct WebhookSecretContext<'a> {
    /// The account.
    pub account: &'a AuthId,
}

/// One or more master keys. The primary, which comes first, seals; all open.
///
/// Which keys these are can change while others seal and open: each call uses the keys of one moment.
pub struct Keyring {
    keys: ArcSwap<Keys>,
}

/// The keys of one moment. Each key's octets are in memory once, however many rings share it.
struct Keys {
    primary: Arc<MasterKey>,
    others: Vec<Arc<MasterKey>>,
}

impl Keyring {
    /// A keyring of one new key with a random identifier, so that keys of two installations are not mistaken for one
    /// another.
    #[must_use]
    pub fn generate(random: &dyn RandomSource) -> Self {
        Self::of(Keys { primary: Arc::new(MasterKey::generate(random, &[])), others: Vec::new() })
    }

    /// Reads the text form: comment lines starting with `#`, and a line `key <id> <base64 of 32 octets>` per key, the
    /// primary first.
    ///
    /// # Errors
    /// [`KeyringError::BadLine`], [`KeyringError::DuplicateKey`] or [`KeyringError::NoKey`].
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut keys = key_file::parse(text)?.into_iter().map(Arc::new);
        let primary = keys.next().ok_or(KeyringError::NoKey)?;
        Ok(Self::of(Keys { primary, others: keys.collect() }))
    }

    fn of(keys: Keys) -> Self {
        Self { keys: ArcSwap::from_pointee(keys) }
    }

    /// The text form of all keys, for the key file. It is the secret that everything else rests on.
    #[must_use]
    pub fn to_file_text(&self) -> Zeroizing<String> {
        key_file::print(&self.keys.load().all(), None)
    }

    /// The text form of all keys with the comments of the text they replace.
    pub(crate) fn to_file_text_after(&self, before: &str) -> Zeroizing<String> {
        key_file::print(&self.keys.load().all(), Some(before))
    }

    /// The same keys behind a new primary: what a key source must hold before [`switch_to`](Self::switch_to) makes it
    /// seal. The new key's identifier is none that is present.
    #[must_use]
    pub fn with_new_primary(&self, random: &dyn RandomSource) -> Self {
        let others = self.keys.load().all();
        let present: Vec<u32> = others.iter().map(|key| key.id()).collect();
        Self::of(Keys { primary: Arc::new(MasterKey::generate(random, &present)), others })
    }

    /// The primary alone: what remains when nothing is sealed under the other keys any more.
    #[must_use]
    pub fn with_primary_only(&self) -> Self {
        Self::of(Keys { primary: Arc::clone(&self.keys.load().primary), others: Vec::new() })
    }

    /// Has the keys of `next` from now on. What was sealed under a key that `next` lacks opens no more.
    pub fn switch_to(&self, next: &Self) {
        self.keys.store(next.keys.load_full());
    }

    /// The identifiers of the keys that only open.
    #[must_use]
    pub fn other_ids(&self) -> Vec<u32> {
        self.keys.load().others.iter().map(|key| key.id()).collect()
    }

    /// Whether both have the same keys with the same primary.
    #[must_use]
    pub fn has_same_keys(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.keys.load(), other.keys.load());
        let same = |(ours, theirs): (&Arc<MasterKey>, &Arc<MasterKey>)| ours.is_same(theirs);
        ours.others.len() == theirs.others.len() && ours.iter().zip(theirs.iter()).all(same)
    }

    /// Whether a sealed secret names the primary as its key, and so needs no other. Octets that no version of this
    /// crate sealed do not.
    #[must_use]
    pub fn sealed_under_primary(&self, sealed: &Sealed) -> bool {
        Envelope::parse(sealed.as_bytes()).is_ok_and(|envelope| envelope.key_id == self.keys.load().primary.id())
    }

    /// Seals an HA1 of 16 or 32 octets for one place.
    #[must_use]
    pub fn seal_ha1(&self, context: &Ha1Context<'_>, ha1: &[u8], random: &dyn RandomSource) -> Sealed {
        debug_assert!(matches!(ha1.len(), 16 | 32), "an HA1 has 16 or 32 octets");
        let keys = self.keys.load();
        keys.primary.seal(&ha1_place(keys.primary.id(), context), ha1, random)
    }

    /// Opens an HA1 that was sealed for that place. Allocates nothing: signalling calls it for every request.
    ///
    /// # Errors
    /// [`KeyringError::Damaged`], [`KeyringError::UnknownKey`] or [`KeyringError::NotAuthentic`].
    pub fn open_ha1(&self, context: &Ha1Context<'_>, sealed: &Sealed) -> Result<OpenedHa1, KeyringError> {
        let envelope = Envelope::parse(sealed.as_bytes())?;
        let keys = self.keys.load();
        let key = keys.key(envelope.key_id)?;
        let place = ha1_place(key.id(), context);
        OpenedHa1::new(envelope.ciphertext.len(), |octets| key.open(&place, &envelope, octets))
            .unwrap_or(Err(KeyringError::Damaged))
    }

    /// Seals a password of ours at a next hop. Unlike a credential's it can be opened again, since the next hop chooses
    /// the realm under which it asks.
    #[must_use]
    pub fn seal_upstream_secret(
        &self,
        context: &UpstreamSecretContext<'_>,
        password: &[u8],
        random: &dyn RandomSource,
    ) -> Sealed {
        let keys = self.keys.load();
        keys.primary.seal(&upstream_place(keys.primary.id(), context), password, random)
    }

    /// Opens a password that was sealed for that place.
    ///
    /// # Errors
    /// [`KeyringError::Damaged`], [`KeyringError::UnknownKey`] or [`KeyringError::NotAuthentic`].
    pub fn open_upstream_secret(
        &self,
        context: &UpstreamSecretContext<'_>,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        self.open_at(sealed, |key_id| upstream_place(key_id, context))
    }

    /// Seals the secret that an account's webhook messages are signed with.
    #[must_use]
    pub fn seal_webhook_secret(
        &self,
        context: &WebhookSecretContext<'_>,
        secret: &[u8],
        random: &dyn RandomSource,
    ) -> Sealed {
        let keys = self.keys.load();
        keys.primary.seal(&webhook_place(keys.primary.id(), context), secret, random)
    }

    /// Opens a secret that was sealed for that account.
    ///
    /// # Errors
    /// [`KeyringError::Damaged`], [`KeyringError::UnknownKey`] or [`KeyringError::NotAuthentic`].
    pub fn open_webhook_secret(
        &self,
        context: &WebhookSecretContext<'_>,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        self.open_at(sealed, |key_id| webhook_place(key_id, context))
    }

    /// Seals a secret of any length under a name, at which alone it opens again.
    #[must_use]
    pub fn seal_named(&self, name: &str, plain: &[u8], random: &dyn RandomSource) -> Sealed {
        let keys = self.keys.load();
        keys.primary.seal(&named_place(keys.primary.id(), name), plain, random)
    }

    /// Opens a secret that was sealed under that name.
    ///
    /// # Errors
    /// [`KeyringError::Damaged`], [`KeyringError::UnknownKey`] or [`KeyringError::NotAuthentic`].
    pub fn open_named(&self, name: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        self.open_at(sealed, |key_id| named_place(key_id, name))
    }

    fn open_at(&self, sealed: &Sealed, place: impl Fn(u32) -> Place) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let envelope = Envelope::parse(sealed.as_bytes())?;
        let keys = self.keys.load();
        let key = keys.key(envelope.key_id)?;
        let mut plain = Zeroizing::new(vec![0; envelope.ciphertext.len()]);
        key.open(&place(key.id()), &envelope, &mut plain)?;
        Ok(plain)
    }

    /// Seals a secret under a name so that the same secret gives the same octets as long as the primary is the same.
    /// For what is made too often to draw a random nonce each time; whoever sees two can tell whether they are equal.
    #[must_use]
    pub fn seal_repeatably(&self, name: &str, plain: &[u8]) -> Sealed {
        let keys = self.keys.load();
        keys.primary.seal_repeatably(&named_place(keys.primary.id(), name), plain)
    }
}

impl Keys {
    fn iter(&self) -> impl Iterator<Item = &Arc<MasterKey>> {
        std::iter::once(&self.primary).chain(&self.others)
    }

    fn all(&self) -> Vec<Arc<MasterKey>> {
        self.iter().cloned().collect()
    }

    fn key(&self, id: u32) -> Result<&MasterKey, KeyringError> {
        self.iter().find(|key| key.id() == id).map(AsRef::as_ref).ok_or(KeyringError::UnknownKey { id })
    }
}

/// Shows how many keys there are and which, never the keys.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<u32> = self.keys.load().iter().map(|key| key.id()).collect();
        f.debug_struct("Keyring").field("ids", &ids).finish_non_exhaustive()
    }
}

fn ha1_place(key_id: u32, context: &Ha1Context<'_>) -> Place {
    let device = context.device.as_ref().map_or(&[][..], |device| device.as_bytes());
    let parts: [&[u8]; 6] = [
        context.account.as_str().as_bytes(),
        context.credential.as_bytes(),
        context.algorithm.as_str().as_bytes(),
        context.realm.as_str().as_bytes(),
        context.username.as_str().as_bytes(),
        device,
    ];
    match parts {
        // As sealed before there were devices.
        [of_credential @ .., []] => Place::new("ha1", key_id, &of_credential),
        of_device => Place::new("device ha1", key_id, &of_device),
    }
}

fn upstream_place(key_id: u32, context: &UpstreamSecretContext<'_>) -> Place {
    let parts: [&[u8]; 3] =
        [context.account.as_str().as_bytes(), context.origination_uri.as_bytes(), context.username.as_bytes()];
    Place::new("upstream secret", key_id, &parts)
}

fn webhook_place(key_id: u32, context: &WebhookSecretContext<'_>) -> Place {
    Place::new("webhook secret", key_id, &[context.account.as_str().as_bytes()])
}

fn named_place(key_id: u32, name: &str) -> Place {
    Place::new("named", key_id, &[name.as_bytes()])
}
