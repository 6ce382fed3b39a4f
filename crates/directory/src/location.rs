//! The location service: where a credential's phones are.

use crate::credential_table::{HashesById, Shard};
use crate::removals::Removals;
use crate::{CredentialSnapshot, Directory};
use domain::{
    AccountId, BindingFacts, BindingId, ContactBinding, CredentialId, LiveBinding, RealmId, Stored, Timestamp,
};
use sip_digest::HashAlgorithm;
use std::sync::mpsc;
use std::thread;
use storage::{Refresh, RegistrationChange, Registrations, StorageError};

/// Stored bindings that are taken up at a time.
const CHUNK: usize = 1024;
/// Chunks that are read ahead.
const CHUNKS_AHEAD: usize = 2;

/// The credential that was verified, as it must still be when its bindings are written.
#[derive(Clone, Copy, Debug)]
pub struct CredentialKey<'k> {
    /// Its realm.
    pub realm: RealmId,
    /// Its username.
    pub username: &'k [u8],
    /// Its identifier.
    pub id: CredentialId,
    /// The generation whose password was proven.
    pub generation: u32,
}

/// The credential or its account was disabled or deleted, it expired, or it was given another password, since it was
/// verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Superseded;

/// Somebody who can be called.
#[derive(Clone, Debug)]
pub struct Callee {
    /// The credential.
    pub id: CredentialId,
    /// The account that owns it.
    pub account: AccountId,
    /// The bindings that have not expired; none for one that may not authenticate.
    pub bindings: Vec<LiveBinding>,
}

/// A credential's bindings, locked for one update.
pub struct Bindings<'b> {
    /// The bindings.
    pub live: &'b mut Vec<LiveBinding>,
    removed: &'b mut Removals,
    credential: CredentialId,
    directory: &'b Directory,
}

impl Bindings<'_> {
    /// Splits into the bindings, a note-taker of removals, and a source of new identifiers.
    pub fn parts(&mut self) -> (&mut Vec<LiveBinding>, impl FnMut(BindingId) + '_, impl FnMut() -> BindingId + '_) {
        let (credential, directory) = (self.credential, self.directory);
        let removed = &mut *self.removed;
        (self.live, move |id| removed.note(credential, id), move || directory.next_binding_id())
    }
}

impl Directory {
    /// What is known of a credential, with its HA1 under that hash.
    #[must_use]
    pub fn credential(&self, realm: RealmId, username: &[u8], hash: HashAlgorithm) -> Option<CredentialSnapshot> {
        let key = self.credentials.hash(realm, username);
        let shard = self.credentials.shard(key)?;
        let found = shard.find(key, realm, username);
        if found.is_none() {
            // A name nobody has takes as long as a real one: somebody's entry is fetched and copied for it, and thrown
            // away where that of a real one is.
            drop(std::hint::black_box(shard.near(key).snapshot(hash)));
        }
        found.map(|entry| entry.snapshot(hash))
    }

