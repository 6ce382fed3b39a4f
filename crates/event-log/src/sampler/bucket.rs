//! How many records there may be.

use super::Sampling;
use domain::{AccountId, Timestamp};
use std::collections::HashMap;

/// Room for records, which comes back with time.
#[derive(Clone, Copy)]
struct Bucket {
    /// In thousandths of a record.
    room: u64,
    filled_at: Timestamp,
}

/// One for each account that was heard of lately, and one for all.
pub(super) struct Buckets {
    config: Sampling,
    accounts: HashMap<Option<AccountId>, Bucket>,
    total: Option<Bucket>,
}

impl Bucket {
    fn filled(self, now: Timestamp, (per_second, burst): (u32, u32)) -> Self {
        let elapsed_ms = now.as_unix_millis().saturating_sub(self.filled_at.as_unix_millis());
        let most = u64::from(burst) * 1000;
        let room = self.room.saturating_add(elapsed_ms.saturating_mul(per_second.into())).min(most);
        Self { room, filled_at: self.filled_at.max(now) }
    }

    const fn full(now: Timestamp, burst: u32) -> Self {
        Self { room: burst as u64 * 1000, filled_at: now }
    }

    const fn has_room(self) -> bool {
        self.room >= 1000
    }

    fn spend(&mut self) {
        self.room = self.room.saturating_sub(1000);
    }
}

impl Buckets {
    pub(super) fn new(config: Sampling) -> Self {
        Self { config, accounts: HashMap::new(), total: None }
    }

    /// Takes room for one record of that account, if it and all together have some.
    pub(super) fn take(&mut self, account: Option<AccountId>, now: Timestamp) -> bool {
        let Sampling { account_per_second, account_burst, total_per_second, total_burst, .. } = self.config;
        let total = self.total.get_or_insert_with(|| Bucket::full(now, total_burst));
        *total = total.filled(now, (total_per_second, total_burst));
        let own = self.accounts.entry(account).or_insert_with(|| Bucket::full(now, account_burst));
        *own = own.filled(now, (account_per_second, account_burst));
        let has_room = total.has_room() && own.has_room();
        if has_room {
            total.spend();
            own.spend();
        }
        has_room
    }

    /// Forgets accounts whose bucket is full again.
    pub(super) fn tick(&mut self, now: Timestamp) {
        let Sampling { account_per_second, account_burst, .. } = self.config;
        self.accounts.retain(|_, bucket| {
            bucket.filled(now, (account_per_second, account_burst)).room < u64::from(account_burst) * 1000
        });
    }
}
