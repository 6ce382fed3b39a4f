//! How full the directory is, counted when somebody asks: nothing is kept up to date on the signalling path for it.

use crate::Directory;
use crate::credential_table::Shard;
use domain::Timestamp;

/// What the directory holds at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Occupancy {
    /// Accounts, disabled ones included.
    pub accounts: usize,
    /// Credentials, disabled ones included.
    pub credentials: usize,
    /// Bindings that have not expired.
    pub registrations: usize,
    /// Credentials with bindings, and removed bindings, that the writing task has not taken yet.
    pub unsaved: usize,
}

impl Directory {
    /// Counts what is there. Visits every credential, one shard locked at a time, as the sweep of expired bindings
    /// does: meant for a few times a minute.
    #[must_use]
    pub fn occupancy(&self, now: Timestamp) -> Occupancy {
        let mut occupancy = Occupancy { accounts: self.realms().account_count(), ..Occupancy::default() };
        for shard in self.credentials.shards() {
            let shard = shard.lock();
            let Shard { entries, unsaved, removed, .. } = &*shard;
            occupancy.credentials += entries.len();
            occupancy.unsaved += unsaved.len() + removed.len();
            let live = |bindings: &[domain::LiveBinding]| {
                bindings.iter().filter(|binding| binding.facts.expires_at > now).count()
            };
            occupancy.registrations += entries.iter().map(|entry| live(&entry.bindings)).sum::<usize>();
        }
        occupancy
    }
}
