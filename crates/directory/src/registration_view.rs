//! Who is online, for whoever manages it.

use crate::credential_table::Shard;
use crate::registration_writer::WeakRegistrationWriter;
use crate::{Directory, RegistrationWriter};
use domain::{AccountId, BindingId, Clock, CredentialId, LiveBinding, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use storage::{LiveRegistration, LiveRegistrationPage, LiveRegistrations, Pending, RegistrationFilter, StorageError};
use tokio::sync::oneshot;

/// After how many shards a listing lets other tasks go on.
const SHARDS_AT_ONCE: usize = 16;

/// The location service as the control plane sees it. It does not keep the writing task from ending.
pub struct RegistrationView {
    directory: Arc<Directory>,
    writer: WeakRegistrationWriter,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for RegistrationView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegistrationView").finish_non_exhaustive()
    }
}

impl RegistrationView {
    /// A view of that directory, whose changes that writer stores.
    #[must_use]
    pub fn new(directory: Arc<Directory>, writer: &RegistrationWriter, clock: Arc<dyn Clock>) -> Self {
        Self { directory, writer: writer.downgrade(), clock }
    }

    /// Visits every credential, a shard locked at a time, and keeps no more than a page.
    async fn page(&self, filter: &RegistrationFilter, after: Option<BindingId>, limit: u32) -> LiveRegistrationPage {
        let now = self.clock.now();
        let wanted = Wanted { filter, after, now, most: usize::try_from(limit).unwrap_or(usize::MAX) };
        let mut found = Found::default();
        for (index, shard) in self.directory.credentials.shards().iter().enumerate() {
            if index % SHARDS_AT_ONCE == SHARDS_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
            wanted.collect(&shard.lock(), &mut found);
        }
        let has_more = found.page.len() > wanted.most;
        if has_more {
            found.page.pop_last();
        }
        let next = found.page.last_key_value().map(|(id, _)| *id).filter(|_| has_more);
        LiveRegistrationPage { registrations: found.page.into_values().collect(), total: found.total, next }
    }

    async fn counted(&self, account: AccountId, wanted: &HashSet<CredentialId>) -> HashMap<CredentialId, u64> {
        let now = self.clock.now();
        let mut counts = HashMap::new();
        for (index, shard) in self.directory.credentials.shards().iter().enumerate() {
            if index % SHARDS_AT_ONCE == SHARDS_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
            let shard = shard.lock();
            let asked_for =
                shard.entries.iter().filter(|entry| entry.account() == account && wanted.contains(&entry.id));
            let counted = asked_for.map(|entry| (entry.id, entry.live(now).count() as u64));
            counts.extend(counted.filter(|(_, count)| *count > 0));
        }
        counts
    }
}

/// What a listing looks for.
struct Wanted<'f> {
    filter: &'f RegistrationFilter,
    after: Option<BindingId>,
    now: Timestamp,
    most: usize,
}

/// The lowest names found so far, at most one more than a page has, and how many there are in all.
#[derive(Default)]
struct Found {
    page: BTreeMap<BindingId, LiveRegistration>,
    total: u64,
}

impl Wanted<'_> {
    fn collect(&self, shard: &Shard, found: &mut Found) {
        let RegistrationFilter { account, credential, username, transport, source } = self.filter;
        let entries = shard.entries.iter().filter(|entry| {
            entry.account() == *account
                && credential.is_none_or(|credential| credential == entry.id)
                && username.as_ref().is_none_or(|username| *username.as_bytes() == *entry.username)
        });
        for entry in entries {
            let matching = entry.live(self.now).filter(|binding| {
                let facts = &binding.facts;
                transport.is_none_or(|transport| transport == facts.transport)
                    && source.is_none_or(|source| source == facts.source.ip().to_canonical())
            });
            for binding in matching {
                found.total += 1;
                let id = binding.facts.id;
                if self.after.is_some_and(|after| id <= after) {
                    continue;
                }
                let is_too_late =
                    found.page.len() > self.most && found.page.last_key_value().is_some_and(|(last, _)| id > *last);
                if !is_too_late {
                    found.page.insert(id, shown(entry, binding));
                }
                if found.page.len() > self.most + 1 {
                    found.page.pop_last();
                }
            }
        }
    }
}

fn shown(entry: &crate::entry::Entry, binding: &LiveBinding) -> LiveRegistration {
    LiveRegistration {
        binding: binding.to_record(entry.id),
        username: String::from_utf8_lossy(&entry.username).into(),
        device: entry.device(binding.facts.generation).map(|device| device.label().into()),
        is_connected: binding.facts.transport.has_connections().then_some(binding.facts.connection != 0),
    }
}

impl LiveRegistrations for RegistrationView {
    fn registrations(
        &self,
        filter: RegistrationFilter,
        after: Option<BindingId>,
        limit: u32,
    ) -> Pending<'_, LiveRegistrationPage> {
        Box::pin(async move { self.page(&filter, after, limit).await })
    }

    fn count(&self, account: AccountId, credentials: HashSet<CredentialId>) -> Pending<'_, HashMap<CredentialId, u64>> {
        Box::pin(async move { self.counted(account, &credentials).await })
    }

    fn stored(&self) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            let (sender, receiver) = oneshot::channel();
            let asked = self.writer.upgrade().is_some_and(|writer| {
                let place = writer.reserve();
                // Nobody waits any more if the receiver is gone.
                place.map(|place| place.flush(Box::new(move |outcome| drop(sender.send(outcome))))).is_ok()
            });
            if !asked {
                return Err(StorageError::Unavailable("registrations are not stored fast enough".into()));
            }
            let ended = |_| StorageError::Unavailable("registrations are no longer stored".into());
            receiver.await.unwrap_or_else(|error| Err(ended(error)))
        })
    }
}
