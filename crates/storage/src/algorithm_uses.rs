//! Which algorithms credentials have been used with: written behind, and reported.

use crate::{Page, Pending, StorageError};
use domain::{AccountId, AlgorithmUse, AuthId, CredentialId, Day, RealmId, Username};

/// Whose credentials a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportOf {
    /// Those of one account, without its sub-accounts'.
    Account(AccountId),
    /// All of a realm, whichever account owns them.
    Realm(RealmId),
}

/// Which part of a report is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlgorithmReportRequest {
    /// Whose credentials.
    pub of: ReportOf,
    /// The first day whose uses count.
    pub since: Day,
    /// Which of the credentials that use MD5 are listed.
    pub page: Page,
}

/// Who still uses MD5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlgorithmReport {
    /// The page of credentials that have used MD5 since then, in order of creation.
    pub using_md5: Vec<CredentialAlgorithms>,
    /// How many of each kind there are, from the same moment.
    pub totals: AlgorithmTotals,
}

/// How many credentials use what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AlgorithmTotals {
    /// All of them.
    pub credentials: u64,
    /// Those that have used MD5 since then, whatever else they used.
    pub using_md5: u64,
    /// Those that have used SHA-256 or SHA-512-256 since then, and not MD5. The others were not used at all.
    pub using_sha_only: u64,
    /// Those that have an HA1 under MD5, and so could use it where their realm accepts it.
    pub with_md5_ha1: u64,
}

/// What a credential has been used with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialAlgorithms {
    /// The credential.
    pub id: CredentialId,
    /// The account that owns it.
    pub account: AuthId,
    /// Its username.
    pub username: Username,
    /// One for each algorithm it was ever used with, by name.
    pub uses: Vec<AlgorithmUse>,
}

/// Keeps which algorithms credentials were used with. No revision and no fact comes of it.
pub trait AlgorithmUses: Send + Sync {
    /// Hands over every stored use, for a node's start. Blocks.
    ///
    /// # Errors
    /// [`StorageError`]; some may have been handed over before.
    fn load_algorithm_uses(&self, each: &mut dyn FnMut(AlgorithmUse)) -> Result<(), StorageError>;

    /// Stores uses: the first day only ever moves back, the last day and its User-Agent only ever forward. One whose
    /// credential is gone is left out; a credential's uses go with it.
    ///
    /// # Errors
    /// [`StorageError`]; nothing was stored then.
    fn save_algorithm_uses(&self, uses: Vec<AlgorithmUse>) -> Pending<'_, Result<(), StorageError>>;

    /// Who still uses MD5. Costs in proportion to the credentials it is about.
    ///
    /// # Errors
    /// [`StorageError`].
    fn algorithm_report(&self, request: AlgorithmReportRequest) -> Pending<'_, Result<AlgorithmReport, StorageError>>;
}
