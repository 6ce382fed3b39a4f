//! Management use cases: who may do what to accounts, realms and credentials, and in which order it becomes true.
//!
//! Each use case checks its evidence, decides, commits the change together with its audit record, and answers only
//! after [`storage::Coherence`] says that every node that may answer phones has applied it. This crate knows neither
//! HTTP nor SQL, and it never keeps or returns a password: HA1s are computed once and sealed at once.
//!
//! Nothing is done without evidence that only a check makes. [`Operator`]: a token was right. [`AccountScope`]: it gives
//! access to this account, its own or a sub-account. [`CredentialsWrite`], [`AccountRead`], [`AccountWrite`]: its scope
//! includes that much. [`InstallationOperator`]: file permissions or an operator token let the caller in.

mod account_name;
mod account_settings;
mod accounts;
mod algorithm_report;
mod api_tokens;
mod asker;
mod audit_log;
mod audited;
mod auth_event_stream;
mod auth_events;
mod bans;
mod base_domain;
mod calls;
mod create_credential;
mod credential_details;
mod credential_report;
mod credential_requirements;
mod credential_search;
mod credentials_page;
mod default_account;
mod delete_credential;
mod description;
mod devices;
mod error;
mod export;
mod given_hashes;
mod hosts;
mod idempotency;
mod import;
mod installation;
mod installation_operator;
mod known_token;
pub mod limits;
mod links;
mod new_token;
mod nonce_key;
mod operator;
mod operator_index;
mod operator_tokens;
mod password_change;
mod password_strength;
mod password_test;
mod permission;
mod profile;
mod read_credentials;
mod realms;
mod registrations;
mod renewal;
mod request_budget;
mod reseal;
mod rotate_credential;
mod rotate_keys;
mod rotation;
mod sealed_export;
mod sealed_secret;
mod sealing;
mod sub_accounts;
mod token_label;
mod token_uses;
mod trunks;
mod update_credential;
mod webhooks;
mod why;

pub use account_name::{AccountName, AccountNameError};
pub use account_settings::SettingsUpdate;
pub use accounts::{AccountCreated, AccountUpdate, AccountView, CallLimitsPatch, NewAccountRequest};
pub use algorithm_report::AlgorithmReportQuery;
pub use api_tokens::{ApiTokenCreated, ApiTokenView};
pub use audit_log::{AuditCheck, AuditPage, AuditRequest};
pub use auth_event_stream::{AuthEventStream, StreamError, Streamed, WatchPermission};
pub use auth_events::{AuthEventView, AuthEventsPage, AuthEventsRequest};
pub use base_domain::{BaseDomainOutcome, DEFAULT_BASE_DOMAIN};
pub use calls::{CallRecordsPage, CallRecordsRequest, Concurrency, LiveCallsRequest};
pub use create_credential::NewCredential;
pub use credential_details::{CredentialDetails, ExpiryUpdate};
pub use credential_report::{CredentialReportQuery, CredentialReportView};
pub use credential_requirements::RequirementsUpdate;
pub use credential_search::{CredentialsFound, CredentialsWanted};
pub use credentials_page::{CredentialsPage, CredentialsRequest, PageStart};
pub use description::{Description, DescriptionError};
pub use devices::{DeskPhoneSettings, DeviceCreated, DeviceRotated, DeviceView, NewDeskPhone, NewDevice};
pub use error::{AuthenticationError, InstallationError, OperatorAuthenticationError, ProvisioningError, ScopeError};
pub use export::{ExportPage, ExportedCredential};
pub use given_hashes::{GivenHa1Error, GivenHa1s, KnownHa1s, NewFromHashes};
pub use idempotency::{Answered, IdempotencyKey, IdempotencyKeyError, IdempotentRequest, Remembering, ReplayedAnswer};
pub use import::{ImportMode, ImportRequest, ImportRow, ImportedSecret, OnConflict, RowFault, RowOutcome};
pub use installation::is_key_of;
pub use installation_operator::InstallationOperator;
pub use links::{LinkCreated, LinkOpened, LinkSeen, LinkSpent, LinkToken, NewLink};
pub use new_token::{NewApiToken, NewOperatorToken};
pub use operator::{AccountScope, Operator, RequestContext};
pub use operator_index::OperatorIndex;
pub use operator_tokens::{OperatorTokenCreated, OperatorTokenView};
pub use password_strength::WeakPassword;
pub use password_test::{PasswordTest, Slip};
pub use permission::{AccountRead, AccountWrite, CredentialsWrite, PermissionError};
pub use profile::{Email, Permissions, PhoneNumber, ProfileError, ProfilePatch, RateLimit};
pub use read_credentials::CredentialView;
pub use realms::{Md5Retired, RealmUpdate};
pub use registrations::{RegistrationView, RegistrationsPage, RegistrationsRequest, RegistrationsToEnd};
pub use request_budget::RequestBudget;
pub use rotate_credential::{NewRotation, Rotated};
pub use rotate_keys::{KeysRotated, NotOpened, OldKeys, OnProgress, RotationError, RotationProgress, RotationStart};
pub use rotation::RotationView;
pub use sealed_export::{SealedCredential, SealedExportPage};
pub use sub_accounts::NewSubAccount;
pub use token_label::{TokenLabel, TokenLabelError};
pub use trunks::{
    AttachmentsPatch, IpAclPatch, NewTrunk, NewUpstreamSecret, NumberPatch, OriginationUriPatch, RulesPatch, TrunkName,
    TrunkNameError, TrunkPatch, UpstreamUsername, UpstreamUsernameError,
};
pub use update_credential::{CallsAfter, CredentialUpdate};
pub use webhooks::{WebhookPut, WebhookUpdate, WebhookView};
pub use why::{ExplainedEvent, WhyPage};

