//! When credentials were last used: written behind, and reported together with the age of their passwords.

use crate::{Page, Pending, StorageError};
use domain::{AccountId, CredentialId, CredentialUse, Timestamp, Username};

/// Which of an account's credentials a report lists, and from when it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredentialReportRequest {
    /// Whose credentials.
    pub account: AccountId,
    /// Those whose password was set before that moment; `None` asks for none of them.
    pub password_before: Option<Timestamp>,
    /// Those that were not used since that moment, and are older than it; `None` asks for none of them.
    pub unused_since: Option<Timestamp>,
    /// The present moment, by which credentials have expired.
    pub now: Timestamp,
    /// Which part of the list.
    pub page: Page,
}

/// Which credentials want looking after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialReport {
    /// The page of those that were asked for, in order of creation.
    pub listed: Vec<CredentialStanding>,
    /// How many of each kind there are, from the same moment.
    pub totals: CredentialTotals,
}

/// How many credentials are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CredentialTotals {
    /// All of them.
    pub credentials: u64,
    /// Those of which no use is known.
    pub never_used: u64,
    /// Those that were not used since the moment asked for.
    pub unused: u64,
    /// Those whose password was set before the moment asked for.
    pub password_old: u64,
    /// Those that have expired.
    pub expired: u64,
    /// Those that the list is about: unused, or with an old password.
    pub listed: u64,
}

/// What is known of one credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialStanding {
    /// The credential.
    pub id: CredentialId,
    /// Its username.
    pub username: Username,
    /// Whether it authenticates anyone.
    pub enabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its password was last set.
    pub password_changed_at: Timestamp,
    /// When it was last used, to a day where no more is known; `None` if no use is known.
    pub last_used_at: Option<Timestamp>,
    /// From when on it authenticates nobody.
    pub expires_at: Option<Timestamp>,
    /// Whether its password was set before the moment asked for.
    pub password_old: bool,
    /// Whether it was not used since the moment asked for.
    pub unused: bool,
}

/// Keeps when credentials were last used. No revision and no fact comes of it.
pub trait CredentialUses: Send + Sync {
    /// Stores last uses, of credentials and of those devices whose secrets they name. One that is earlier than the stored
    /// one, or whose credential is gone, is left out; a credential's last use goes with it, and so does a device's.
    ///
    /// # Errors
    /// [`StorageError`]; nothing was stored then.
    fn save_credential_uses(&self, uses: Vec<CredentialUse>) -> Pending<'_, Result<(), StorageError>>;

    /// The last use of a credential, if one is known.
    ///
    /// # Errors
    /// [`StorageError`].
    fn credential_use(&self, credential: CredentialId) -> Pending<'_, Result<Option<CredentialUse>, StorageError>>;

    /// The last uses of a credential's devices, each naming the device by the number of its secret.
    ///
    /// # Errors
    /// [`StorageError`].
    fn device_uses(&self, credential: CredentialId) -> Pending<'_, Result<Vec<CredentialUse>, StorageError>>;

    /// Which credentials want looking after. Costs in proportion to the account's credentials.
    ///
    /// # Errors
    /// [`StorageError`].
    fn credential_report(
        &self,
        request: CredentialReportRequest,
    ) -> Pending<'_, Result<CredentialReport, StorageError>>;
}
