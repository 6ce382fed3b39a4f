//! Which attempts become a record of their own, and which are added up.
//!
//! * A challenge is what every exchange begins with; it becomes a record only if nobody answers it.
//! * What goes well again and again is one record for a quarter of an hour.
//! * What fails alike becomes a record a few times a minute; the rest are added up, and so is everything of an account,
//!   or of all of them, that comes faster than can be kept one by one. No attempt is left out: beyond the last bound they
//!   are counted as not kept.
//!
//! Nothing here reads a clock or waits: time is that of the events, and an argument.

mod bucket;
mod challenges;
mod successes;
mod sums;

pub(crate) use successes::WindowKey;

use crate::Names;
use crate::record::Slot;
use bucket::Buckets;
use challenges::Challenges;
use domain::{AuthReason, AuthRecord, AuthRecordId, NearMiss, RealmId, Timestamp};
use foldhash::{fast, quality};
use std::collections::HashMap;
use successes::Successes;
use sums::{Several, Sums};

/// How much is kept one by one.
#[derive(Debug, Clone, Copy)]
pub struct Sampling {
    /// Records a second that an account may have for long.
    pub account_per_second: u32,
    /// Records that it may have at once.
    pub account_burst: u32,
    /// Records a second of all accounts together.
    pub total_per_second: u32,
    /// Records that all may have at once.
    pub total_burst: u32,
    /// Attempts alike that become records within a minute; the rest are added up.
    pub alike_per_minute: u32,
    /// How long attempts are added up before the sum becomes a record, in seconds.
    pub sum_seconds: i64,
    /// Sums that an account may have at once, besides one for each reason.
    pub sums_per_account: u32,
    /// Sums of all accounts together.
    pub most_sums: usize,
    /// How long a challenge waits for its answer, in seconds.
    pub challenge_seconds: i64,
    /// Challenges that may wait at once.
    pub most_challenges: usize,
    /// How long successes alike are one record, in seconds.
    pub success_seconds: i64,
    /// Such records that may be added to at once.
    pub most_successes: usize,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            account_per_second: 20,
            account_burst: 200,
            total_per_second: 1_000,
            total_burst: 4_000,
            alike_per_minute: 5,
            sum_seconds: 10,
            sums_per_account: 8,
            most_sums: 16_384,
            challenge_seconds: 10,
            most_challenges: 8_192,
            success_seconds: 900,
            most_successes: 65_536,
        }
    }
}

/// What is to be kept next.
#[derive(Debug)]
pub(crate) enum Draft {
    /// A new record, of which not everything is known yet.
    New(Box<NewRecord>),
    /// More attempts for one that is there.
    More { id: AuthRecordId, attempts: u32, last_at: Timestamp },
}

/// A record before what nearly went right was looked for.
#[derive(Debug)]
pub(crate) struct NewRecord {
    pub(crate) record: AuthRecord,
    pub(crate) realm: Option<RealmId>,
    /// The Date header, empty without one.
    pub(crate) date: Box<str>,
    /// Where the record's number is to be told, since more attempts may be added to it.
    pub(crate) window: Option<WindowKey>,
}

/// What was seen lately.
pub(crate) struct Sampler {
    config: Sampling,
    /// Of names that strangers choose.
    hasher: quality::RandomState,
    challenges: Challenges,
    successes: Successes,
    /// How many attempts alike there were in the present minute.
    alike: HashMap<u64, u32, fast::RandomState>,
    minute: u64,
    buckets: Buckets,
    sums: Sums,
}

impl Sampler {
    pub(crate) fn new(config: Sampling) -> Self {
        Self {
            config,
            hasher: quality::RandomState::default(),
            challenges: Challenges::new(config),
            successes: Successes::new(config),
            alike: HashMap::default(),
            minute: 0,
            buckets: Buckets::new(config),
            sums: Sums::new(config),
        }
    }

    /// Takes an attempt in; what is to be kept of it at once is added to `drafts`.
    pub(crate) fn take(&mut self, slot: Slot<'_>, names: &dyn Names, drafts: &mut Vec<Draft>) {
        let exchange = slot.exchange_key(&self.hasher);
        match slot.reason {
            AuthReason::Challenge => {
                if !self.challenges.begin(exchange, slot) {
                    self.keep(slot, names, None, drafts);
                }
            }
            AuthReason::Ok => {
                self.challenges.answered(exchange);
                self.succeeded(slot, names, drafts);
            }
            _ => {
                self.challenges.answered(exchange);
                self.successes.interrupted(slot.owner_key(&self.hasher), drafts);
                self.keep(slot, names, None, drafts);
            }
        }
    }

