//! Who a verified request comes from.

use directory::{CredentialKey, CredentialSnapshot, RealmEntry, Realms};
use domain::{AccountId, CredentialId};
use sip_message::Uri;
use sip_registrar::AddressOfRecordOwner;

/// A credential, as it was when the digest was verified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'s> {
    pub(crate) realms: &'s Realms,
    pub(crate) realm: &'s RealmEntry,
    pub(crate) username: &'s [u8],
    pub(crate) id: CredentialId,
    pub(crate) account: AccountId,
    pub(crate) generation: u32,
}

impl<'s> Subject<'s> {
    /// Whoever a credential was found for.
    pub(crate) const fn of(
        credential: &CredentialSnapshot,
        (realms, realm): (&'s Realms, &'s RealmEntry),
        username: &'s [u8],
    ) -> Self {
        let CredentialSnapshot { id, account, generation, .. } = *credential;
        Self { realms, realm, username, id, account, generation }
    }

    pub(crate) fn key(&self) -> CredentialKey<'s> {
        CredentialKey { realm: self.realm.id, username: self.username, id: self.id, generation: self.generation }
    }

    /// Whether a host means this subject's realm: it leads there, or it is none of ours and the request was taken for
    /// this realm for want of a better one.
    pub(crate) fn is_at(&self, host: &[u8]) -> bool {
        self.realms.of_host(host).is_none_or(|realm| realm.id == self.realm.id)
    }
}

impl AddressOfRecordOwner for Subject<'_> {
    fn owns(&self, address_of_record: &Uri<'_>) -> bool {
        address_of_record.decoded_user().eq(self.username.iter().copied()) && self.is_at(address_of_record.host)
    }
}
