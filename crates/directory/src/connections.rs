//! Which credentials' phones are reached over which connection, and what follows when one of the two ends.

use crate::Directory;
use crate::credential_table::Shard;
use domain::CredentialId;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};

/// Ends connections to phones.
pub trait Connections: Send + Sync {
    /// Closes the connection of that number, if it is still open. Returns without waiting for it to be closed.
    fn close(&self, connection: u64);
}

/// Where a credential stands: its hash and its identifier.
pub(crate) type Place = (u64, CredentialId);

/// A power of two, enough that two workers rarely meet.
const SHARDS: usize = 64;

type Users = HashMap<u64, HashSet<Place, RandomState>, RandomState>;

/// The credentials that have registered over each open connection; they may have left it since.
///
/// Its locks are taken while a shard of the credentials is locked, never the other way round. It has an end: a
/// connection is forgotten when it is closed, and holds each credential once.
pub(crate) struct ConnectionIndex {
    shards: Box<[Mutex<Users>]>,
}

impl ConnectionIndex {
    pub(crate) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    /// Notes that a phone of that credential is reached over that connection.
    pub(crate) fn note(&self, connection: u64, place: Place) {
        if let Some(shard) = self.shard(connection) {
            shard.lock().entry(connection).or_default().insert(place);
        }
    }

    fn users(&self, connection: u64) -> Vec<Place> {
        let Some(shard) = self.shard(connection) else { return Vec::new() };
        let shard = shard.lock();
        shard.get(&connection).map(|users| users.iter().copied().collect()).unwrap_or_default()
    }

    fn take(&self, connection: u64) -> HashSet<Place, RandomState> {
        self.shard(connection).and_then(|shard| shard.lock().remove(&connection)).unwrap_or_default()
    }

    fn shard(&self, connection: u64) -> Option<&Mutex<Users>> {
        self.shards.get(usize::try_from(connection).unwrap_or(0) % SHARDS)
    }
}

impl Directory {
    /// Takes note that a connection has ended: bindings that can be reached in no other way end with it; the others are
    /// kept, and count as left behind when their phone connects anew.
    pub fn connection_ended(&self, connection: u64) {
        for (hash, id) in self.connection_index.take(connection) {
            let Some(mut shard) = self.credentials.shard(hash) else { continue };
            let Shard { entries, removed, .. } = &mut *shard;
            let Some(entry) = entries.find_mut(hash, |entry| entry.id == id) else { continue };
            entry.bindings.retain_mut(|binding| {
                if binding.facts.connection != connection {
                    return true;
                }
                binding.facts.connection = 0;
                let stays = !binding.needs_its_connection();
                if !stays {
                    removed.note(id, binding.facts.id);
                }
                stays
            });
        }
    }

    /// Closes connections whose bindings were ended from here, except those that phones of other credentials are
    /// reached over: a gateway's connection must not end with one of its users. Takes locks one at a time and calls out
    /// without any.
    pub(crate) fn close_connections(&self, mut ended: Vec<u64>) {
        ended.sort_unstable();
        ended.dedup();
        for connection in ended {
            let is_used = |(hash, id): &Place| {
                self.credentials.shard(*hash).is_some_and(|shard| {
                    let entry = shard.entries.find(*hash, |entry| entry.id == *id);
                    entry.is_some_and(|entry| entry.bindings.iter().any(|it| it.facts.connection == connection))
                })
            };
            if !self.connection_index.users(connection).iter().any(is_used)
                && let Some(connections) = &self.connections
            {
                connections.close(connection);
            }
        }
    }
}
