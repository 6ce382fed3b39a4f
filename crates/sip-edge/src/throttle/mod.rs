//! Who may still guess.
//!
//! Failures are scored for the pair of source and credential, and, against spraying, for the source and for the
//! credential alone. What is banned is not verified any more; it gets the same answer for the same work. Only failures
//! with a nonce that we issued to that very source come here, so nobody can be banned by a forged packet, and a name
//! that nobody has is scored like a real one.
//!
//! A pair that has worked answers for itself alone: neither its source's nor its credential's score touches it. Where
//! somebody guesses a user's password from behind the same address as that user's phone, the pair is banned, but the
//! very address and port that the phone has worked from stays let in.
//!
//! A pair that has kept quiet for as long as one failure counts has its next claim verified although it is banned, so a
//! phone works at once when it is corrected; whoever waits so long between guesses would not have been banned either.
//!
//! A credential's life is part of its keys: with a changed password, or enabled again, it starts afresh.

mod ban_list;
mod table;

#[cfg(test)]
mod tests;

pub use ban_list::Bans;

use crate::source_network::source_network;
use ban_list::BanList;
use directory::CredentialSnapshot;
use domain::{AccountId, BanKind};
use parking_lot::Mutex;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use table::{Failed, Millis, Rule, Standing, Table};

/// Tables, each under a lock of its own.
const SHARDS: usize = 64;
/// With 64 octets each, 8 MiB in all, touched as they are used: half a million entries.
const BUCKETS_PER_SHARD: usize = 1 << 11;
/// How many times as many failures a source or a credential alone may have as a pair.
const SPRAYING_FACTOR: u32 = 10;
/// A success no older than that is not written again.
const RENEWAL_MS: Millis = 60_000;

/// When guesses are no longer verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottlePolicy {
    /// Failures of a source with one credential within the window that lead to a ban; zero turns throttling off. A
    /// source, or a credential, alone has ten times as many.
    pub limit: u32,
    /// Seconds after which a failure counts for nothing any more. A phone that repeats a wrong password more slowly
    /// than `limit` times in it is never banned, and so works at once when its password is corrected.
    pub window_seconds: u32,
    /// Seconds a ban lasts. Attempts during it do not prolong it.
    pub ban_seconds: u32,
}

impl Default for ThrottlePolicy {
    fn default() -> Self {
        Self { limit: 20, window_seconds: 300, ban_seconds: 600 }
    }
}

/// Bans since the edge was built, and what was forgotten for want of room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ThrottleCounts {
    /// Bans of a source with one credential.
    pub pairs: u64,
    /// Bans of a source for failures with many credentials.
    pub sources: u64,
    /// Bans of a credential for failures from many sources.
    pub credentials: u64,
    /// Entries that still counted and gave way to others.
    pub displaced: u64,
}

/// Who claims to be whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claimant<'c> {
    pub(crate) source: SocketAddr,
    pub(crate) realm: i64,
    pub(crate) username: &'c [u8],
    pub(crate) incarnation: Incarnation,
    /// Whose credential of that name is, if there is one.
    pub(crate) account: Option<AccountId>,
}

/// Which life of a credential is meant: what was held against an earlier one counts no more. All zero for a name that
/// nobody has, which so costs as much to look up.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Incarnation {
    id: [u8; 16],
    /// Its password's.
    generation: u32,
    /// How often it was enabled again.
    enablings: u32,
}

impl Incarnation {
    pub(crate) fn of(credential: &CredentialSnapshot) -> Self {
        let CredentialSnapshot { id, generation, enablings, .. } = credential;
        Self { id: *id.as_bytes(), generation: *generation, enablings: *enablings }
    }
}

/// Whether a claim is verified at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Admission {
    Verified,
    Banned,
}

/// The scores of one process.
pub(crate) struct Throttle {
    pair_rule: Rule,
    spraying_rule: Rule,
    /// A cryptographic hash with a key of its own: nobody can choose what shares a bucket.
    hasher: RandomState,
    /// None where throttling is off.
    shards: Box<[Mutex<Table>]>,
    pairs: AtomicU64,
    sources: AtomicU64,
    credentials: AtomicU64,
    displaced: AtomicU64,
    bans: BanList,
    /// Identifiers drawn so far.
    draws: AtomicU64,
}

/// What a key stands for. The pair with its port, so to speak the flow, is kept only once it has worked.
#[derive(Clone, Copy, Hash)]
enum Of {
    Flow,
    Pair,
    /// Until when a banned pair is still heard.
    Clamour,
    Source,
    Credential,
}

impl Throttle {
    pub(crate) fn new(policy: ThrottlePolicy) -> Self {
        let rule = |limit: u32| Rule {
            failure_ms: (u64::from(policy.window_seconds) * 1000 / u64::from(limit.max(1))).max(1),
            limit,
            ban_ms: u64::from(policy.ban_seconds) * 1000,
        };
        let shards = if policy.limit == 0 { 0 } else { SHARDS };
        Self {
            pair_rule: rule(policy.limit),
            spraying_rule: rule(policy.limit.saturating_mul(SPRAYING_FACTOR)),
            hasher: RandomState::new(),
            shards: (0..shards).map(|_| Mutex::new(Table::with_buckets(BUCKETS_PER_SHARD))).collect(),
            pairs: AtomicU64::new(0),
            sources: AtomicU64::new(0),
            credentials: AtomicU64::new(0),
            displaced: AtomicU64::new(0),
            bans: BanList::default(),
            draws: AtomicU64::new(0),
        }
    }

