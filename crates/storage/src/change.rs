//! Changes as values.

use crate::{CommitError, Pending, SettingName};
use domain::{
    AccountId, AccountProfile, AccountSettings, ApiId, ApiToken, ApiTokenHash, AuditEvent, AuthId, BindingId,
    CallLimits, ChallengePolicy, Credential, CredentialId, Devices, E164, HostName, IpAcl, IpAclId, Number,
    OperatorToken, OriginationUri, OriginationUriId, PreviousGeneration, ProvisioningLink, ProvisioningLinkId, RealmId,
    RealmName, Revision, Sealed, SealedHa1s, Timestamp, TokenId, TokenScope, Trunk, TrunkId, Webhook, WebhookSecret,
};

/// One change with the precondition it stands or falls with.
#[derive(Debug, Clone)]
pub enum Change {
    /// Creates an account, its realm unless one of that name exists, its host names and its first API token.
    ///
    /// Conflicts: [`AuthIdTaken`](crate::Conflict::AuthIdTaken), [`HostTaken`](crate::Conflict::HostTaken) (one of
    /// `hosts` leads to another realm), [`NotFound`](crate::Conflict::NotFound) (no such parent, or it is a sub-account
    /// itself).
    CreateAccount(NewAccount),
    /// Changes an account, and with `Remove` ends the registrations of it and its sub-accounts. Conflict:
    /// [`NotFound`](crate::Conflict::NotFound).
    UpdateAccount {
        /// The account.
        id: AccountId,
        /// What changes about it.
        patch: AccountPatch,
        /// What happens to stored registrations in the same transaction.
        registrations: RegistrationsAfter,
    },
    /// Deletes an account with its trunks and what belongs to them, credentials, registrations, host names, tokens and
    /// remembered answers; its numbers are nobody's then, and its realm stays known. Conflicts: [`NotFound`](crate::Conflict::NotFound),
    /// [`HasSubAccounts`](crate::Conflict::HasSubAccounts).
    DeleteAccount(AccountId),
    /// Lets a host name lead to the account's realm; nothing happens if it does already. Conflicts:
    /// [`HostTaken`](crate::Conflict::HostTaken) (it leads to another realm), [`NotFound`](crate::Conflict::NotFound).
    AddHost {
        /// The account.
        account: AccountId,
        /// The name.
        host: HostName,
    },
    /// Takes a host name that was given to the account away. Conflict: [`NotFound`](crate::Conflict::NotFound).
    RemoveHost {
        /// The account.
        account: AccountId,
        /// The name.
        host: HostName,
    },
    /// Creates an API token. Conflict: [`NotFound`](crate::Conflict::NotFound) (no such account).
    CreateApiToken(ApiToken),
    /// Revokes an API token. Conflict: [`NotFound`](crate::Conflict::NotFound).
    RevokeApiToken {
        /// The account that must own it.
        account: AccountId,
        /// The token.
        id: TokenId,
    },
    /// Creates a token for the operator API.
    CreateOperatorToken(OperatorToken),
    /// Revokes a token for the operator API. Conflict: [`NotFound`](crate::Conflict::NotFound).
    RevokeOperatorToken(TokenId),
    /// Remembers how a request was answered, so that its repetition gets the same answer. A remembered answer of before
    /// `replaces_before` gives way. Conflicts: [`KeyUsed`](crate::Conflict::KeyUsed),
    /// [`NotFound`](crate::Conflict::NotFound) (no such account).
    RememberAnswer {
        /// The answer.
        answer: RememberedAnswer,
        /// Answers remembered earlier than this no longer count.
        replaces_before: Timestamp,
    },
    /// Replaces sealed secrets by the same secrets sealed with another key, or by fewer of them. One whose credential is gone or was changed
    /// since its revision is left alone; the others get the commit's revision, so that an update made before does not
    /// bring the old seal back.
    ResealCredentials(Vec<ResealedCredential>),
    /// Replaces sealed answers by the same answers sealed with another key. One that is gone, or of another moment by
    /// now, is left alone.
    ResealAnswers(Vec<RememberedAnswer>),
    /// Creates a credential; `revision` in it is ignored, and so is its HA1 under MD5 where its realm has retired that.
    /// Conflicts:
    /// [`UsernameTaken`](crate::Conflict::UsernameTaken), [`NotFound`](crate::Conflict::NotFound) (no such account, or
    /// the realm is not the account's), [`MacTaken`](crate::Conflict::MacTaken).
    CreateCredential(Credential),
    /// Replaces a credential if its stored revision is still the one in `credential`, and says what becomes of its
    /// registrations. Username, realm and creation time stay as stored; its HA1 under MD5 is ignored where its realm has
    /// retired that. Conflicts: [`Superseded`](crate::Conflict::Superseded),
    /// [`NotFound`](crate::Conflict::NotFound), [`MacTaken`](crate::Conflict::MacTaken) (another live device of the
    /// account is that desk phone).
    UpdateCredential {
        /// The new state, carrying the revision it was made from.
        credential: Credential,
        /// What happens to stored registrations in the same transaction.
        registrations: RegistrationsAfter,
    },
    /// Deletes a credential and its registrations, and detaches it from trunks. Conflict: [`NotFound`](crate::Conflict::NotFound).
    DeleteCredential {
        /// The account that must own it.
        account: AccountId,
        /// The credential.
        id: CredentialId,
    },
    /// Makes a provisioning link. Conflicts: [`NotFound`](crate::Conflict::NotFound) (no such credential of the account),
    /// [`TooManyLinks`](crate::Conflict::TooManyLinks) (the account has `most` that have not expired when it is made).
    CreateProvisioningLink {
        /// The link.
        link: ProvisioningLink,
        /// Most links of an account at a time.
        most: u32,
    },
    /// Spends a provisioning link: it is gone. Conflict: [`NotFound`](crate::Conflict::NotFound) (it was spent, opened or
    /// taken back, or has expired).
    SpendProvisioningLink {
        /// Which.
        id: ProvisioningLinkId,
        /// The token it was found by.
        token: ApiTokenHash,
        /// When.
        at: Timestamp,
    },
    /// Gives a link that was offered another token and end, and lets a GET spend it. Conflict:
    /// [`NotFound`](crate::Conflict::NotFound), as above.
    OpenProvisioningLink {
        /// Which.
        id: ProvisioningLinkId,
        /// The token it was found by.
        token: ApiTokenHash,
        /// When.
        at: Timestamp,
        /// Its token from now on.
        opened: ApiTokenHash,
        /// Its end from now on.
        expires_at: Timestamp,
    },
    /// Takes a provisioning link back. Conflict: [`NotFound`](crate::Conflict::NotFound).
    DeleteProvisioningLink {
        /// The account that must own it.
        account: AccountId,
        /// The credential it must be for.
        credential: CredentialId,
        /// Which.
        id: ProvisioningLinkId,
    },
    /// Counts that the address from which an account's desk phones fetch their configuration is replaced. Conflict:
    /// [`NotFound`](crate::Conflict::NotFound) (no such account).
    ReplaceProvisioningPath(AccountId),
    /// Ends registrations of a credential, stored or not. Conflict: [`NotFound`](crate::Conflict::NotFound) (no such
    /// credential of the account; that there is no such binding is none).
    EndRegistrations {
        /// The account that must own it.
        account: AccountId,
        /// The credential.
        credential: CredentialId,
        /// Only this one; `None` for all.
        binding: Option<BindingId>,
    },
    /// Creates an entry of an IP access list; `revision` in it is ignored. Conflict:
    /// [`NotFound`](crate::Conflict::NotFound) (no such account).
    CreateIpAcl(IpAcl),
    /// Replaces an entry if its stored revision is still the one in it; its creation time stays. Conflicts:
    /// [`Superseded`](crate::Conflict::Superseded), [`NotFound`](crate::Conflict::NotFound).
    UpdateIpAcl(IpAcl),
    /// Deletes an entry and detaches it from trunks. Conflict: [`NotFound`](crate::Conflict::NotFound).
    DeleteIpAcl {
        /// The account that must own it.
        account: AccountId,
        /// The entry.
        id: IpAclId,
    },
    /// Creates an origination URI; `revision` in it is ignored. Conflict: [`NotFound`](crate::Conflict::NotFound) (no
    /// such account).
    CreateOriginationUri(OriginationUri),
    /// Replaces an origination URI if its stored revision is still the one in it; its creation time stays. Conflicts:
    /// [`Superseded`](crate::Conflict::Superseded), [`NotFound`](crate::Conflict::NotFound).
    UpdateOriginationUri(OriginationUri),
    /// Deletes an origination URI and detaches it from trunks; numbers that pointed at it point at their trunk.
    /// Conflict: [`NotFound`](crate::Conflict::NotFound).
    DeleteOriginationUri {
        /// The account that must own it.
        account: AccountId,
        /// The URI.
        id: OriginationUriId,
    },
    /// Replaces sealed secrets of origination URIs, by the rules of [`ResealCredentials`](Self::ResealCredentials).
    ResealUpstreamSecrets(Vec<ResealedUpstreamSecret>),
    /// Creates a trunk; `revision` in it is ignored. Conflicts: [`HostTaken`](crate::Conflict::HostTaken) (draw another
    /// identifier), [`NothingToReferTo`](crate::Conflict::NothingToReferTo) (an attachment is not the account's),
    /// [`NotFound`](crate::Conflict::NotFound) (no such account).
    CreateTrunk(Box<Trunk>),
    /// Replaces a trunk if its stored revision is still the one in it; its host and creation time stay. Conflicts:
    /// [`Superseded`](crate::Conflict::Superseded), [`NothingToReferTo`](crate::Conflict::NothingToReferTo),
    /// [`NotFound`](crate::Conflict::NotFound).
    UpdateTrunk(Box<Trunk>),
    /// Deletes a trunk and unassigns its numbers; what it was attached to stays. Conflict:
    /// [`NotFound`](crate::Conflict::NotFound).
    DeleteTrunk {
        /// The account that must own it.
        account: AccountId,
        /// The trunk.
        id: TrunkId,
    },
    /// Allocates a number to an account; `revision` in it is ignored. Conflicts:
    /// [`NumberTaken`](crate::Conflict::NumberTaken), [`NothingToReferTo`](crate::Conflict::NothingToReferTo),
    /// [`NotFound`](crate::Conflict::NotFound) (no such account).
    AllocateNumber(Number),
    /// Replaces a number if its stored revision is still the one in it; its account and creation time stay. Conflicts:
    /// [`Superseded`](crate::Conflict::Superseded), [`NothingToReferTo`](crate::Conflict::NothingToReferTo),
    /// [`NotFound`](crate::Conflict::NotFound).
    UpdateNumber(Number),
    /// Takes a number back. Conflict: [`NotFound`](crate::Conflict::NotFound).
    ReleaseNumber(E164),
    /// Creates the account's webhook where its revision is 0, else replaces it if its stored revision is still the one in
    /// it; its creation time stays. Conflicts: [`Superseded`](crate::Conflict::Superseded) (it was changed, created or
    /// deleted by others), [`NotFound`](crate::Conflict::NotFound) (no such account).
    PutWebhook(Box<Webhook>),
    /// Deletes the account's webhook. Conflict: [`NotFound`](crate::Conflict::NotFound).
    DeleteWebhook(AccountId),
    /// Replaces sealed secrets of webhooks, by the rules of [`ResealCredentials`](Self::ResealCredentials).
    ResealWebhookSecrets(Vec<ResealedWebhookSecret>),
    /// Changes what a realm offers and accepts. Conflict: [`NotFound`](crate::Conflict::NotFound).
    UpdateRealm {
        /// The realm.
        realm: RealmId,
        /// What changes about it.
        patch: RealmPatch,
    },
    /// Writes a setting of the installation, replacing any earlier value.
    PutSetting {
        /// Which.
        name: SettingName,
        /// Its new value.
        value: Box<str>,
    },
    /// Forgets a setting; nothing happens if it was never written.
    ClearSetting(SettingName),
}

