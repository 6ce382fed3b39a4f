//! From a password to sealed HA1s, once.

use crate::AccountScope;
use crate::sealing::Sealing;
use domain::{CredentialId, DigestAlgorithm, Password, Sealed, SealedHa1s, Username};
use keyring::Ha1Context;
use sip_digest::{Ha1, HashAlgorithm};

impl Sealing {
    /// Computes HA1 under every algorithm and seals each to its place. The password is dropped (and wiped) here.
    #[expect(clippy::needless_pass_by_value, reason = "taking the password ends its life")]
    pub(crate) fn seal_password(
        &self,
        scope: &AccountScope,
        credential: CredentialId,
        username: &Username,
        password: Password,
    ) -> SealedHa1s {
        let seal = |hash: HashAlgorithm, algorithm: DigestAlgorithm| -> Option<Sealed> {
            let realm = scope.realm_name();
            let ha1 = Ha1::compute(hash, username.as_str().as_bytes(), realm.as_str().as_bytes(), password.expose());
            let context = Ha1Context { account: scope.auth_id(), credential, algorithm, realm, username };
            Some(self.seal_ha1(&context, ha1.as_bytes()))
        };
        SealedHa1s {
            md5: seal(HashAlgorithm::Md5, DigestAlgorithm::Md5),
            sha256: seal(HashAlgorithm::Sha256, DigestAlgorithm::Sha256),
            sha512_256: seal(HashAlgorithm::Sha512_256, DigestAlgorithm::Sha512_256),
        }
    }
}
