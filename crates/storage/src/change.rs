//! Changes as values.

use crate::{CommitError, Pending, SettingName};
use domain::{
    AccountId, ApiTokenHash, AuditEvent, AuthId, ChallengePolicy, Credential, CredentialId, HostName, RealmId,
    RealmName, Revision, Timestamp,
};

/// One change with the precondition it stands or falls with.
#[derive(Debug, Clone)]
pub enum Change {
    /// Creates an account, its realm unless one of that name exists, its host names and its first API token.
    ///
    /// Conflicts: [`AuthIdTaken`](crate::Conflict::AuthIdTaken), [`HostTaken`](crate::Conflict::HostTaken) (one of
    /// `hosts` leads to another realm).
    CreateAccount(NewAccount),
    /// Creates a credential; `revision` in it is ignored. Conflicts:
    /// [`UsernameTaken`](crate::Conflict::UsernameTaken), [`NotFound`](crate::Conflict::NotFound) (no such account, or
    /// the realm is not the account's).
    CreateCredential(Credential),
    /// Replaces a credential if its stored revision is still the one in `credential`, and says what becomes of its
    /// registrations. Username, realm and creation time stay as stored. Conflicts: [`Superseded`](crate::Conflict::Superseded),
    /// [`NotFound`](crate::Conflict::NotFound).
    UpdateCredential {
        /// The new state, carrying the revision it was made from.
        credential: Credential,
        /// What happens to stored registrations in the same transaction.
        registrations: RegistrationsAfter,
    },
    /// Deletes a credential and its registrations. Conflict: [`NotFound`](crate::Conflict::NotFound).
    DeleteCredential {
        /// The account that must own it.
        account: AccountId,
        /// The credential.
        id: CredentialId,
    },
    /// Changes a realm's challenge policy. Conflict: [`NotFound`](crate::Conflict::NotFound).
    SetChallengePolicy {
        /// The realm.
        realm: RealmId,
        /// Its new policy.
        policy: ChallengePolicy,
    },
    /// Writes a setting of the installation, replacing any earlier value.
    PutSetting {
        /// Which.
        name: SettingName,
        /// Its new value.
        value: Box<str>,
    },
}

/// What becomes of a credential's registrations when it is updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationsAfter {
    /// They stay.
    Keep,
    /// They are removed with the change: it was disabled, or its password was replaced.
    Remove,
}

/// An account to be created.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its public identifier.
    pub auth_id: AuthId,
    /// What people call it.
    pub name: Box<str>,
    /// The realm of its credentials; joined if it exists, else created with `challenge_policy`.
    pub realm: RealmName,
    /// The policy of a realm that is created.
    pub challenge_policy: ChallengePolicy,
    /// Its own legal SIP domain.
    pub sip_domain: HostName,
    /// Host names that lead to the realm from now on, the SIP domain among them.
    pub hosts: Vec<HostName>,
    /// The hash of its first API token.
    pub token: ApiTokenHash,
    /// When it is created.
    pub created_at: Timestamp,
}

/// Changes committed whole or not at all, with the audit record of why.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// In the order they apply.
    pub changes: Vec<Change>,
    /// Written in the same transaction. Where a set creates an account, whose number is not known before, the adapter
    /// fills in an absent `account`.
    pub audit: AuditEvent,
}

/// Commits change sets durably.
pub trait Commit: Send + Sync {
    /// Commits the set. When this answers, the data is on disk and every local [`Follower`](crate::Follower) has been
    /// handed the facts; whether other nodes have is for [`Coherence`](crate::Coherence) to say.
    ///
    /// Dropping the future after its first poll does not take the set back.
    ///
    /// # Errors
    /// [`CommitError`]; nothing of the set was stored then, unless the text of
    /// [`Unavailable`](crate::StorageError::Unavailable) says that the outcome is unknown.
    fn commit(&self, set: ChangeSet) -> Pending<'_, Result<Revision, CommitError>>;
}
