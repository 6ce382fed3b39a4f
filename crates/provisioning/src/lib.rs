//! Management use cases: who may do what to accounts, realms and credentials, and in which order it becomes true.
//!
//! Each use case checks its evidence, decides, commits the change together with its audit record, and answers only
//! after [`storage::Coherence`] says that every node that may answer phones has applied it. This crate knows neither
//! HTTP nor SQL, and it never keeps or returns a password: HA1s are computed once and sealed at once.
//!
//! The evidence types are [`AccountScope`] (a token was checked and allows this account) and [`LocalOperator`] (the
//! control socket's file permissions were).

mod account_name;
mod base_domain;
mod create_account;
mod create_credential;
mod delete_credential;
mod description;
mod error;
mod ha1;
mod installation;
mod operator;
mod operator_index;
mod read_credentials;
mod realm_policy;
mod update_credential;

pub use account_name::{AccountName, AccountNameError};
pub use base_domain::{BaseDomainOutcome, DEFAULT_BASE_DOMAIN};
pub use create_account::{AccountCreated, NewAccountRequest};
pub use create_credential::NewCredential;
pub use description::{Description, DescriptionError};
pub use error::{AuthenticationError, InstallationError, ProvisioningError, ScopeError};
pub use operator::{AccountScope, LocalOperator, Operator, RequestContext};
pub use operator_index::OperatorIndex;
pub use read_credentials::CredentialView;
pub use update_credential::CredentialUpdate;

use domain::{Clock, RandomSource, UsernameRule};
use keyring::Keyring;
use std::sync::Arc;
use storage::Storage;

/// What the operator may set about management.
#[derive(Debug, Clone, Copy, Default)]
pub struct Config {
    /// Which usernames may be created.
    pub username_rule: UsernameRule,
}

/// What the use cases are built from.
pub struct Parts {
    /// Where data is kept.
    pub storage: Arc<dyn Storage>,
    /// Seals HA1s.
    pub keyring: Arc<Keyring>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws identifiers, tokens and sealing nonces.
    pub random: Arc<dyn RandomSource>,
    /// Knows accounts and token hashes; must follow the storage's change feed.
    pub operators: Arc<OperatorIndex>,
    /// What the operator set.
    pub config: Config,
}

/// The management use cases, one method each, in one file each.
pub struct Provisioning {
    parts: Parts,
}

impl Provisioning {
    /// Builds the use cases.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { parts }
    }

    /// Which usernames may be created.
    #[must_use]
    pub fn username_rule(&self) -> UsernameRule {
        self.parts.config.username_rule
    }

    fn storage(&self) -> &dyn Storage {
        &*self.parts.storage
    }

    /// Commits a change and waits until it is applied wherever phones are answered.
    async fn commit_everywhere(&self, set: storage::ChangeSet) -> Result<domain::Revision, ProvisioningError> {
        let revision = self.storage().commit(set).await?;
        self.storage().applied_everywhere(revision).await.map_err(ProvisioningError::NotAppliedEverywhere)?;
        Ok(revision)
    }
}
