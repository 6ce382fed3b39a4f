//! What the control plane reads.

use crate::{Pending, StorageError};
use domain::{Account, AccountId, AuthId, Credential, CredentialId, Realm, RealmId, RealmName};

/// A window into a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Most objects to return, 1 to 1000.
    pub limit: u32,
    /// How many to skip.
    pub offset: u64,
}

/// One page of an account's credentials, in order of creation.
#[derive(Debug, Clone)]
pub struct CredentialPage {
    /// The page.
    pub credentials: Vec<Credential>,
    /// How many the account has in all, from the same moment.
    pub total: u64,
}

/// Reads accounts and realms.
pub trait Accounts: Send + Sync {
    /// The account of that auth id.
    ///
    /// # Errors
    /// [`StorageError`].
    fn account(&self, auth_id: AuthId) -> Pending<'_, Result<Option<Account>, StorageError>>;

    /// All accounts in order of creation, with their realms.
    ///
    /// # Errors
    /// [`StorageError`].
    fn accounts(&self) -> Pending<'_, Result<Vec<(Account, Realm)>, StorageError>>;

    /// The realm of that number.
    ///
    /// # Errors
    /// [`StorageError`].
    fn realm(&self, id: RealmId) -> Pending<'_, Result<Option<Realm>, StorageError>>;

    /// The realm of that name.
    ///
    /// # Errors
    /// [`StorageError`].
    fn realm_by_name(&self, name: RealmName) -> Pending<'_, Result<Option<Realm>, StorageError>>;
}

/// Reads credentials.
pub trait Credentials: Send + Sync {
    /// That credential, if the account owns it.
    ///
    /// # Errors
    /// [`StorageError`].
    fn credential(&self, account: AccountId, id: CredentialId)
    -> Pending<'_, Result<Option<Credential>, StorageError>>;

    /// A page of the account's credentials in order of creation, and their number.
    ///
    /// # Errors
    /// [`StorageError`].
    fn credentials(&self, account: AccountId, page: Page) -> Pending<'_, Result<CredentialPage, StorageError>>;
}

/// A setting that belongs to the installation, not to one node's configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SettingName {
    /// The domain under which accounts get their realm and SIP domain.
    BaseDomain,
    /// A sealed constant that only the right master key opens.
    KeyCheck,
}

impl SettingName {
    /// Every setting.
    pub const ALL: [Self; 2] = [Self::BaseDomain, Self::KeyCheck];

    /// The name it is stored under.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BaseDomain => "base_domain",
            Self::KeyCheck => "key_check",
        }
    }
}

/// Reads settings.
pub trait Settings: Send + Sync {
    /// The setting's value, if it was ever written.
    ///
    /// # Errors
    /// [`StorageError`].
    fn setting(&self, name: SettingName) -> Pending<'_, Result<Option<Box<str>>, StorageError>>;
}
