//! Attempts that are added up.

use super::{Draft, NewRecord, Sampling};
use domain::{AccountId, AuthReason, AuthRecord, Timestamp};
use std::collections::HashMap;

/// Which sum: of one name and source, or of all that found no sum of their own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Sum {
    Alike(u64),
    Rest(AuthReason),
}

/// Attempts that came to the same.
#[derive(Clone, Copy)]
pub(super) struct Several {
    pub(super) reason: AuthReason,
    pub(super) attempts: u32,
    pub(super) last_at: Timestamp,
}

pub(super) struct Sums {
    config: Sampling,
    /// What the first attempt of each was, with the attempts of all.
    sums: HashMap<(Option<AccountId>, Sum), Box<NewRecord>>,
    /// How many sums of names and sources each account has.
    of_accounts: HashMap<Option<AccountId>, u32>,
    written_at: Timestamp,
    unkept: u64,
}

impl Sums {
    pub(super) fn new(config: Sampling) -> Self {
        Self {
            config,
            sums: HashMap::new(),
            of_accounts: HashMap::new(),
            written_at: Timestamp::from_micros(0),
            unkept: 0,
        }
    }

    /// Adds attempts to the sum of that key, or to one of its reason where the account has too many. A record is made of
    /// them only where a sum begins with them.
    pub(super) fn add(
        &mut self,
        (account, key): (Option<AccountId>, u64),
        several: Several,
        record: impl FnOnce() -> NewRecord,
    ) {
        let own = (account, Sum::Alike(key));
        if let Some(sum) = self.sums.get_mut(&own) {
            return more(&mut sum.record, several);
        }
        let count = self.of_accounts.entry(account).or_insert(0);
        if *count < self.config.sums_per_account && self.sums.len() < self.config.most_sums {
            *count += 1;
            self.sums.insert(own, Box::new(NewRecord { window: None, ..record() }));
            return;
        }
        let rest = (account, Sum::Rest(several.reason));
        let has_room = self.sums.len() < self.config.most_sums.saturating_mul(2);
        match self.sums.get_mut(&rest) {
            Some(sum) => more(&mut sum.record, several),
            None if has_room => {
                let record = of_many(record().record);
                self.sums.insert(rest, Box::new(NewRecord { record, realm: None, date: "".into(), window: None }));
            }
            None => self.unkept = self.unkept.saturating_add(several.attempts.into()),
        }
    }

    pub(super) fn tick(&mut self, now: Timestamp, drafts: &mut Vec<Draft>) {
        if self.written_at.plus_seconds(self.config.sum_seconds) <= now {
            self.written_at = now;
            self.finish(drafts);
        }
    }

    pub(super) fn finish(&mut self, drafts: &mut Vec<Draft>) {
        drafts.extend(self.sums.drain().map(|(_, sum)| Draft::New(sum)));
        self.of_accounts.clear();
    }

    pub(super) const fn unkept(&self) -> u64 {
        self.unkept
    }
}

fn more(sum: &mut AuthRecord, several: Several) {
    sum.attempts = sum.attempts.saturating_add(several.attempts);
    sum.last_at = sum.last_at.max(several.last_at);
}

/// Without what is true of the first of them alone.
fn of_many(first: AuthRecord) -> AuthRecord {
    AuthRecord {
        credential: None,
        remark: None,
        device: None,
        near_miss: None,
        claimed_realm: None,
        source: AuthRecord::MANY_SOURCES,
        algorithm: None,
        username: "".into(),
        host: "".into(),
        user_agent: "".into(),
        call_id: "".into(),
        ..first
    }
}
