//! How many credentials of each realm can answer challenges for MD5 only: those that came from another system as such a
//! hash. Passwords make HA1s for every algorithm, so where nothing was imported there is none.

use domain::RealmId;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The count of one realm.
#[derive(Clone, Debug, Default)]
pub(crate) struct Md5OnlyCount(Arc<AtomicU32>);

/// The counts of all realms.
#[derive(Default)]
pub(crate) struct Md5Only {
    of: Mutex<HashMap<RealmId, Md5OnlyCount, RandomState>>,
}

impl Md5OnlyCount {
    pub(crate) fn is_any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

impl Md5Only {
    pub(crate) fn of(&self, realm: RealmId) -> Md5OnlyCount {
        self.of.lock().entry(realm).or_default().clone()
    }

    /// Counts a credential that was one of them before, or is one now.
    pub(crate) fn changed(&self, realm: RealmId, was: bool, is: bool) {
        match (was, is) {
            (false, true) => self.of(realm).0.fetch_add(1, Ordering::Relaxed),
            (true, false) => self.of(realm).0.fetch_sub(1, Ordering::Relaxed),
            _ => return,
        };
    }
}
