//! One master key and what is derived from it.

use crate::KeyringError;
use crate::envelope::{Envelope, NONCE_LENGTH, Place};
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm};
use domain::{RandomSource, Sealed};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A master key with the cipher of its sealing key set up once, because signalling opens a secret per request.
pub(crate) struct MasterKey {
    id: u32,
    octets: Zeroizing<[u8; 32]>,
    cipher: Aes256Gcm,
}

impl MasterKey {
    pub fn new(id: u32, octets: Zeroizing<[u8; 32]>) -> Self {
        let sealing_key = derive(&octets, "sealing key", "AES-256-GCM");
        Self { id, octets, cipher: Aes256Gcm::new((&*sealing_key).into()) }
    }

    /// A new key whose identifier is a random one, or the next that is not taken.
    pub fn generate(random: &dyn RandomSource, taken: &[u32]) -> Self {
        let mut id = [0; 4];
        random.fill(&mut id);
        let mut id = u32::from_be_bytes(id);
        while taken.contains(&id) {
            id = id.wrapping_add(1);
        }
        let mut octets = Zeroizing::new([0; 32]);
        random.fill(octets.as_mut());
        Self::new(id, octets)
    }

    pub fn id(&self) -> u32 {
        self.id
    }

    pub fn expose(&self) -> &[u8; 32] {
        &self.octets
    }

    /// Whether both are the same key under the same identifier.
    pub fn is_same(&self, other: &Self) -> bool {
        let difference =
            self.octets.iter().zip(other.octets.iter()).fold(0, |sum, (ours, theirs)| sum | (ours ^ theirs));
        self.id == other.id && difference == 0
    }

    pub fn seal(&self, place: &Place, plain: &[u8], random: &dyn RandomSource) -> Sealed {
        let mut nonce = [0; NONCE_LENGTH];
        random.fill(&mut nonce);
        self.seal_with(nonce, place, plain)
    }

    /// The nonce is a keyed hash of place and secret: it repeats only where both do, and then gives away only that.
    pub fn seal_repeatably(&self, place: &Place, plain: &[u8]) -> Sealed {
        let nonce_key = derive(&self.octets, "nonce key", "AES-256-GCM");
        let hash = keyed_hash(&nonce_key, &[place.as_bytes(), plain]);
        let mut nonce = [0; NONCE_LENGTH];
        nonce.iter_mut().zip(hash.iter()).for_each(|(nonce, hash)| *nonce = *hash);
        self.seal_with(nonce, place, plain)
    }

    #[expect(clippy::expect_used, reason = "AES-GCM refuses only texts above 64 GiB, which no caller holds in memory")]
    fn seal_with(&self, nonce: [u8; NONCE_LENGTH], place: &Place, plain: &[u8]) -> Sealed {
        let mut buffer = Zeroizing::new(plain.to_vec());
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce.into(), place.as_bytes(), InOutBuf::from(buffer.as_mut_slice()))
            .expect("a secret shorter than 64 GiB");
        let envelope = Envelope { key_id: self.id, nonce, ciphertext: &buffer, tag: tag.into() };
        Sealed::from_bytes(envelope.to_octets())
    }

    /// Opens into `plain`, which has the ciphertext's length. It holds nothing of the secret after an error, because
    /// the tag is checked before anything is decrypted.
    pub fn open(&self, place: &Place, envelope: &Envelope<'_>, plain: &mut [u8]) -> Result<(), KeyringError> {
        let buffer = InOutBuf::new(envelope.ciphertext, plain).map_err(|_| KeyringError::Damaged)?;
        self.cipher
            .decrypt_inout_detached(&envelope.nonce.into(), place.as_bytes(), buffer, &envelope.tag.into())
            .map_err(|_| KeyringError::NotAuthentic)
    }
}

/// HMAC-SHA-256 as a key derivation (NIST SP 800-108 with a single block): purpose and label tell the keys apart.
fn derive(master: &[u8; 32], purpose: &str, label: &str) -> Zeroizing<[u8; 32]> {
    keyed_hash(master, &[b"sipwarden", purpose.as_bytes(), label.as_bytes()])
}

/// HMAC-SHA-256 over parts, each preceded by its length.
#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
fn keyed_hash(key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}