    /// Whether a claim is to be verified.
    pub(crate) fn admission(&self, claimant: &Claimant<'_>, now: Millis) -> Admission {
        let standing = |of| self.with(of, claimant, |table, key| table.standing(key, now));
        if standing(Of::Flow) == Some(Standing::Worked) {
            return Admission::Verified;
        }
        let sprays = || [Of::Source, Of::Credential].into_iter().any(|of| standing(of) == Some(Standing::Banned));
        let is_banned = match standing(Of::Pair) {
            Some(Standing::Worked) => false,
            Some(Standing::Banned) => self.clamours(claimant, now) || sprays(),
            _ => sprays(),
        };
        if is_banned { Admission::Banned } else { Admission::Verified }
    }

    /// Whether a pair was heard of less than the time of a failure ago; this time counts for the next.
    fn clamours(&self, claimant: &Claimant<'_>, now: Millis) -> bool {
        let until = now.saturating_add(self.pair_rule.failure_ms);
        let heard = self.with(Of::Clamour, claimant, |table, key| {
            let clamours = table.is_scored(key, now);
            table.note_until(key, until, now);
            clamours
        });
        heard == Some(true)
    }

    /// Counts a failure of a claim that was verified.
    pub(crate) fn failed(&self, claimant: &Claimant<'_>, now: Millis) {
        let fail = |of, rule: &Rule| self.with(of, claimant, |table, key| table.fail(key, now, rule));
        let flow_failed = self.with(Of::Flow, claimant, |table, key| {
            let has_worked = table.standing(key, now) == Standing::Worked;
            // Beyond its limit it is no longer an exception, and the pair's score begins.
            let spent = has_worked && table.fail(key, now, &self.pair_rule).is_banned;
            if spent {
                table.forget(key);
            }
            has_worked
        });
        if flow_failed == Some(true) {
            return;
        }
        let Some(pair) = fail(Of::Pair, &self.pair_rule) else { return };
        if pair.is_banned {
            self.clamours(claimant, now);
        }
        self.count((&self.pairs, BanKind::Pair), pair, claimant, now);
        if !pair.had_worked {
            if let Some(source) = fail(Of::Source, &self.spraying_rule) {
                self.count((&self.sources, BanKind::Source), source, claimant, now);
            }
            if let Some(credential) = fail(Of::Credential, &self.spraying_rule) {
                self.count((&self.credentials, BanKind::Username), credential, claimant, now);
            }
        }
    }

    /// Notes that a claim was right.
    pub(crate) fn succeeded(&self, claimant: &Claimant<'_>, now: Millis) {
        let is_recent = self
            .with(Of::Flow, claimant, |table, key| table.has_worked_since(key, now.saturating_sub(RENEWAL_MS), now));
        if is_recent == Some(true) {
            return;
        }
        let had_worked = self.with(Of::Flow, claimant, |table, key| table.standing(key, now) == Standing::Worked);
        let flow = self.with(Of::Flow, claimant, |table, key| table.succeed(key, now));
        let mut was_banned = false;
        let pair = self.with(Of::Pair, claimant, |table, key| {
            // Not the exception that its flow is: it was verified for having kept quiet, and was right.
            was_banned = had_worked != Some(true) && table.standing(key, now) == Standing::Banned;
            if was_banned {
                table.forget(key);
            }
            // A phone that goes on working from where it has worked says nothing for others behind its address: what
            // they have scored stays.
            let may_clear = had_worked != Some(true) || !table.is_scored(key, now);
            may_clear && table.succeed(key, now)
        });
        if was_banned {
            self.bans.end_of(claimant);
        }
        let displaced = [flow, pair].into_iter().filter(|displaced| *displaced == Some(true)).count() as u64;
        if displaced > 0 {
            self.displaced.fetch_add(displaced, Ordering::Relaxed);
        }
    }

    pub(crate) fn counts(&self) -> ThrottleCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ThrottleCounts {
            pairs: read(&self.pairs),
            sources: read(&self.sources),
            credentials: read(&self.credentials),
            displaced: read(&self.displaced),
        }
    }

    fn count(&self, (bans, kind): (&AtomicU64, BanKind), failed: Failed, claimant: &Claimant<'_>, now: Millis) {
        if failed.is_banned {
            bans.fetch_add(1, Ordering::Relaxed);
            let rule = if kind == BanKind::Pair { &self.pair_rule } else { &self.spraying_rule };
            self.list_ban((kind, rule.limit), claimant, now, rule.ban_ms);
        }
        if failed.displaced {
            self.displaced.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Asks the table of a key; `None` where throttling is off.
    fn with<R>(&self, of: Of, claimant: &Claimant<'_>, ask: impl FnOnce(&mut Table, u64) -> R) -> Option<R> {
        let shards = self.shards.len() as u64;
        let key = if shards == 0 { return None } else { self.key(of, claimant) };
        let shard = self.shards.get(usize::try_from(key % shards).unwrap_or(0))?;
        Some(ask(&mut shard.lock(), key))
    }

    fn key(&self, of: Of, claimant: &Claimant<'_>) -> u64 {
        let source = source_network(claimant.source.ip());
        let credential = (claimant.realm, claimant.username, claimant.incarnation);
        match of {
            Of::Flow => self.hasher.hash_one((of, claimant.source.ip(), claimant.source.port(), credential)),
            Of::Pair | Of::Clamour => self.hasher.hash_one((of, source, credential)),
            Of::Source => self.hasher.hash_one((of, source)),
            Of::Credential => self.hasher.hash_one((of, credential)),
        }
    }
}
