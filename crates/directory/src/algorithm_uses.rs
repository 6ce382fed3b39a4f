//! Which algorithms credentials are used with: noted once a day on the signalling path, written behind.
//!
//! An entry knows the last day of each algorithm, so that all but the first use of a day cost one comparison. What is
//! new goes into a queue of fixed size; when that is full, the entry is left as it was and the next use tries again. A
//! process that is killed loses what was noted since the last write; the next use after its restart notes it again.

use crate::{CredentialKey, Directory};
use domain::{AlgorithmUse, AuthRemark, CredentialId, Day, DigestAlgorithm};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::StorageError;

/// Most uses between two writes: with one a second, as many credentials may refresh for the first time of a day.
const MOST_WAITING: usize = 4096;
/// Octets of a User-Agent that are kept.
const USER_AGENT_OCTETS: usize = 64;

/// The last day of each algorithm; the first day of all stands for never.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UsedAlgorithms {
    last_days: [Day; 3],
    /// The last day on which a downgrade was told.
    downgraded: Day,
}

impl UsedAlgorithms {
    /// Whether a use on that day says anything that is not known yet.
    #[must_use]
    pub fn is_news(&self, algorithm: DigestAlgorithm, today: Day) -> bool {
        self.last_day(algorithm) != today || self.is_downgrade(algorithm, today)
    }

    fn is_downgrade(&self, algorithm: DigestAlgorithm, today: Day) -> bool {
        let better = [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512_256];
        algorithm == DigestAlgorithm::Md5
            && self.downgraded != today
            && better.into_iter().any(|better| self.last_day(better) != Day::default())
    }

    fn last_day(&self, algorithm: DigestAlgorithm) -> Day {
        self.last_days.get(algorithm as usize).copied().unwrap_or_default()
    }

    fn set(&mut self, algorithm: DigestAlgorithm, day: Day) {
        if let Some(last) = self.last_days.get_mut(algorithm as usize) {
            *last = day;
        }
    }
}

/// A use as it was noted, without an allocation of its own.
struct Noted {
    credential: CredentialId,
    algorithm: DigestAlgorithm,
    day: Day,
    user_agent: [u8; USER_AGENT_OCTETS],
    length: usize,
}

impl Noted {
    fn new((credential, algorithm, day): (CredentialId, DigestAlgorithm, Day), user_agent: &[u8]) -> Self {
        let mut octets = [0; USER_AGENT_OCTETS];
        octets.iter_mut().zip(user_agent).for_each(|(to, from)| *to = *from);
        Self { credential, algorithm, day, user_agent: octets, length: user_agent.len().min(USER_AGENT_OCTETS) }
    }

    /// The User-Agent is the sender's claim: made valid text, without characters that act on a terminal.
    fn to_use(&self) -> AlgorithmUse {
        let octets = self.user_agent.get(..self.length).unwrap_or_default();
        let harmless = |character: char| if character.is_control() { '\u{fffd}' } else { character };
        AlgorithmUse {
            credential: self.credential,
            algorithm: self.algorithm,
            first_day: self.day,
            last_day: self.day,
            user_agent: String::from_utf8_lossy(octets).chars().map(harmless).collect(),
        }
    }
}

/// Uses that storage does not have yet.
pub(crate) struct AlgorithmUseQueue {
    waiting: Mutex<Vec<Noted>>,
    /// What could not be written; nothing more is taken until it is.
    unwritten: Mutex<Vec<AlgorithmUse>>,
    deferred: AtomicU64,
}

impl AlgorithmUseQueue {
    pub(crate) fn new() -> Self {
        Self {
            waiting: Mutex::new(Vec::with_capacity(MOST_WAITING)),
            unwritten: Mutex::default(),
            deferred: AtomicU64::new(0),
        }
    }

    /// Takes it if there is room.
    fn offer(&self, noted: Noted) -> bool {
        let mut waiting = self.waiting.lock();
        let has_room = waiting.len() < MOST_WAITING;
        if has_room {
            waiting.push(noted);
        } else {
            self.deferred.fetch_add(1, Ordering::Relaxed);
        }
        has_room
    }

    fn take(&self) -> Vec<AlgorithmUse> {
        let unwritten = std::mem::take(&mut *self.unwritten.lock());
        if !unwritten.is_empty() {
            return unwritten;
        }
        let mut spare = Vec::with_capacity(MOST_WAITING);
        std::mem::swap(&mut *self.waiting.lock(), &mut spare);
        spare.iter().map(Noted::to_use).collect()
    }
}

impl Directory {
    /// Notes that a credential was used with an algorithm, and says what is remarkable about it. To be asked where
    /// [`UsedAlgorithms::is_news`] says so.
    pub fn note_algorithm(
        &self,
        key: &CredentialKey<'_>,
        (algorithm, today): (DigestAlgorithm, Day),
        user_agent: &[u8],
    ) -> Option<AuthRemark> {
        let hash = self.credentials.hash(key.realm, key.username);
        let mut shard = self.credentials.shard(hash)?;
        let entry = shard.entries.find_mut(hash, |entry| entry.id == key.id)?;
        let is_downgrade = entry.uses.is_downgrade(algorithm, today);
        if is_downgrade {
            entry.uses.downgraded = today;
        }
        let is_new = entry.uses.last_day(algorithm) != today;
        if is_new && self.algorithm_uses.offer(Noted::new((key.id, algorithm, today), user_agent)) {
            entry.uses.set(algorithm, today);
        }
        is_downgrade.then_some(AuthRemark::AlgorithmDowngrade)
    }

    /// Fills in what was used before, after the credentials are there. Blocks; for start-up.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read.
    pub fn load_algorithm_uses(&self, stored: &dyn storage::AlgorithmUses) -> Result<(), StorageError> {
        let hashes = self.credentials.hashes_by_id();
        stored.load_algorithm_uses(&mut |one| {
            if let Some(hash) = hashes.get(&one.credential)
                && let Some(mut shard) = self.credentials.shard(*hash)
                && let Some(entry) = shard.entries.find_mut(*hash, |entry| entry.id == one.credential)
            {
                entry.uses.set(one.algorithm, one.last_day);
            }
        })
    }

    /// Stores what was noted since the last call. To be called every few seconds, and before the process ends.
    ///
    /// # Errors
    /// [`StorageError`]; the next call stores what this one could not.
    pub async fn flush_algorithm_uses(&self, stored: &dyn storage::AlgorithmUses) -> Result<(), StorageError> {
        let uses = self.algorithm_uses.take();
        if uses.is_empty() {
            return Ok(());
        }
        let outcome = stored.save_algorithm_uses(uses.clone()).await;
        if outcome.is_err() {
            *self.algorithm_uses.unwritten.lock() = uses;
        }
        outcome
    }

    /// How often a use found no room among those that wait to be written, and was left for the next request.
    #[must_use]
    pub fn deferred_algorithm_uses(&self) -> u64 {
        self.algorithm_uses.deferred.load(Ordering::Relaxed)
    }
}
