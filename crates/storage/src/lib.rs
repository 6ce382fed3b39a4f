//! Ports to stored data: what the rest of sipwarden asks of a database, and nothing of how one does it.
//!
//! * [`Commit`] takes a [`ChangeSet`] as a value: preconditions, changes and audit record, committed whole or not at
//!   all. An adapter may put many sets into one transaction; each still has its own outcome.
//! * Read stores ([`Accounts`], [`Tokens`], [`Credentials`], [`Trunks`], [`Webhooks`], [`Settings`], [`Answers`]) serve the control plane.
//! * [`ChangeFeed`] tells followers every [`Fact`] in commit order, starting with all that is already true.
//! * [`Coherence`] waits until a revision is applied on every node that may answer phones.
//! * [`Lease`] says whether this node may answer by what it knows.
//! * [`Registrations`] keeps contact bindings across restarts, [`AlgorithmUses`] which algorithms phones use,
//!   [`CredentialUses`] when credentials were last used; [`Boots`] numbers the starts of nodes.
//! * [`ProvisioningLinks`] reads what phones are set up by.
//! * [`CallRecords`] keeps what calls leave behind; [`CallJournal`] takes it down, [`LiveCalls`] knows those that are up.
//! * [`BanStore`] keeps bans across restarts; [`LiveBans`] knows those that hold.
//! * [`AuditLog`] reads what was changed and by whom, and [`AuditChain`] whether anybody has changed that.
//! * [`WebhookOutbox`] keeps what webhooks are still to be told; [`WebhookDeliveries`] knows how telling goes.
//! * [`EventSink`] takes authentication events and never blocks; [`AuthEvents`] keeps them, [`LiveAuthEvents`] lets people watch.
//!
//! Futures are boxed, because the adapter is chosen at run time.

mod algorithm_uses;
mod audit_log;
mod auth_events;
mod bans;
mod call_journal;
mod call_records;
mod change;
mod credential_search;
mod credential_uses;
mod error;
mod events;
mod feed;
mod lease;
mod live_auth_events;
mod live_calls;
mod live_registrations;
mod moving;
mod provisioning_links;
mod reads;
mod registrations;
mod trunks;
mod upstream_registrations;
mod webhook_deliveries;
mod webhook_outbox;
mod write_observer;

pub use algorithm_uses::{
    AlgorithmReport, AlgorithmReportRequest, AlgorithmTotals, AlgorithmUses, CredentialAlgorithms, ReportOf,
};
pub use audit_log::{AuditChain, AuditFault, AuditFilter, AuditHash, AuditLog, AuditRecord};
pub use auth_events::{
    AuthEventChange, AuthEventFilter, AuthEventTrim, AuthEvents, KeptAuthRecord, RecordOwner, RecordsFrom, RecordsOf,
};
pub use bans::{BanPage, BanStore, BansOf, LiveBans};
pub use call_journal::{CallEventSink, CallJournal, WhenDurable};
pub use call_records::{CallChange, CallRecordFilter, CallRecords};
pub use change::{
    AccountPatch, Change, ChangeSet, Commit, FirstToken, NewAccount, RealmPatch, RegistrationsAfter, RememberedAnswer,
    ResealedCredential, ResealedUpstreamSecret, ResealedWebhookSecret,
};
pub use credential_search::{CredentialOrder, CredentialSearch, SortDirection};
pub use credential_uses::{
    CredentialReport, CredentialReportRequest, CredentialStanding, CredentialTotals, CredentialUses,
};
pub use error::{CommitError, Conflict, StorageError};
pub use events::EventSink;
pub use feed::{ChangeFeed, Coherence, Fact, Follower};
pub use lease::{Lease, SoleNode};
pub use live_auth_events::{AuthEventWatch, LiveAuthEvents, TooManyWatchers, Watched};
pub use live_calls::{LiveCallFilter, LiveCallPage, LiveCalls};
pub use live_registrations::{LiveRegistration, LiveRegistrationPage, LiveRegistrations, RegistrationFilter};
pub use moving::{Cell, Counters, Rows};
pub use provisioning_links::ProvisioningLinks;
pub use reads::{
    AccountPage, Accounts, Answers, CredentialNumber, CredentialPage, Credentials, Page, SettingName, Settings,
    SubAccountFilter, TokenUse, Tokens,
};
pub use registrations::{BootNumber, Boots, Refresh, RegistrationChange, Registrations};
pub use trunks::{Listed, NumbersOf, Trunks};
pub use upstream_registrations::UpstreamRegistrations;

pub use webhook_deliveries::{WebhookDeliveries, WebhookFailure, WebhookReport, WebhookTest};
pub use webhook_outbox::{WebhookDelivery, WebhookDeliveryChange, WebhookOutbox, Webhooks};
pub use write_observer::{Unobserved, WriteEnd, WriteObserver, WriteOutcome};

use std::future::Future;
use std::pin::Pin;

/// A boxed future, as every port returns.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Everything an adapter provides, for wiring.
pub trait Storage:
    Commit
    + Accounts
    + Tokens
    + Credentials
    + Settings
    + ProvisioningLinks
    + Answers
    + Trunks
    + ChangeFeed
    + Coherence
    + Registrations
    + AlgorithmUses
    + AuthEvents
    + CredentialUses
    + CallRecords
    + WebhookOutbox
    + Webhooks
    + Boots
    + AuditLog
    + BanStore
    + 'static
{
}

impl<T> Storage for T where
    T: Commit
        + Accounts
        + Tokens
        + Credentials
        + Settings
        + ProvisioningLinks
        + Answers
        + Trunks
        + ChangeFeed
        + Coherence
        + Registrations
        + AlgorithmUses
        + AuthEvents
        + CredentialUses
        + CallRecords
        + WebhookOutbox
        + Webhooks
        + Boots
        + AuditLog
        + BanStore
        + 'static
{
}
