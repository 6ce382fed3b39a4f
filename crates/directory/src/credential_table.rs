//! Every credential, found by realm and username, in shards.

use crate::deadlines::Deadlines;
use crate::entry::{AccountState, Entry};
use crate::md5_only::Md5Only;
use crate::removals::Removals;
use domain::{AccountId, BindingId, CredentialId, LiveBinding, RealmId, Timestamp};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A power of two, enough that two workers rarely meet.
const SHARDS: usize = 256;

pub(crate) struct CredentialTable {
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
    deadlines: Deadlines,
    pub(crate) md5_only: Md5Only,
    most_devices: AtomicUsize,
}

/// Where each credential is.
pub(crate) type HashesById = HashMap<CredentialId, u64, RandomState>;

pub(crate) struct Shard {
    /// Copied for a name nobody has where there is no other entry.
    decoy: Entry,
    /// In boxes: a table that has just grown is half empty, and growing leaves no copies of secrets behind.
    pub(crate) entries: HashTable<Box<Entry>>,
    /// Entries with bindings that storage does not have in their present state.
    pub(crate) unsaved: Vec<(u64, CredentialId)>,
    /// Bindings that are gone here but not yet in storage.
    pub(crate) removed: Removals,
}

impl CredentialTable {
    /// An empty table; storage has no binding from that identifier on.
    pub(crate) fn new(first_unknown: BindingId) -> Self {
        let shard = |_| {
            let (entries, unsaved, removed) = (HashTable::new(), Vec::new(), Removals::new(first_unknown));
            Mutex::new(Shard { decoy: Entry::decoy(), entries, unsaved, removed })
        };
        let shards = (0..SHARDS).map(shard).collect();
        Self {
            hasher: RandomState::default(),
            shards,
            deadlines: Deadlines::default(),
            md5_only: Md5Only::default(),
            most_devices: AtomicUsize::new(0),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().entries.len()).sum()
    }

    /// To be asked after a look-up: it counts every credential that was found by then.
    pub(crate) fn most_devices(&self) -> usize {
        self.most_devices.load(Ordering::Relaxed)
    }

    pub(crate) fn hash(&self, realm: RealmId, username: &[u8]) -> u64 {
        self.hasher.hash_one((realm.0, username))
    }

