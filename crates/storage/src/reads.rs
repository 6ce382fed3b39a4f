//! What the control plane reads.

use crate::{CredentialSearch, Pending, RememberedAnswer, StorageError};
use domain::{
    Account, AccountId, ApiToken, AuthId, Credential, CredentialId, HostName, OperatorToken, Realm, RealmId, RealmName,
    Timestamp, TokenId, Username,
};

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
    /// The last one's number, if others follow: where the next page begins.
    pub next: Option<CredentialNumber>,
}

/// A credential's place in the order of creation; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CredentialNumber(pub u64);

/// One page of accounts, in order of creation.
#[derive(Debug, Clone)]
pub struct AccountPage {
    /// The page, each account with its realm.
    pub accounts: Vec<(Account, Realm)>,
    /// How many there are in all, from the same moment.
    pub total: u64,
}

/// Which sub-accounts a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubAccountFilter {
    /// All of them.
    All,
    /// Those that are enabled.
    Enabled,
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

    /// A page of the sub-accounts of an account, in order of creation, and how many match in all.
    ///
    /// # Errors
    /// [`StorageError`].
    fn sub_accounts(
        &self,
        parent: AccountId,
        filter: SubAccountFilter,
        page: Page,
    ) -> Pending<'_, Result<AccountPage, StorageError>>;

    /// The host names given to an account, in alphabetical order, its SIP domain among them.
    ///
    /// # Errors
    /// [`StorageError`].
    fn hosts(&self, account: AccountId) -> Pending<'_, Result<Vec<HostName>, StorageError>>;

    /// Every realm, by name.
    ///
    /// # Errors
    /// [`StorageError`].
    fn realms(&self) -> Pending<'_, Result<Vec<Realm>, StorageError>>;

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

    /// At most `limit` of the account's credentials created after that one, which may be gone by now. Costs the same
    /// anywhere in the list.
    ///
    /// # Errors
    /// [`StorageError`].
    fn credentials_after(
        &self,
        account: AccountId,
        after: CredentialNumber,
        limit: u32,
    ) -> Pending<'_, Result<CredentialPage, StorageError>>;

    /// The account's credentials that somebody looks for, and how many there are; there is no next number.
    ///
    /// # Errors
    /// [`StorageError`].
    fn find_credentials(&self, search: CredentialSearch) -> Pending<'_, Result<CredentialPage, StorageError>>;

    /// The account's credential of that username.
    ///
    /// # Errors
    /// [`StorageError`].
    fn credential_by_username(
        &self,
        account: AccountId,
        username: Username,
    ) -> Pending<'_, Result<Option<Credential>, StorageError>>;

    /// The realm's credentials of those usernames, of whichever accounts, in any order.
    ///
    /// # Errors
    /// [`StorageError`].
    fn credentials_by_usernames(
        &self,
        realm: RealmId,
        usernames: Vec<Username>,
    ) -> Pending<'_, Result<Vec<Credential>, StorageError>>;

    /// At most `limit` credentials of all accounts with their numbers, created after that one or from the beginning.
    ///
    /// # Errors
    /// [`StorageError`].
    fn credentials_of_all_accounts(
        &self,
        after: Option<CredentialNumber>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<(CredentialNumber, Credential)>, StorageError>>;

    /// At most `limit` credentials of all accounts whose generation before, or a revoked device, is to be forgotten by
    /// that moment.
    ///
    /// # Errors
    /// [`StorageError`].
    fn credentials_with_outdated_passwords(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Pending<'_, Result<Vec<Credential>, StorageError>>;
}

/// When a token was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenUse {
    /// Which, of an account or the operator's.
    pub token: TokenId,
    /// When.
    pub at: Timestamp,
}

/// Reads tokens, and keeps when they were last used.
pub trait Tokens: Send + Sync {
    /// The account's API tokens, in order of creation.
    ///
    /// # Errors
    /// [`StorageError`].
    fn api_tokens(&self, account: AccountId) -> Pending<'_, Result<Vec<ApiToken>, StorageError>>;

    /// The tokens for the operator API, in order of creation.
    ///
    /// # Errors
    /// [`StorageError`].
    fn operator_tokens(&self) -> Pending<'_, Result<Vec<OperatorToken>, StorageError>>;

    /// Stores last uses. No revision and no fact comes of it; a token that is gone, or was used later, is left alone.
    ///
    /// # Errors
    /// [`StorageError`]; nothing was stored then.
    fn save_token_uses(&self, uses: Vec<TokenUse>) -> Pending<'_, Result<(), StorageError>>;
}

/// Reads answers remembered for repeated requests, and forgets old ones.
pub trait Answers: Send + Sync {
    /// The answer remembered for that key of the account (`None`: of the operator), however old.
    ///
    /// # Errors
    /// [`StorageError`].
    fn remembered_answer(
        &self,
        account: Option<AccountId>,
        key: [u8; 32],
    ) -> Pending<'_, Result<Option<RememberedAnswer>, StorageError>>;

    /// At most `limit` remembered answers that follow the given one in some fixed order, or from the beginning.
    ///
    /// # Errors
    /// [`StorageError`].
    fn remembered_answers(
        &self,
        after: Option<(Option<AccountId>, [u8; 32])>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<RememberedAnswer>, StorageError>>;

    /// Forgets answers of before that moment. No revision and no fact comes of it.
    ///
    /// # Errors
    /// [`StorageError`].
    fn forget_answers(&self, before: Timestamp) -> Pending<'_, Result<(), StorageError>>;
}

/// A setting that belongs to the installation, not to one node's configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SettingName {
    /// The domain under which accounts get their realm and SIP domain.
    BaseDomain,
    /// A sealed constant that only the right master key opens.
    KeyCheck,
    /// The auth id of the account whose realm answers requests that name no host of ours.
    DefaultAccount,
    /// The sealed key that vouches for nonces, so that changing the master key leaves nonces alone.
    NonceKey,
    /// The sealed key from which the passwords and addresses of desk phones are derived.
    DerivationKey,
}

impl SettingName {
    /// Every setting.
    pub const ALL: [Self; 5] =
        [Self::BaseDomain, Self::KeyCheck, Self::DefaultAccount, Self::NonceKey, Self::DerivationKey];

    /// The name it is stored under.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BaseDomain => "base_domain",
            Self::KeyCheck => "key_check",
            Self::DefaultAccount => "default_account",
            Self::NonceKey => "nonce_key",
            Self::DerivationKey => "derivation_key",
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
