//! When credentials were last used: noted once a minute on the signalling path, written behind.
//!
//! As with algorithms, an entry knows the minute it noted last, so that all but the first use of a minute cost one
//! comparison, and what finds no room in the queue of fixed size is left to the next use. A process that is killed loses
//! what was noted since the last write.

use crate::{CredentialKey, Directory};
use domain::{CredentialUse, DigestAlgorithm, SignallingTransport, Timestamp};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::StorageError;

/// Most uses between two writes: what one write may cost the storage.
const MOST_WAITING: usize = 4096;
/// Octets of a User-Agent that are kept.
const USER_AGENT_OCTETS: usize = 64;
/// Octets of a method that are kept.
const METHOD_OCTETS: usize = 32;

/// The minute of the last use that was noted, since 1970; none stands for never.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LastUse(u32);

impl LastUse {
    /// Whether a use at that moment says anything that is not known yet.
    #[must_use]
    pub fn is_news(self, now: Timestamp) -> bool {
        self != Self::at(now)
    }

    pub(crate) const fn of_minute(minute: u32) -> Self {
        Self(minute)
    }

    pub(crate) const fn minute(self) -> u32 {
        self.0
    }

    pub(crate) fn at(moment: Timestamp) -> Self {
        Self(u32::try_from(moment.as_unix_seconds() / 60).unwrap_or(u32::MAX))
    }
}

/// A request that a credential let in, as far as it is worth keeping.
#[derive(Clone, Copy, Debug)]
pub struct UseOfCredential<'m> {
    /// When.
    pub at: Timestamp,
    /// The address it came from.
    pub source: SocketAddr,
    /// The transport it came over.
    pub transport: SignallingTransport,
    /// Its method.
    pub method: &'m [u8],
    /// Its User-Agent, empty without one.
    pub user_agent: &'m [u8],
    /// The hash it was answered with.
    pub algorithm: DigestAlgorithm,
}

/// The first octets of a text, without an allocation of their own.
struct Beginning<const OCTETS: usize> {
    octets: [u8; OCTETS],
    length: usize,
}

impl<const OCTETS: usize> Beginning<OCTETS> {
    fn of(text: &[u8]) -> Self {
        let mut octets = [0; OCTETS];
        octets.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        Self { octets, length: text.len().min(OCTETS) }
    }

    /// It is the sender's claim: made valid text, without characters that act on a terminal.
    fn to_text(&self) -> Box<str> {
        let octets = self.octets.get(..self.length).unwrap_or_default();
        let harmless = |character: char| if character.is_control() { '\u{fffd}' } else { character };
        String::from_utf8_lossy(octets).chars().map(harmless).collect()
    }
}

/// A use as it was noted.
struct Noted {
    credential: domain::CredentialId,
    generation: u32,
    at: Timestamp,
    source: SocketAddr,
    transport: SignallingTransport,
    algorithm: DigestAlgorithm,
    method: Beginning<METHOD_OCTETS>,
    user_agent: Beginning<USER_AGENT_OCTETS>,
}

impl Noted {
    fn to_use(&self) -> CredentialUse {
        CredentialUse {
            credential: self.credential,
            at: self.at,
            source: self.source,
            transport: self.transport,
            method: self.method.to_text(),
            user_agent: self.user_agent.to_text(),
            algorithm: self.algorithm,
            generation: self.generation,
        }
    }
}

/// Uses that storage does not have yet.
pub(crate) struct CredentialUseQueue {
    waiting: Mutex<Vec<Noted>>,
    /// What could not be written; nothing more is taken until it is.
    unwritten: Mutex<Vec<CredentialUse>>,
    deferred: AtomicU64,
}

impl CredentialUseQueue {
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

    fn take(&self) -> Vec<CredentialUse> {
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
    /// Notes that a credential let a request in. To be asked where [`LastUse::is_news`], or that of its device, says so.
    pub fn note_use(&self, key: &CredentialKey<'_>, request: UseOfCredential<'_>) {
        let hash = self.credentials.hash(key.realm, key.username);
        let Some(mut shard) = self.credentials.shard(hash) else { return };
        let Some(entry) = shard.entries.find_mut(hash, |entry| entry.id == key.id) else { return };
        let UseOfCredential { at, source, transport, method, user_agent, algorithm } = request;
        let noted = Noted {
            credential: key.id,
            generation: key.generation,
            at,
            source,
            transport,
            algorithm,
            method: Beginning::of(method),
            user_agent: Beginning::of(user_agent),
        };
        // Another lane may have noted the same minute.
        if entry.use_is_news(key.generation, at) && self.credential_uses.offer(noted) {
            entry.note_use(key.generation, at);
        }
    }

    /// Stores what was noted since the last call. To be called every few seconds, and before the process ends.
    ///
    /// # Errors
    /// [`StorageError`]; the next call stores what this one could not.
    pub async fn flush_credential_uses(&self, stored: &dyn storage::CredentialUses) -> Result<(), StorageError> {
        let uses = self.credential_uses.take();
        if uses.is_empty() {
            return Ok(());
        }
        let outcome = stored.save_credential_uses(uses.clone()).await;
        if outcome.is_err() {
            *self.credential_uses.unwritten.lock() = uses;
        }
        outcome
    }

    /// How often a use found no room among those that wait to be written, and was left for the next request.
    #[must_use]
    pub fn deferred_credential_uses(&self) -> u64 {
        self.credential_uses.deferred.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_news_once() {
        let at = |seconds: i64| Timestamp::from_seconds(1_700_000_040 + seconds);
        let last = LastUse::at(at(0));
        assert!(LastUse::default().is_news(at(0)));
        assert!(!last.is_news(at(59)) && last.is_news(at(60)) && last.is_news(at(-1)));
    }

    #[test]
    fn what_phones_say_is_cut_and_made_harmless() {
        assert_eq!(&*Beginning::<8>::of(b"Yealink SIP").to_text(), "Yealink ");
        assert_eq!(&*Beginning::<8>::of(b"a\x1b\xff").to_text(), "a\u{fffd}\u{fffd}");
        assert_eq!(&*Beginning::<8>::of(b"").to_text(), "");
    }
}
