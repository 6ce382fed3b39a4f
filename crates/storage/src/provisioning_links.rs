//! Links that make devices, and the addresses desk phones fetch their configuration from.

use crate::{Pending, StorageError};
use domain::{AccountId, ApiTokenHash, Credential, CredentialId, MacAddress, ProvisioningLink, Timestamp};

/// Reads what phones are set up by.
pub trait ProvisioningLinks: Send + Sync {
    /// The link whose token has that hash, however old.
    ///
    /// # Errors
    /// [`StorageError`].
    fn provisioning_link(&self, token: ApiTokenHash) -> Pending<'_, Result<Option<ProvisioningLink>, StorageError>>;

    /// The links of a credential that expire after that moment, in order of creation.
    ///
    /// # Errors
    /// [`StorageError`].
    fn provisioning_links(
        &self,
        credential: CredentialId,
        now: Timestamp,
    ) -> Pending<'_, Result<Vec<ProvisioningLink>, StorageError>>;

    /// Forgets links that have expired by that moment. No revision and no fact comes of it.
    ///
    /// # Errors
    /// [`StorageError`].
    fn forget_provisioning_links(&self, now: Timestamp) -> Pending<'_, Result<(), StorageError>>;

    /// The credential whose live device is the desk phone of that address, among those of an account.
    ///
    /// # Errors
    /// [`StorageError`].
    fn credential_of_desk_phone(
        &self,
        account: AccountId,
        mac: MacAddress,
    ) -> Pending<'_, Result<Option<Credential>, StorageError>>;

    /// How often the address from which an account's desk phones fetch their configuration was replaced.
    ///
    /// # Errors
    /// [`StorageError`].
    fn provisioning_path_number(&self, account: AccountId) -> Pending<'_, Result<u32, StorageError>>;
}