/// What changes about an account; what is absent stays.
#[derive(Debug, Clone)]
pub struct AccountPatch {
    /// What people call it.
    pub name: Option<Box<str>>,
    /// Whether it authenticates anyone.
    pub enabled: Option<bool>,
    /// All of its profile.
    pub profile: Option<AccountProfile>,
    /// How many calls it may have.
    pub limits: Option<CallLimits>,
    /// All of its settings.
    pub settings: Option<AccountSettings>,
    /// When this was decided.
    pub updated_at: Timestamp,
}

/// What changes about a realm; what is absent stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealmPatch {
    /// What its challenges offer.
    pub challenge_policy: Option<ChallengePolicy>,
    /// Whether it offers and accepts `qop=auth-int`.
    pub auth_int: Option<bool>,
    /// Whether it accepts answers without `qop`.
    pub without_qop: Option<bool>,
    /// Whether credentials that are created or updated from now on keep no HA1 under MD5, whatever was sent.
    pub md5_retired: Option<bool>,
}

/// A credential's HA1s, sealed anew.
#[derive(Debug, Clone)]
pub struct ResealedCredential {
    /// The credential.
    pub id: CredentialId,
    /// The revision whose HA1s these are.
    pub revision: Revision,
    /// The same HA1s under another key.
    pub ha1s: SealedHa1s,
    /// The generation before, likewise; `None` forgets it.
    pub previous: Option<Box<PreviousGeneration>>,
    /// Its devices, likewise; those that are absent are forgotten.
    pub devices: Devices,
}

