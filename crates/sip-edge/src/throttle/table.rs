//! Scores, bans and successes in a table of fixed size; `now` is an argument and nothing here is random.
//!
//! A score drains by itself: it is kept as the moment when nothing of it will be left, so an entry that is due counts
//! for nothing and needs no sweeping. Where four entries share a bucket and a fifth comes, the least worth gives way:
//! one that is due, then the lowest score, then the success that is longest ago, then the ban that ends first.

/// Milliseconds since the Unix epoch.
pub(crate) type Millis = u64;

/// Entries of a bucket, which is one cache line.
const WAYS: usize = 4;
/// The low bits of a state say what it is, the others until when.
const KIND_BITS: u32 = 2;

/// How much is too much, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rule {
    /// What one failure adds to the time a score takes to drain.
    pub(crate) failure_ms: Millis,
    /// Failures at once that lead to a ban.
    pub(crate) limit: u32,
    /// How long a ban lasts.
    pub(crate) ban_ms: Millis,
}

/// What is known of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// Nothing, or not too many failures yet.
    Open,
    /// It has succeeded, perhaps with failures since.
    Worked,
    /// Too many failures lately.
    Banned,
}

/// What a failure led to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Failed {
    /// Whether the key had succeeded before.
    pub(crate) had_worked: bool,
    /// Whether this failure is the one that banned it.
    pub(crate) is_banned: bool,
    /// Whether something that counted gave way to it.
    pub(crate) displaced: bool,
}

impl Failed {
    /// A failure during a ban.
    const UNCOUNTED: Self = Self { had_worked: false, is_banned: false, displaced: false };
}

/// An entry in use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Scored = 1,
    Worked = 2,
    Banned = 3,
}

#[derive(Clone, Copy)]
struct Entry {
    kind: Kind,
    /// When the score is drained, or the ban over; for a success without failures since, when it was.
    until: Millis,
}

/// The entries. A slot is a key and a state; a state of zero is free.
pub(crate) struct Table {
    /// Asked for zeroed, so that pages cost nothing until they are used.
    buckets: Vec<[[u64; 2]; WAYS]>,
}

impl Table {
    /// A table of that many buckets of four entries and 64 octets, at least one.
    pub(crate) fn with_buckets(buckets: usize) -> Self {
        Self { buckets: vec![[[0; 2]; WAYS]; buckets.max(1)] }
    }

    pub(crate) fn standing(&self, key: u64, now: Millis) -> Standing {
        match self.entry(key) {
            Some(Entry { kind: Kind::Worked, .. }) => Standing::Worked,
            Some(Entry { kind: Kind::Banned, until }) if until > now => Standing::Banned,
            _ => Standing::Open,
        }
    }

    /// Counts a failure. One of a key that is banned changes nothing: a ban ends when it was said to.
    pub(crate) fn fail(&mut self, key: u64, now: Millis, rule: &Rule) -> Failed {
        let Some((slot, displaced)) = self.slot(key, now) else { return Failed::UNCOUNTED };
        let held = entry_of(slot, key).filter(|entry| entry.kind == Kind::Worked || entry.until > now);
        let had_worked = held.is_some_and(|entry| entry.kind == Kind::Worked);
        if held.is_some_and(|entry| entry.kind == Kind::Banned) {
            return Failed::UNCOUNTED;
        }
        let drained = held.map_or(now, |entry| entry.until.max(now)).saturating_add(rule.failure_ms);
        let is_banned = drained - now > rule.failure_ms.saturating_mul(u64::from(rule.limit.saturating_sub(1)));
        let entry = if is_banned {
            Entry { kind: Kind::Banned, until: now.saturating_add(rule.ban_ms) }
        } else {
            Entry { kind: if had_worked { Kind::Worked } else { Kind::Scored }, until: drained }
        };
        *slot = [key, state_of(entry)];
        Failed { had_worked, is_banned, displaced }
    }

