//! Reads of trunks and of what belongs to them.

use crate::{Page, Pending, StorageError};
use domain::{AccountId, E164, IpAcl, IpAclId, Number, OriginationUri, OriginationUriId, Trunk, TrunkId};

/// One page of a list in order of creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The page.
    pub objects: Vec<T>,
    /// How many there are in all, from the same moment.
    pub total: u64,
}

/// Whose numbers a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumbersOf {
    /// One account's.
    Account(AccountId),
    /// Everybody's.
    Installation,
}

/// Reads trunks, IP access lists, origination URIs and numbers; what another account owns is not there.
pub trait Trunks: Send + Sync {
    /// That trunk, if the account owns it.
    ///
    /// # Errors
    /// [`StorageError`].
    fn trunk(&self, account: AccountId, id: TrunkId) -> Pending<'_, Result<Option<Trunk>, StorageError>>;

    /// A page of the account's trunks.
    ///
    /// # Errors
    /// [`StorageError`].
    fn trunks(&self, account: AccountId, page: Page) -> Pending<'_, Result<Listed<Trunk>, StorageError>>;

    /// That entry of an access list, if the account owns it.
    ///
    /// # Errors
    /// [`StorageError`].
    fn ip_acl(&self, account: AccountId, id: IpAclId) -> Pending<'_, Result<Option<IpAcl>, StorageError>>;

    /// A page of the account's access list.
    ///
    /// # Errors
    /// [`StorageError`].
    fn ip_acls(&self, account: AccountId, page: Page) -> Pending<'_, Result<Listed<IpAcl>, StorageError>>;

    /// That origination URI, if the account owns it.
    ///
    /// # Errors
    /// [`StorageError`].
    fn origination_uri(
        &self,
        account: AccountId,
        id: OriginationUriId,
    ) -> Pending<'_, Result<Option<OriginationUri>, StorageError>>;

    /// A page of the account's origination URIs.
    ///
    /// # Errors
    /// [`StorageError`].
    fn origination_uris(
        &self,
        account: AccountId,
        page: Page,
    ) -> Pending<'_, Result<Listed<OriginationUri>, StorageError>>;

    /// At most `limit` origination URIs with a secret, of all accounts, in order of their identifiers after that one.
    ///
    /// # Errors
    /// [`StorageError`].
    fn origination_uris_with_secret(
        &self,
        after: Option<OriginationUriId>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<OriginationUri>, StorageError>>;

    /// Whether the account has an origination URI of that text.
    ///
    /// # Errors
    /// [`StorageError`].
    fn has_origination_uri(&self, account: AccountId, uri: Box<str>) -> Pending<'_, Result<bool, StorageError>>;

    /// That number, whoever has it.
    ///
    /// # Errors
    /// [`StorageError`].
    fn number(&self, e164: E164) -> Pending<'_, Result<Option<Number>, StorageError>>;

    /// A page of numbers, in order of allocation.
    ///
    /// # Errors
    /// [`StorageError`].
    fn numbers(&self, of: NumbersOf, page: Page) -> Pending<'_, Result<Listed<Number>, StorageError>>;

    /// The numbers assigned to a trunk of the account, in numerical order, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError`].
    fn numbers_of_trunk(
        &self,
        account: AccountId,
        trunk: TrunkId,
        limit: u32,
    ) -> Pending<'_, Result<Vec<Number>, StorageError>>;
}