/// A secret of an origination URI, sealed anew.
#[derive(Debug, Clone)]
pub struct ResealedUpstreamSecret {
    /// The origination URI.
    pub id: OriginationUriId,
    /// The revision whose secret this is.
    pub revision: Revision,
    /// The same password under another key.
    pub password: Sealed,
}

/// The secret of a webhook, sealed anew.
#[derive(Debug, Clone)]
pub struct ResealedWebhookSecret {
    /// Whose webhook.
    pub account: AccountId,
    /// The revision whose secret this is.
    pub revision: Revision,
    /// The same secret under another key.
    pub secret: WebhookSecret,
}

/// How a request was answered, kept so that its repetition gets the same answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedAnswer {
    /// Whose request it was; `None` for the operator's.
    pub account: Option<AccountId>,
    /// A hash of the idempotency key; unique with the account.
    pub key: [u8; 32],
    /// The request's digest and the answer, sealed: answers may show a secret that is shown once.
    pub sealed: Sealed,
    /// When it was answered.
    pub at: Timestamp,
}

/// What becomes of a credential's registrations when it is updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationsAfter {
    /// They stay.
    Keep,
    /// They are removed with the change: it was disabled.
    Remove,
    /// Those made with a secret that it does not accept any more are removed: its password was replaced, an overlap was
    /// ended, a device was revoked. For a credential only.
    RemoveOfEndedSecrets,
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
    /// The account whose tokens administer it.
    pub parent: Option<AccountId>,
    /// Its second public identifier.
    pub api_id: ApiId,
    /// What is known of whoever it belongs to.
    pub profile: AccountProfile,
    /// Whether it authenticates anyone yet.
    pub enabled: bool,
    /// Its first API token.
    pub token: FirstToken,
    /// When it is created.
    pub created_at: Timestamp,
}

/// The API token that comes with an account: for everything, and without an end.
#[derive(Debug, Clone)]
pub struct FirstToken {
    /// Its public identifier.
    pub id: TokenId,
    /// What it is checked against.
    pub hash: ApiTokenHash,
}

impl FirstToken {
    /// What the token is called.
    pub const LABEL: &str = "first token";

    /// The token as it is stored for that account.
    #[must_use]
    pub fn of_account(&self, account: AccountId, created_at: Timestamp) -> ApiToken {
        ApiToken {
            id: self.id,
            account,
            hash: self.hash,
            label: Self::LABEL.into(),
            scope: TokenScope::All,
            created_at,
            expires_at: None,
            last_used_at: None,
        }
    }
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
    /// [`CommitError`]; nothing of the set was stored then, except that after
    /// [`Unknown`](crate::StorageError::Unknown) it may have been.
    fn commit(&self, set: ChangeSet) -> Pending<'_, Result<Revision, CommitError>>;
}