    /// Adds to `drafts` what has become due with time.
    pub(crate) fn tick(&mut self, now: Timestamp, names: &dyn Names, drafts: &mut Vec<Draft>) {
        for unanswered in self.challenges.due(now) {
            let first = unanswered.first.slot();
            let near_miss = self.why_unanswered(&unanswered, names);
            let (attempts, last_at) = (unanswered.attempts, unanswered.last_at);
            let several = Several { reason: first.reason, attempts, last_at };
            let record = || AuthRecord { attempts, last_at, near_miss, ..first.to_record() };
            self.keep_several(first, (several, record, names), None, drafts);
        }
        self.successes.tick(now, drafts);
        self.sums.tick(now, drafts);
        self.buckets.tick(now);
    }

    /// What has been counted and not kept so far, before the end.
    pub(crate) fn finish(&mut self, drafts: &mut Vec<Draft>) {
        self.successes.finish(drafts);
        self.sums.finish(drafts);
    }

    /// The number of a record that a window of successes began with.
    pub(crate) fn numbered(&mut self, window: WindowKey, record: (Timestamp, AuthRecordId)) {
        self.successes.numbered(window, record);
    }

    /// Attempts that no record stands for.
    pub(crate) const fn unkept(&self) -> u64 {
        self.sums.unkept() + self.successes.unkept()
    }

    fn succeeded(&mut self, slot: Slot<'_>, names: &dyn Names, drafts: &mut Vec<Draft>) {
        let window = WindowKey { owner: slot.owner_key(&self.hasher), likeness: slot.likeness_key(&self.hasher) };
        if !self.successes.add(window, slot.at, drafts) {
            self.keep(slot, names, Some(window), drafts);
        }
    }

    /// Keeps an attempt as it is, if there is room for it, or adds it to a sum.
    fn keep(&mut self, slot: Slot<'_>, names: &dyn Names, window: Option<WindowKey>, drafts: &mut Vec<Draft>) {
        let one = Several { reason: slot.reason, attempts: 1, last_at: slot.at };
        self.keep_several(slot, (one, || slot.to_record(), names), window, drafts);
    }

    /// The same of attempts that came to the same; `slot` is the first.
    fn keep_several(
        &mut self,
        slot: Slot<'_>,
        (several, record, names): (Several, impl FnOnce() -> AuthRecord, &dyn Names),
        window: Option<WindowKey>,
        drafts: &mut Vec<Draft>,
    ) {
        let account = slot.account.or_else(|| slot.realm.and_then(|realm| names.owner(realm, &slot.host())));
        let new = || {
            let record = AuthRecord { account, ..record() };
            NewRecord { realm: slot.realm, date: slot.date(), window, record }
        };
        if self.is_new_enough(slot) && self.buckets.take(account, slot.at) {
            if let Some(window) = window {
                self.successes.begin(window, slot.at, drafts);
            }
            drafts.push(Draft::New(Box::new(new())));
        } else {
            self.sums.add((account, slot.summary_key(&self.hasher)), several, new);
        }
    }

    /// Whether there were few like it within the minute.
    fn is_new_enough(&mut self, slot: Slot<'_>) -> bool {
        let minute = slot.at.as_unix_seconds() / 60;
        if minute != self.minute {
            self.minute = minute;
            self.alike.clear();
        }
        let key = slot.likeness_key(&self.hasher);
        if self.alike.len() >= self.config.most_successes && !self.alike.contains_key(&key) {
            return false;
        }
        let count = self.alike.entry(key).or_insert(0);
        *count = count.saturating_add(1);
        *count <= self.config.alike_per_minute
    }

    fn why_unanswered(&self, unanswered: &challenges::Unanswered, names: &dyn Names) -> Option<NearMiss> {
        let realm = unanswered.first.slot().realm;
        if unanswered.is_repeated {
            Some(NearMiss::AnswerNotArriving)
        } else {
            realm.filter(|realm| names.is_without_md5(*realm)).map(|_| NearMiss::NoCommonAlgorithm)
        }
    }
}

#[cfg(test)]
mod tests;
