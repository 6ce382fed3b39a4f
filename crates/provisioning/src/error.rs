//! What a use case can refuse, by what its caller can do about it.

use crate::WeakPassword;
use domain::{AuthIdError, HostName, HostNameError, RealmNameError, Timestamp};
use std::fmt;
use storage::{CommitError, Conflict, StorageError};

/// Why a request has no operator. One answer for every cause: which part was wrong is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("missing or wrong X-Auth-ID or X-Auth-Token")]
pub struct AuthenticationError;

/// A request to the operator API has no valid token. One answer for every cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("missing or wrong operator token; `sipwarden operator-token create` makes one")]
pub struct OperatorAuthenticationError;

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
    /// The password is easier to guess than the account allows.
    #[error("the password {0}")]
    WeakPassword(WeakPassword),
    /// Nothing would be left of the hashes.
    #[error("MD5 was retired for the realm, and hashes under it are not kept; give ha1_sha256, or the password")]
    Md5Retired,
    /// The credential has no such device, or it was revoked.
    #[error("Device not found")]
    DeviceNotFound,
    /// The credential has as many devices as it may have.
    #[error("the credential has {} devices already; revoke one that is not used", domain::Devices::MOST)]
    TooManyDevices,
    /// The desk phone is a device already.
    #[error("another device of the account is that desk phone; revoke it first")]
    MacTaken,
    /// The credential has no such provisioning link, or it was spent or has expired.
    #[error("Provisioning link not found; it may have been used, or have expired")]
    ProvisioningLinkNotFound,
    /// The account has as many provisioning links as it may have.
    #[error(
        "the account has {} provisioning links that were not used; delete some, or wait until they expire",
        crate::limits::MAX_PROVISIONING_LINKS
    )]
    TooManyProvisioningLinks,
    /// The account has no such trunk.
    #[error("Trunk not found")]
    TrunkNotFound,
    /// The account has no such entry in its IP access list.
    #[error("IP access list entry not found")]
    IpAclNotFound,
    /// The account has no such origination URI.
    #[error("Origination URI not found")]
    OriginationUriNotFound,
    /// The origination URI has no secret.
    #[error("the origination URI has no secret")]
    UpstreamSecretNotFound,
    /// The account has no webhook.
    #[error("the account has no webhook; PUT its call-webhook to create it")]
    WebhookNotFound,
    /// The account's webhook has no URL of its own.
    #[error("the webhook has no URL, so there is nowhere to send a test to; PUT one first")]
    WebhookWithoutUrl,
    /// The account has no such number.
    #[error("Number not found")]
    NumberNotFound,
    /// No account of that auth id, or not where it was looked for.
    #[error("Account not found")]
    AccountNotFound,
    /// The account, or the operator, has no such token.
    #[error("Token not found")]
    TokenNotFound,
    /// The credential has no such registration, or it has ended.
    #[error("Registration not found")]
    RegistrationNotFound,
    /// No such call of the account is up.
    #[error("Call not found; it may have ended: its record is among the account's cdrs")]
    CallNotFound,
    /// No such ban holds, or it is another account's.
    #[error("Ban not found; it may have ended by now")]
    BanNotFound,
    /// No such call of the account has left a record.
    #[error("Call record not found; calls that are up have none yet")]
    CallRecordNotFound,
    /// A credential is not deleted under a call.
    #[error(
        "the credential has {} up; end them first with DELETE on its calls, or disable it and wait",
        Calls(*.0)
    )]
    CredentialHasCalls(u64),
    /// A trunk is not deleted under a call.
    #[error("the trunk has {} up; set its status to inactive, and end them or wait until they are over", Calls(*.0))]
    TrunkHasCalls(u64),
    /// That host name was not given to the account.
    #[error("Host name not found")]
    HostNotFound,
    /// While the request was being read or decided, its token was revoked or expired, or its account was disabled.
    #[error("the token was revoked while the request was under way; nothing was changed")]
    AccessEnded,
    /// The token to be made would never work.
    #[error("the expiry has passed already; give a moment in the future, or none")]
    ExpiryPassed,
    /// An account may not lock itself out.
    #[error("this is the account's last valid token of scope all; make another before revoking it")]
    LastToken,
    /// The account, or the operator, has as many tokens as there may be.
    #[error("there are {} tokens already; revoke one that is not used", crate::limits::MAX_TOKENS_PER_ACCOUNT)]
    TooManyTokens,
    /// The account has as many sub-accounts as it may.
    #[error("the account has {} sub-accounts already; delete one that is not used", crate::limits::MAX_SUB_ACCOUNTS)]
    TooManySubAccounts,
    /// The account has as many host names as it may.
    #[error("the account has {} host names already; remove one that is not used", crate::limits::MAX_HOSTS_PER_ACCOUNT)]
    TooManyHosts,
    /// There is one level of sub-accounts.
    #[error("a sub-account has no sub-accounts of its own; use its parent")]
    SubAccountsOfSubAccount,
    /// The account cannot be deleted before its sub-accounts.
    #[error("the account still has sub-accounts; delete them first")]
    HasSubAccounts,
    /// The name is not the operator's to give.
    #[error(
        "{0} cannot be given to an account: it is an address, lies under the base domain, or belongs to another account"
    )]
    HostReserved(HostName),
    /// The name belongs to the account for life.
    #[error("{0} is the account's own SIP domain or its realm's name and stays; disable or delete the account instead")]
    HostIsFixed(HostName),
    /// Another request was answered under that idempotency key.
    #[error("that Idempotency-Key was used for another request; use a new one")]
    KeyUsed,
    /// No realm of that name.
    #[error("no realm of that name exists; `sipwarden account list` shows all")]
    RealmNotFound,
    /// The realm already has a credential of that username.
    #[error("Username already exists")]
    UsernameTaken,
    /// One rotation at a time: a third password would end the first before its time.
    #[error("the overlap of an earlier rotation still runs; end it with DELETE on the credential's rotate, or wait")]
    OverlapUnderWay(Timestamp),
    /// The number is allocated to some account.
    #[error("the number is allocated already; release it first")]
    NumberTaken,
    /// The number is assigned to another trunk.
    #[error("the number is assigned to another trunk; unassign it first")]
    NumberAssigned,
    /// The account has nothing of that kind under the id or name that was given.
    #[error("this account has no such {0}; create it first, or use one from the list")]
    UnknownReference(&'static str),
    /// A next hop that is this server.
    #[error("{0} leads to this server; an origination URI names the gateway that calls are sent to")]
    LeadsToUs(HostName),
    /// What a trunk or a number was to refer to was deleted meanwhile.
    #[error("something it refers to was deleted meanwhile; read the lists again")]
    NothingToReferTo,
    /// The account has as many of these as it may.
    #[error("the account has {} of these already; delete one that is not used", crate::limits::MAX_OF_A_KIND)]
    TooMany,
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
    /// A cursor that this list of this account never gave, or gave before the master keys changed.
    #[error("the cursor is none of this list, or too old; start again with an empty one")]
    BadCursor,
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

impl ProvisioningError {
    /// Names what was not there, where it was not a credential.
    pub(crate) fn if_not_found(self, what: Self) -> Self {
        if matches!(self, Self::CredentialNotFound) { what } else { self }
    }
}

impl From<WeakPassword> for ProvisioningError {
    fn from(weak: WeakPassword) -> Self {
        Self::WeakPassword(weak)
    }
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
            CommitError::Conflict(Conflict::NumberTaken) => Self::NumberTaken,
            CommitError::Conflict(Conflict::MacTaken) => Self::MacTaken,
            CommitError::Conflict(Conflict::TooManyLinks) => Self::TooManyProvisioningLinks,
            CommitError::Conflict(Conflict::NothingToReferTo) => Self::NothingToReferTo,
            CommitError::Conflict(Conflict::KeyUsed) => Self::KeyUsed,
            CommitError::Conflict(Conflict::HasSubAccounts) => Self::HasSubAccounts,
            CommitError::Conflict(Conflict::Superseded) => Self::Contended,
            CommitError::Conflict(Conflict::NotFound) => Self::CredentialNotFound,
        }
    }
}

/// So many calls, in words.
struct Calls(u64);

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "call" } else { "calls" })
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