use domain::{Clock, RandomSource, UsernameRule};
use keyring::Keyring;
use sealing::SealingState;
use std::sync::{Arc, OnceLock};
use storage::{LiveBans, LiveCalls, Storage, WebhookDeliveries};
use tokio::sync::Mutex;

/// What the operator may set about management.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Which usernames may be created.
    pub username_rule: UsernameRule,
    /// For how many days a password that works no more is kept, so that its use can be named; 0 for not at all.
    pub previous_password_days: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { username_rule: UsernameRule::default(), previous_password_days: limits::PREVIOUS_PASSWORD_DAYS }
    }
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
    /// Held from reading to commit by what decides on more than the object it changes: how many there are, which is the
    /// last, what a profile was. Never held while a client is waited for.
    tenancy: Mutex<()>,
    sealing: SealingState,
    /// Held by the rotation of keys at work.
    rotation: Arc<Mutex<()>>,
    /// The calls that are up; set once there is a signalling plane.
    calls: OnceLock<Arc<dyn LiveCalls>>,
    bans: OnceLock<Arc<dyn LiveBans>>,
    /// Who delivers to webhooks; set once there is somebody.
    webhook_deliveries: OnceLock<Arc<dyn WebhookDeliveries>>,
    /// Held by whoever writes a sealed setting from what it read.
    sealed_settings: Mutex<()>,
}

impl Provisioning {
    /// Builds the use cases.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            tenancy: Mutex::default(),
            sealing: SealingState::default(),
            rotation: Arc::default(),
            calls: OnceLock::new(),
            bans: OnceLock::new(),
            webhook_deliveries: OnceLock::new(),
            sealed_settings: Mutex::default(),
        }
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
        self.applied_everywhere(revision).await?;
        Ok(revision)
    }

    async fn applied_everywhere(&self, revision: domain::Revision) -> Result<(), ProvisioningError> {
        self.storage().applied_everywhere(revision).await.map_err(ProvisioningError::NotAppliedEverywhere)
    }
}