    /// The shard of that hash, locked.
    pub(crate) fn shard(&self, hash: u64) -> Option<MutexGuard<'_, Shard>> {
        // The hash table uses the lowest and highest bits itself.
        let index = usize::try_from(hash >> 32).unwrap_or(0) % SHARDS;
        self.shards.get(index).map(Mutex::lock)
    }

    /// Where each credential is, for who knows no more than its identifier. Walks the whole table.
    pub(crate) fn hashes_by_id(&self) -> HashesById {
        let mut hashes = HashesById::with_capacity_and_hasher(self.len(), RandomState::default());
        for shard in &self.shards {
            for entry in &shard.lock().entries {
                hashes.insert(entry.id, self.hash(entry.realm, &entry.username));
            }
        }
        hashes
    }

    pub(crate) fn shards(&self) -> &[Mutex<Shard>] {
        &self.shards
    }

    /// Inserts or renews a credential, and gives back the connections of the bindings that ended by it.
    ///
    /// Storage removed its copies of the bindings that ended in the transaction that ended them. They are noted all the
    /// same: a write that was under way then must not bring one back if the credential is soon enabled again.
    pub(crate) fn put(&self, entry: Entry) -> Vec<u64> {
        let hash = self.hash(entry.realm, &entry.username);
        // Before the lock that whoever finds the entry takes after it.
        self.most_devices.fetch_max(entry.device_count(), Ordering::Relaxed);
        let Some(mut shard) = self.shard(hash) else { return Vec::new() };
        let Shard { entries, removed, .. } = &mut *shard;
        let (deadlines, realm, is_md5_only) = (entry.deadlines(), entry.realm, entry.is_md5_only());
        match entries.find_mut(hash, |present| present.realm == entry.realm && present.username == entry.username) {
            Some(present) => {
                let id = present.id;
                self.md5_only.changed(realm, present.is_md5_only(), is_md5_only);
                self.deadlines.replace((hash, id), present.deadlines(), [None; 2]);
                self.deadlines.replace((hash, entry.id), [None; 2], deadlines);
                end(id, &present.renew(entry), removed)
            }
            None => {
                self.md5_only.changed(realm, false, is_md5_only);
                self.deadlines.replace((hash, entry.id), [None; 2], deadlines);
                entries.insert_unique(hash, Box::new(entry), |entry| self.hash(entry.realm, &entry.username));
                Vec::new()
            }
        }
    }

    /// Notes the new state of those accounts at every credential of theirs, ends the bindings of disabled ones, and
    /// gives back their connections.
    ///
    /// Storage removed its copies in the transaction that disabled the account; they are noted all the same, as in
    /// [`Self::put`].
    pub(crate) fn set_account_states(&self, states: &HashMap<AccountId, AccountState>) -> Vec<u64> {
        let mut connections = Vec::new();
        for shard in &self.shards {
            let mut shard = shard.lock();
            let Shard { entries, removed, .. } = &mut *shard;
            for entry in entries.iter_mut() {
                if let Some(state) = states.get(&entry.account()) {
                    let id = entry.id;
                    connections.extend(end(id, &entry.set_account_enabled(*state), removed));
                }
            }
        }
        connections
    }

    /// Ends one binding of a credential, or all, and gives back their connections. Noted although storage has removed
    /// its copies: a write that was under way then must not bring one back.
    pub(crate) fn end_bindings(
        &self,
        (realm, username, id): (RealmId, &[u8], CredentialId),
        binding: Option<BindingId>,
    ) -> Vec<u64> {
        let hash = self.hash(realm, username);
        let Some(mut shard) = self.shard(hash) else { return Vec::new() };
        let Shard { entries, removed, .. } = &mut *shard;
        let Some(entry) = entries.find_mut(hash, |entry| entry.id == id) else { return Vec::new() };
        let is_meant = |live: &mut LiveBinding| binding.is_none_or(|binding| binding == live.facts.id);
        let ended: Vec<_> = entry.bindings.extract_if(.., is_meant).collect();
        end(id, &ended, removed)
    }

    /// Removes a credential, unless another of the same name has taken its place; gives back its phones' connections.
    pub(crate) fn remove(&self, realm: RealmId, username: &[u8], id: CredentialId) -> Vec<u64> {
        let hash = self.hash(realm, username);
        let Some(mut shard) = self.shard(hash) else { return Vec::new() };
        match shard.entries.find_entry(hash, |entry| entry.id == id) {
            Ok(found) => {
                let gone = found.remove().0;
                self.md5_only.changed(realm, gone.is_md5_only(), false);
                self.deadlines.replace((hash, id), gone.deadlines(), [None; 2]);
                connections_of(&gone.bindings).collect()
            }
            Err(_) => Vec::new(),
        }
    }

    /// Ends the bindings of overlaps that are over and of credentials that have expired, and gives back their
    /// connections. A few thousand credentials at a time; to be called again soon.
    pub(crate) fn end_what_is_over(&self, now: Timestamp) -> Vec<u64> {
        let mut connections = Vec::new();
        for (hash, id) in self.deadlines.take_due(now) {
            let Some(mut shard) = self.shard(hash) else { continue };
            let Shard { entries, removed, .. } = &mut *shard;
            if let Some(entry) = entries.find_mut(hash, |entry| entry.id == id) {
                connections.extend(end(id, &entry.end_what_is_over(now), removed));
            }
        }
        connections
    }
}

/// Notes that bindings have ended, and gives back their connections.
fn end(credential: CredentialId, bindings: &[LiveBinding], removed: &mut Removals) -> Vec<u64> {
    bindings.iter().for_each(|ended| removed.note(credential, ended.facts.id));
    connections_of(bindings).collect()
}

pub(crate) fn connections_of(bindings: &[LiveBinding]) -> impl Iterator<Item = u64> {
    bindings.iter().map(|binding| binding.facts.connection).filter(|connection| *connection != 0)
}

impl Shard {
    /// An entry that a hash leads to, whoever's it is; another hash leads to another.
    pub(crate) fn near(&self, hash: u64) -> &Entry {
        const TRIES: usize = 8;
        let places = self.entries.num_buckets().max(1);
        // The lowest bits are those by which the table places an entry.
        let first = usize::try_from(hash & 0xffff_ffff).unwrap_or(0);
        (0..TRIES).find_map(|step| self.entries.get_bucket((first + step) % places)).map_or(&self.decoy, |entry| entry)
    }

    pub(crate) fn find(&self, hash: u64, realm: RealmId, username: &[u8]) -> Option<&Entry> {
        self.entries.find(hash, |entry| entry.realm == realm && *entry.username == *username).map(|entry| &**entry)
    }
}
