//! What can go wrong, by what the caller can do about it.

/// A failure of the storage itself. The text is for the log; callers act on the variant.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// The storage cannot take or give data now (lost connection, too busy); trying again later may succeed.
    #[error("storage is unavailable: {0}")]
    Unavailable(String),
    /// There is no room left on the disk; nothing was changed, and the next try after room was made succeeds.
    #[error("the disk is full; free some space on it")]
    Full,
    /// The connection to the storage broke while it was at work: what was asked may or may not have been stored.
    #[error("it is not known whether the storage took it: {0}")]
    Unknown(String),
    /// Stored data contradicts itself or cannot be read; trying again will not help.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
}

/// Which rule of uniqueness or order a change met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The realm already has a credential of that username.
    UsernameTaken,
    /// Another account has that auth id.
    AuthIdTaken,
    /// The host name leads to another realm already, or is a trunk's.
    HostTaken,
    /// Another device of the account is that desk phone.
    MacTaken,
    /// The account has as many provisioning links as it may have.
    TooManyLinks,
    /// The number is allocated already.
    NumberTaken,
    /// What a trunk or a number was to refer to is not there (any more).
    NothingToReferTo,
    /// Another request of the account was remembered under that idempotency key already.
    KeyUsed,
    /// The account still has sub-accounts.
    HasSubAccounts,
    /// The object was changed since it was read; read it again and decide anew.
    Superseded,
    /// The object to change or delete is not there (any more).
    NotFound,
}

/// Why a change set was not committed. Nothing of it was, except perhaps after [`StorageError::Unknown`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// A precondition did not hold.
    #[error("the change conflicts with stored data: {0:?}")]
    Conflict(Conflict),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
