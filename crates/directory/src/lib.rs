//! The coherent in-memory view that answers phones without asking storage: which host leads to which realm, every
//! credential's HA1s, and where its phones are.
//!
//! It is complete, so a name it does not have does not exist; and it follows the change feed, so what the API has
//! answered is what it answers by. [`Realms`] is a snapshot that readers hold without a lock; credentials and their
//! bindings live in shards, each behind a lock that is held for one look-up or one update and never across a call out.
//!
//! A credential and its bindings share one entry, and a binding is written only while the credential that was verified
//! is still the one in the entry: a revocation that came in between wins.

mod algorithm_uses;
mod connections;
mod credential_table;
mod credential_uses;
mod deadlines;
mod decoy_devices;
mod device_secrets;
mod entry;
mod follower;
mod location;
mod md5_only;
mod occupancy;
mod realms;
mod registration_view;
mod registration_writer;
mod removals;
mod save_statistics;
mod trunks;

pub use algorithm_uses::UsedAlgorithms;
pub use connections::Connections;
pub use credential_uses::{LastUse, UseOfCredential};
pub use device_secrets::{DeviceSecret, DeviceSecrets};
pub use entry::{CredentialSnapshot, PreviousSnapshot};
pub use location::{Bindings, Callee, CredentialKey, Superseded};
pub use occupancy::Occupancy;
pub use realms::{RealmEntry, Realms};
pub use registration_view::RegistrationView;
pub use registration_writer::{Completion, FlushPlace, FlushQueueFull, RegistrationWriter, WriterConfig};
pub use save_statistics::SaveStatistics;
pub use trunks::{Trunks, UriInUse};

use algorithm_uses::AlgorithmUseQueue;
use arc_swap::{ArcSwap, Guard};
use connections::ConnectionIndex;
use credential_table::CredentialTable;
use credential_uses::CredentialUseQueue;
use decoy_devices::DecoyDevices;
use entry::AccountState;
use keyring::Keyring;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the operator may set about the directory.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The account whose realm answers requests to a bare IP address or a foreign name; without one, that of the
    /// stored default account, else of the only main account.
    pub default_account: Option<domain::AuthId>,
}

/// The in-memory view. Share it; every method takes `&self`.
pub struct Directory {
    keyring: Arc<Keyring>,
    realms: ArcSwap<Realms>,
    trunks: Trunks,
    credentials: CredentialTable,
    decoys: DecoyDevices,
    algorithm_uses: AlgorithmUseQueue,
    credential_uses: CredentialUseQueue,
    connection_index: ConnectionIndex,
    connections: Option<Arc<dyn Connections>>,
    /// The next binding id; starts with the boot number in its upper half, so that ids never repeat.
    next_binding: AtomicU64,
}

impl Directory {
    /// An empty directory for the node start of that number; subscribe it to a change feed to fill it.
    #[must_use]
    pub fn new(keyring: Arc<Keyring>, boot: storage::BootNumber, config: Config) -> Self {
        let first_binding = u64::from(boot.0) << 32;
        Self {
            keyring,
            realms: ArcSwap::from_pointee(Realms::new(config.default_account)),
            trunks: Trunks::default(),
            credentials: CredentialTable::new(binding_id(first_binding)),
            decoys: DecoyDevices::default(),
            algorithm_uses: AlgorithmUseQueue::new(),
            credential_uses: CredentialUseQueue::new(),
            connection_index: ConnectionIndex::new(),
            connections: None,
            next_binding: AtomicU64::new(first_binding),
        }
    }

    /// The same, ending the connections of phones whose bindings are ended from here.
    #[must_use]
    pub fn closing(self, connections: Arc<dyn Connections>) -> Self {
        Self { connections: Some(connections), ..self }
    }

    /// The present realms, hosts and accounts. Cheap; hold it for one message, not longer.
    pub fn realms(&self) -> Guard<Arc<Realms>> {
        self.realms.load()
    }

    /// Trunks, numbers, and what leads to them.
    #[must_use]
    pub const fn trunks(&self) -> &Trunks {
        &self.trunks
    }

    /// The enabled origination URIs that active trunks of enabled accounts lead calls to, each once.
    #[must_use]
    pub fn uris_in_use(&self) -> Vec<UriInUse> {
        let realms = self.realms.load();
        self.trunks.uris_in_use(|account| realms.state(account) == AccountState::Enabled)
    }

    /// How many credentials there are.
    #[must_use]
    pub fn credential_count(&self) -> usize {
        self.credentials.len()
    }

    /// The most devices that any credential here has had since this process has it. What a refusal costs follows from it,
    /// so that it is the same for everybody.
    #[must_use]
    pub fn most_devices(&self) -> usize {
        self.credentials.most_devices()
    }

    /// A list of as many devices as anybody may have, of nobody's: what whoever has none, or does not exist, is compared
    /// with instead. A name leads to the same one every time, as it would to its own. `None` where nobody has devices.
    #[must_use]
    pub fn decoy_devices(&self, realm: domain::RealmId, username: &[u8]) -> Option<Arc<DeviceSecrets>> {
        if self.most_devices() == 0 { None } else { self.decoys.of(self.credentials.hash(realm, username)) }
    }

    fn next_binding_id(&self) -> domain::BindingId {
        binding_id(self.next_binding.fetch_add(1, Ordering::Relaxed))
    }

    /// What the next binding will be named, or a later one.
    fn peek_binding_id(&self) -> domain::BindingId {
        binding_id(self.next_binding.load(Ordering::Relaxed))
    }
}

fn binding_id(number: u64) -> domain::BindingId {
    domain::BindingId(i64::try_from(number).unwrap_or(i64::MAX))
}