    /// Runs an update of a credential's bindings, unless the credential is no longer what was verified or, by now, would
    /// not be.
    ///
    /// # Errors
    /// [`Superseded`]; the update was not run.
    pub fn update_bindings<R>(
        &self,
        key: &CredentialKey<'_>,
        now: Timestamp,
        update: impl FnOnce(&mut Bindings<'_>) -> R,
    ) -> Result<R, Superseded> {
        let hash = self.credentials.hash(key.realm, key.username);
        let mut shard = self.credentials.shard(hash).ok_or(Superseded)?;
        let Shard { entries, unsaved, removed, .. } = &mut *shard;
        let entry = entries
            .find_mut(hash, |entry| entry.realm == key.realm && *entry.username == *key.username)
            .filter(|entry| entry.is_current((key.id, key.generation), now))
            .ok_or(Superseded)?;
        let mut bindings = Bindings { live: &mut entry.bindings, removed, credential: key.id, directory: self };
        let result = update(&mut bindings);
        for binding in entry.bindings.iter().filter(|binding| is_unsaved(binding) && binding.facts.connection != 0) {
            self.connection_index.note(binding.facts.connection, (hash, key.id));
        }
        if !entry.listed && entry.bindings.iter().any(is_unsaved) {
            entry.listed = true;
            unsaved.push((hash, key.id));
        }
        Ok(result)
    }

    /// How many bindings of that credential are alive; `None` if there is no such credential.
    #[must_use]
    pub fn live_bindings(&self, realm: RealmId, username: &[u8], now: Timestamp) -> Option<usize> {
        let hash = self.credentials.hash(realm, username);
        let shard = self.credentials.shard(hash)?;
        let entry = shard.find(hash, realm, username)?;
        Some(entry.live(now).count())
    }

    /// Whether a credential of that realm has exactly that name. Takes longer where one has; nothing on the way to an
    /// answer may ask.
    #[must_use]
    pub fn has_credential(&self, realm: RealmId, username: &[u8]) -> bool {
        let hash = self.credentials.hash(realm, username);
        self.credentials.shard(hash).is_some_and(|shard| shard.find(hash, realm, username).is_some())
    }

    /// Where somebody can be called; `None` if nobody has that name.
    #[must_use]
    pub fn callee(&self, realm: RealmId, username: &[u8], now: Timestamp) -> Option<Callee> {
        let hash = self.credentials.hash(realm, username);
        let shard = self.credentials.shard(hash)?;
        let entry = shard.find(hash, realm, username)?;
        Some(Callee { id: entry.id, account: entry.account(), bindings: entry.live(now).cloned().collect() })
    }

    /// Fills the location service from storage, after the credentials are there. Blocks; for start-up.
    ///
    /// # Errors
    /// [`StorageError`] when they cannot be read.
    pub fn load_registrations(&self, stored: &dyn Registrations, now: Timestamp) -> Result<usize, StorageError> {
        let hashes = self.credentials.hashes_by_id();
        let (chunks, read) = mpsc::sync_channel::<Vec<ContactBinding>>(CHUNKS_AHEAD);
        // Reading and taking up take about as long, so they go on side by side.
        thread::scope(|scope| {
            let take_up = |record: &ContactBinding| self.take_up(&hashes, record, now);
            let taking = scope.spawn(move || read.iter().flatten().filter(take_up).count());
            let mut chunk = Vec::with_capacity(CHUNK);
            let outcome = stored.load(now, &mut |record| {
                chunk.push(record);
                if chunk.len() == CHUNK {
                    let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK));
                    // Refused only after the other thread panicked, which is told when it is joined.
                    let _ = chunks.send(full);
                }
            });
            let _ = chunks.send(chunk);
            drop(chunks);
            let loaded = taking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            outcome.map(|()| loaded)
        })
    }

    /// Takes up a binding of before a restart, if it is still good.
    fn take_up(&self, hashes: &HashesById, record: &ContactBinding, now: Timestamp) -> bool {
        let Some(hash) = hashes.get(&record.credential) else { return false };
        let Some(mut shard) = self.credentials.shard(*hash) else { return false };
        let Shard { entries, removed, .. } = &mut *shard;
        let Some(entry) = entries.find_mut(*hash, |entry| entry.id == record.credential) else { return false };
        let is_good = entry.is_current((record.credential, record.generation), now) && !record.needs_its_connection();
        if is_good {
            // Most have one phone.
            entry.bindings.reserve_exact(1);
            entry.bindings.push(LiveBinding::from_record(record));
        } else {
            // Its connection ended with the process; or a write that was under way when it was ended brought it back just
            // before the node stopped.
            removed.note(record.credential, record.id);
        }
        is_good
    }

    /// Takes everything that storage does not have yet; the caller must store it.
    pub(crate) fn take_unsaved(&self, changes: &mut Vec<RegistrationChange>) {
        for shard in self.credentials.shards() {
            let mut shard = shard.lock();
            let Shard { entries, unsaved, removed, .. } = &mut *shard;
            for (hash, id) in unsaved.drain(..) {
                let Some(entry) = entries.find_mut(hash, |entry| entry.id == id) else { continue };
                entry.listed = false;
                for binding in &mut entry.bindings {
                    match std::mem::replace(&mut binding.stored, Stored::Yes) {
                        Stored::Yes => {}
                        Stored::ButForRefresh => {
                            let BindingFacts { id: binding, cseq, expires_at, .. } = binding.facts;
                            let refresh = Refresh { credential: id, id: binding, cseq, expires_at };
                            changes.push(RegistrationChange::Refresh(refresh));
                        }
                        Stored::No => changes.push(RegistrationChange::Put(binding.to_record(id))),
                    }
                }
            }
            // Bindings are named under the shard's lock, so all of this shard's are below the next name.
            let gone = removed.take(self.peek_binding_id());
            changes.extend(gone.map(|(credential, id)| RegistrationChange::Remove { credential, id }));
        }
    }

    /// Notes that storage could not keep a binding: its next refresh is to be stored whole. Visits every credential.
    pub(crate) fn was_not_stored(&self, credential: CredentialId, binding: BindingId) {
        for shard in self.credentials.shards() {
            let mut shard = shard.lock();
            let bindings = shard.entries.iter_mut().filter(|entry| entry.id == credential);
            for found in bindings.flat_map(|entry| &mut entry.bindings).filter(|found| found.facts.id == binding) {
                found.stored = Stored::No;
            }
        }
    }

    /// Ends the bindings of overlaps that are over and of credentials that have expired, and closes their connections.
    pub(crate) fn end_what_is_over(&self, now: Timestamp) {
        self.close_connections(self.credentials.end_what_is_over(now));
    }

    /// Drops expired bindings of some shards, so that all are visited in turn.
    pub(crate) fn sweep(&self, shards: std::ops::Range<usize>, now: Timestamp) {
        for shard in self.credentials.shards().get(shards).unwrap_or_default() {
            let mut shard = shard.lock();
            let Shard { entries, removed, .. } = &mut *shard;
            for entry in entries.iter_mut().filter(|entry| !entry.bindings.is_empty()) {
                let id = entry.id;
                entry.bindings.retain(|binding| {
                    let lives = binding.facts.expires_at > now;
                    if !lives {
                        removed.note(id, binding.facts.id);
                    }
                    lives
                });
            }
        }
    }

    pub(crate) fn shard_count(&self) -> usize {
        self.credentials.shards().len()
    }
}

fn is_unsaved(binding: &LiveBinding) -> bool {
    binding.stored != Stored::Yes
}
