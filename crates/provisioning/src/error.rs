//! What a use case can refuse, by what its caller can do about it.

use domain::{AuthIdError, HostNameError, RealmNameError};
use storage::{CommitError, Conflict, StorageError};

/// Why a request has no operator. One answer for every cause: which part was wrong is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("missing or wrong X-Auth-ID or X-Auth-Token")]
pub struct AuthenticationError;

/// The operator may not act on that account, whether it exists or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these credentials give no access to that account")]
pub struct ScopeError;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProvisioningError {
    /// The account has no such credential.
    #[error("Credential not found")]
    CredentialNotFound,
    /// No realm of that name.
    #[error("no realm of that name exists; `sipwarden account list` shows all")]
    RealmNotFound,
    /// The realm already has a credential of that username.
    #[error("Username already exists")]
    UsernameTaken,
    /// Another account has that auth id.
    #[error("that auth id is taken; choose another with --auth-id or leave it out")]
    AuthIdTaken,
    /// A host name of the account leads to another realm.
    #[error("the host name {0} already leads to another realm; choose another --auth-id or --realm")]
    HostTaken(String),
    /// The auth id has the wrong form.
    #[error(transparent)]
    AuthId(#[from] AuthIdError),
    /// The realm has the wrong form.
    #[error(transparent)]
    Realm(#[from] RealmNameError),
    /// A host name has the wrong form.
    #[error(transparent)]
    HostName(#[from] HostNameError),
    /// Others kept changing the object at the same time; trying again is fine.
    #[error("the object was changed by others at the same time; try again")]
    Contended,
    /// The storage failed; nothing was changed.
    #[error(transparent)]
    Storage(StorageError),
    /// The change is stored but not yet applied on every node; trying again is safe.
    #[error("the change is stored but not yet applied on every node: {0}")]
    NotAppliedEverywhere(StorageError),
}

impl From<StorageError> for ProvisioningError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<CommitError> for ProvisioningError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Storage(error) => Self::Storage(error),
            CommitError::Conflict(Conflict::UsernameTaken) => Self::UsernameTaken,
            CommitError::Conflict(Conflict::AuthIdTaken) => Self::AuthIdTaken,
            CommitError::Conflict(Conflict::HostTaken) => Self::HostTaken(String::from("of this account")),
            CommitError::Conflict(Conflict::Superseded) => Self::Contended,
            CommitError::Conflict(Conflict::NotFound) => Self::CredentialNotFound,
        }
    }
}

/// Why an installation cannot be opened with these keys.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// The master key is not the one this database was made with.
    #[error(
        "the master key does not fit this database; restore the key file it was created with, or name it with --master-key-file"
    )]
    WrongKey,
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The storage refused to note what was found.
    #[error(transparent)]
    Commit(#[from] CommitError),
}
