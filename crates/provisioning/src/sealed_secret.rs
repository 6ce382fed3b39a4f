//! From a password, or from hashes of one, to sealed HA1s, once.

use crate::given_hashes::{GivenHa1s, hash_of};
use crate::password_strength::rate;
use crate::sealing::Sealing;
use crate::{AccountScope, ProvisioningError, WeakPassword};
use domain::{CredentialId, DeviceId, DigestAlgorithm, Password, PasswordScore, Sealed, SealedHa1s, Username};
use keyring::Ha1Context;
use sip_digest::Ha1;

/// What is stored of a password, and what is known about it.
#[derive(Clone)]
pub(crate) struct SealedSecret {
    pub(crate) ha1s: SealedHa1s,
    /// Unknown where only hashes were given.
    pub(crate) score: Option<PasswordScore>,
}

/// Where an HA1 belongs: a credential, or one of its devices.
pub(crate) type Place<'p> = (CredentialId, &'p Username, Option<DeviceId>);

impl SealedSecret {
    /// Refuses a password that is too weak for its account; else it ends its life in HA1s.
    pub(crate) fn of_password(
        sealing: &Sealing,
        scope: &AccountScope,
        (id, username, password): (CredentialId, &Username, Password),
    ) -> Result<Self, WeakPassword> {
        let score = Some(rate(scope, username, &password)?);
        Ok(Self { ha1s: sealing.seal_password(scope, (id, username, None), password), score })
    }

    /// Refuses hashes of which none would be kept.
    pub(crate) fn of_hashes(
        sealing: &Sealing,
        scope: &AccountScope,
        (id, username, given): (CredentialId, &Username, &GivenHa1s),
    ) -> Result<Self, ProvisioningError> {
        if scope.has_retired_md5() && !given.has_stronger_than_md5() {
            return Err(ProvisioningError::Md5Retired);
        }
        let place = (id, username, None);
        let seal = |algorithm| Some(sealing.seal_to(scope, place, (algorithm, given.get(algorithm)?)));
        Ok(Self { ha1s: of_each(seal), score: None })
    }
}

impl Sealing {
    /// Computes HA1 under every algorithm and seals each to its place. The password is dropped (and wiped) here.
    #[expect(clippy::needless_pass_by_value, reason = "taking the password ends its life")]
    pub(crate) fn seal_password(&self, scope: &AccountScope, place: Place<'_>, password: Password) -> SealedHa1s {
        of_each(|algorithm| {
            let ha1 = ha1_of(scope, (place.1, &password), algorithm);
            Some(self.seal_to(scope, place, (algorithm, &ha1)))
        })
    }

    /// Seals an HA1 to its place.
    fn seal_to(
        &self,
        scope: &AccountScope,
        (credential, username, device): Place<'_>,
        (algorithm, ha1): (DigestAlgorithm, &Ha1),
    ) -> Sealed {
        let (account, realm) = (scope.auth_id(), scope.realm_name());
        self.seal_ha1(&Ha1Context { account, credential, algorithm, realm, username, device }, ha1.as_bytes())
    }
}

/// The HA1 of a password in the account's realm.
pub(crate) fn ha1_of(
    scope: &AccountScope,
    (username, password): (&Username, &Password),
    algorithm: DigestAlgorithm,
) -> Ha1 {
    let (username, realm) = (username.as_str().as_bytes(), scope.realm_name().as_str().as_bytes());
    Ha1::compute(hash_of(algorithm), username, realm, password.expose())
}

fn of_each(seal: impl Fn(DigestAlgorithm) -> Option<Sealed>) -> SealedHa1s {
    SealedHa1s {
        md5: seal(DigestAlgorithm::Md5),
        sha256: seal(DigestAlgorithm::Sha256),
        sha512_256: seal(DigestAlgorithm::Sha512_256),
    }
}
