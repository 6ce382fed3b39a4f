//! Names that we give to others for calling us, which nobody else can guess and which stay the same after a restart.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// Octets of a token: the first 64 bits of an HMAC-SHA-256. As with nonces, a guess can be tried only here.
pub const CONTACT_TOKEN_OCTETS: usize = 8;

/// The key of contact tokens; wiped when dropped. [`crate::NonceIssuer::contact_key`] derives one.
#[derive(Clone)]
pub struct ContactKey(Hmac<Sha256>);

impl ContactKey {
    pub(crate) fn new(octets: &[u8; 32]) -> Self {
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
        Self(Hmac::new((&*block).into()))
    }

    /// The token of a contact of that name.
    #[must_use]
    pub fn token(&self, name: &[u8]) -> [u8; CONTACT_TOKEN_OCTETS] {
        let mut hmac = self.0.clone();
        hmac.update(name);
        let whole: [u8; 32] = hmac.finalize().into_bytes().into();
        let [a, b, c, d, e, f, g, h, ..] = whole;
        [a, b, c, d, e, f, g, h]
    }
}

impl fmt::Debug for ContactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactKey(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use crate::{NonceIssuer, NonceKey};

    #[test]
    fn a_token_follows_from_key_and_name_alone() {
        let [key, again, other] = [(1, 1), (1, 9), (2, 1)]
            .map(|(octet, boot)| NonceIssuer::new(NonceKey::new(&[octet; 32]), boot, 3_600).contact_key());
        assert_eq!(key.token(b"a"), again.token(b"a"), "after a restart");
        assert_ne!(key.token(b"a"), key.token(b"b"));
        assert_ne!(key.token(b"a"), other.token(b"a"));
        assert_eq!(format!("{key:?}"), "ContactKey(<redacted>)");
    }
}