    /// Notes a success, which forgets failures; `true` if something that counted gave way to it. It lifts no ban: what
    /// succeeds although its key is banned was let through for another reason.
    pub(crate) fn succeed(&mut self, key: u64, now: Millis) -> bool {
        if self.standing(key, now) == Standing::Banned {
            return false;
        }
        let Some((slot, displaced)) = self.slot(key, now) else { return false };
        *slot = [key, state_of(Entry { kind: Kind::Worked, until: now })];
        displaced
    }

    /// Whether a success was noted after that moment, and no failure since.
    pub(crate) fn has_worked_since(&self, key: u64, moment: Millis, now: Millis) -> bool {
        let is_recent = |entry: Entry| entry.kind == Kind::Worked && entry.until > moment && entry.until <= now;
        self.entry(key).is_some_and(is_recent)
    }

    /// Whether failures of it still count, or it is banned.
    pub(crate) fn is_scored(&self, key: u64, now: Millis) -> bool {
        self.entry(key).is_some_and(|entry| entry.until > now)
    }

    /// Bans a key until that moment, as it was before a restart.
    pub(crate) fn ban(&mut self, key: u64, until: Millis, now: Millis) {
        if let Some((slot, _)) = self.slot(key, now) {
            *slot = [key, state_of(Entry { kind: Kind::Banned, until })];
        }
    }

    /// Keeps a key until that moment, as something that a success outlasts.
    pub(crate) fn note_until(&mut self, key: u64, until: Millis, now: Millis) {
        if let Some((slot, _)) = self.slot(key, now) {
            *slot = [key, state_of(Entry { kind: Kind::Scored, until })];
        }
    }

    /// Forgets a key.
    pub(crate) fn forget(&mut self, key: u64) {
        let index = self.index(key);
        if let Some(bucket) = self.buckets.get_mut(index) {
            bucket.iter_mut().filter(|slot| entry_of(slot, key).is_some()).for_each(|slot| *slot = [0; 2]);
        }
    }

    fn entry(&self, key: u64) -> Option<Entry> {
        self.buckets.get(self.index(key))?.iter().find_map(|slot| entry_of(slot, key))
    }

    /// The slot of a key, or the one it may take, and whether that held something else that counts.
    fn slot(&mut self, key: u64, now: Millis) -> Option<(&mut [u64; 2], bool)> {
        let index = self.index(key);
        let bucket = self.buckets.get_mut(index)?;
        let own = bucket.iter().position(|slot| entry_of(slot, key).is_some());
        let worth = |slot: &[u64; 2]| match any_entry(slot) {
            Some(entry) if entry.kind == Kind::Worked || entry.until > now => (entry.kind as u8, entry.until),
            _ => (0, 0),
        };
        let place = own.or_else(|| (0..WAYS).min_by_key(|way| bucket.get(*way).map(worth))).unwrap_or(0);
        let slot = bucket.get_mut(place)?;
        let displaced = own.is_none() && worth(slot).0 > 0;
        Some((slot, displaced))
    }

    /// The upper half chooses the bucket; the lower bits have chosen the table.
    fn index(&self, key: u64) -> usize {
        usize::try_from((key >> 32) % (self.buckets.len() as u64)).unwrap_or(0)
    }
}

fn entry_of(slot: &[u64; 2], key: u64) -> Option<Entry> {
    let [held, _] = slot;
    any_entry(slot).filter(|_| *held == key)
}

fn any_entry([_, state]: &[u64; 2]) -> Option<Entry> {
    let kind = match state & ((1 << KIND_BITS) - 1) {
        1 => Kind::Scored,
        2 => Kind::Worked,
        3 => Kind::Banned,
        _ => return None,
    };
    Some(Entry { kind, until: state >> KIND_BITS })
}

fn state_of(entry: Entry) -> u64 {
    entry.until << KIND_BITS | entry.kind as u64
}
