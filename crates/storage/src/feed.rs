//! How signalling nodes learn what is true.

use crate::{Pending, SettingName, StorageError};
use domain::{
    Account, AccountId, ApiToken, BindingId, Credential, CredentialId, E164, HostName, IpAcl, IpAclId, Number,
    OperatorToken, OriginationUri, OriginationUriId, Realm, RealmId, Revision, TokenId, Trunk, TrunkId, Username,
    Webhook,
};
use std::sync::Arc;

/// Something that is true as of a revision. Facts replace earlier facts about the same thing.
#[derive(Debug, Clone)]
pub enum Fact {
    /// A realm and its policy.
    Realm(Realm),
    /// An account.
    Account(Account),
    /// A host name leads to a realm.
    Host {
        /// The name.
        host: HostName,
        /// The realm.
        realm: RealmId,
    },
    /// A host name leads nowhere any more.
    HostRemoved(HostName),
    /// An account is gone. Facts of the same call before this one took its credentials, tokens and host names away.
    AccountDeleted(AccountId),
    /// An API token authenticates an account.
    ApiToken(ApiToken),
    /// An API token is revoked.
    ApiTokenRevoked {
        /// Whose it was.
        account: AccountId,
        /// Which.
        id: TokenId,
    },
    /// A token authenticates the operator.
    OperatorToken(OperatorToken),
    /// A token of the operator is revoked.
    OperatorTokenRevoked(TokenId),
    /// A credential.
    Credential(Credential),
    /// A credential is gone.
    CredentialDeleted {
        /// Which.
        id: CredentialId,
        /// Its realm.
        realm: RealmId,
        /// Its username.
        username: Username,
    },
    /// Registrations of a credential have ended, as of this moment: later ones are not meant.
    RegistrationsEnded {
        /// The credential.
        credential: CredentialId,
        /// Its realm.
        realm: RealmId,
        /// Its username.
        username: Username,
        /// Only this one; `None` for all.
        binding: Option<BindingId>,
    },
    /// An entry of an IP access list.
    IpAcl(IpAcl),
    /// An entry of an IP access list is gone. Facts of the same call detach it.
    IpAclDeleted {
        /// Which.
        id: IpAclId,
        /// Whose it was.
        account: AccountId,
    },
    /// An origination URI, with its sealed secret.
    OriginationUri(OriginationUri),
    /// An origination URI is gone. Facts of the same call detach it.
    OriginationUriDeleted {
        /// Which.
        id: OriginationUriId,
        /// Whose it was.
        account: AccountId,
    },
    /// A trunk. Its host and its whole identifier below the base domain lead to its account's realm.
    Trunk(Box<Trunk>),
    /// A trunk is gone. Facts of the same call unassign its numbers.
    TrunkDeleted {
        /// Which.
        id: TrunkId,
        /// Whose it was.
        account: AccountId,
    },
    /// A number is an account's.
    Number(Number),
    /// A number is nobody's any more.
    NumberReleased(E164),
    /// An account's webhook, with its sealed secret.
    Webhook(Box<Webhook>),
    /// An account has no webhook any more.
    WebhookDeleted(AccountId),
    /// A setting of the installation.
    Setting {
        /// Which.
        name: SettingName,
        /// Its value.
        value: Box<str>,
    },
    /// A setting of the installation is no longer set.
    SettingCleared(SettingName),
}

/// Applies facts as they become true.
pub trait Follower: Send + Sync {
    /// Applies facts that became true since the call before, up to and including `revision`: of one commit, or of several
    /// whose last state alone is told. Called in commit order, one call at a time; when it returns, the follower answers
    /// by them. Facts arrive so that what they refer to came before, unless it is gone; whoever looks between two of one
    /// call may see a reference to what is gone already.
    fn apply(&self, revision: Revision, facts: &[Fact]);

    /// Whether it wants to be told of the credentials that are there when it begins to follow. There may be millions, and
    /// reading them takes longest of all. Of changes it is told either way.
    fn begins_with_credentials(&self) -> bool {
        true
    }
}

/// The ordered stream of facts.
pub trait ChangeFeed: Send + Sync {
    /// Hands the follower everything that is true now (in several calls of the same revision), and from then on every
    /// commit, without a gap. Returns when the first part is applied; where nothing is true yet, that is one call without
    /// facts.
    ///
    /// # Errors
    /// [`StorageError`] when the present state cannot be read; the follower is not subscribed then.
    fn follow(&self, follower: Arc<dyn Follower>) -> Pending<'_, Result<Revision, StorageError>>;
}

/// Knows what every node that may answer phones has applied.
pub trait Coherence: Send + Sync {
    /// Completes when every node that may answer phones has applied that revision, or may no longer answer.
    ///
    /// # Errors
    /// [`StorageError`] when that cannot be known; the caller must not report success then.
    fn applied_everywhere(&self, revision: Revision) -> Pending<'_, Result<(), StorageError>>;
}
