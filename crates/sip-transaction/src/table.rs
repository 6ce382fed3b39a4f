//! All server transactions of one signalling worker, in a fixed amount of memory.

use crate::key::TransactionKey;
use crate::non_invite_server::{NonInviteServer, ServerAction};
use crate::response_ring::{Region, ResponseRing};
use crate::timer::{Millis, Reliability, T4_MS, TIMER_J_MS};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::collections::VecDeque;
use std::hash::BuildHasher;

/// How long another request with the same identifiers counts as a copy. Less than the life of a transaction by how long
/// a message may stay in the network: a client that gave up after 64 times T1 may try again by the same way.
const MERGED_WITHIN_MS: Millis = TIMER_J_MS - T4_MS;

/// How much a table may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Most transactions at a time; beyond, the oldest is forgotten early.
    pub transactions: usize,
    /// Octets for keys and responses; beyond, the oldest are forgotten early.
    pub memory_octets: usize,
}

impl Default for Limits {
    /// 65,536 transactions in 32 MiB: a full Timer J at 2,000 requests a second, and memory that is touched only as
    /// it fills.
    fn default() -> Self {
        Self { transactions: 65_536, memory_octets: 32 << 20 }
    }
}

/// What the table knows of a request that came again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absorbed<'t> {
    /// Its user has not answered yet: do nothing.
    Waiting,
    /// Send these octets again.
    Answer(&'t [u8]),
}

/// Finds the transaction of a request and remembers responses. A transaction forgotten early costs its client a
/// retry, nothing more.
#[derive(Debug)]
pub struct ServerTransactions {
    limits: Limits,
    ring: ResponseRing,
    /// Oldest first; slot numbers count up from `first_slot`.
    slots: VecDeque<Slot>,
    first_slot: u64,
    index: HashTable<u64>,
    /// The slots of requests outside a dialog, by what copies of them have in common.
    requests: HashTable<u64>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Slot {
    hash: u64,
    /// Stands for what copies of the request have in common; 64 bits of a keyed hash, the octets are not kept.
    request: Option<u64>,
    begun_at: Millis,
    machine: NonInviteServer,
    region: Region,
    /// Set when a later slot took the transaction over.
    superseded: bool,
}

impl ServerTransactions {
    /// An empty table.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ring: ResponseRing::new(limits.memory_octets),
            slots: VecDeque::new(),
            first_slot: 0,
            index: HashTable::new(),
            requests: HashTable::new(),
            hasher: RandomState::default(),
        }
    }

    /// How many transactions are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether none is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Looks a request up; `None` means it is new.
    pub fn absorb(&mut self, key: &TransactionKey, now: Millis) -> Option<Absorbed<'_>> {
        self.forget_ended(now);
        let slot = self.slot(self.find(key)?)?;
        match slot.machine.on_retransmission() {
            ServerAction::SendLastResponse => Some(Absorbed::Answer(self.ring.response(slot.region)?)),
            ServerAction::Absorb | ServerAction::Forget => Some(Absorbed::Waiting),
        }
    }

    /// Whether a request of that key is remembered.
    pub fn remembers(&mut self, key: &TransactionKey, now: Millis) -> bool {
        self.forget_ended(now);
        self.find(key).is_some()
    }

    /// Whether a new request is a copy of one whose transaction lives: it has come here twice by different paths
    /// (RFC 3261 section 8.2.2.2).
    pub fn is_merged(&mut self, key: &TransactionKey, now: Millis) -> bool {
        self.forget_ended(now);
        let Some(request) = key.request().map(|request| self.hasher.hash_one(request)) else { return false };
        let is_copy = |number: &u64| {
            let slot = self.slot(*number).filter(|slot| slot.request == Some(request));
            slot.is_some_and(|slot| now.saturating_sub(slot.begun_at) < MERGED_WITHIN_MS)
        };
        self.requests.find(request, is_copy).is_some() && self.find(key).is_none()
    }

    /// Remembers a request whose user will answer later.
    pub fn begin(&mut self, key: &TransactionKey, now: Millis) {
        self.forget_ended(now);
        self.push(key, (NonInviteServer::new(), now), &[]);
    }

    /// Remembers the final response to a request, begun before or not, so that retransmissions get it again. Over a
    /// reliable transport there are none, and nothing is kept.
    pub fn complete(&mut self, key: &TransactionKey, response: &[u8], (now, reliability): (Millis, Reliability)) {
        self.forget_ended(now);
        self.supersede(key);
        if reliability == Reliability::Unreliable {
            let mut machine = NonInviteServer::new();
            // The status itself does not matter to the machine, only that it is final.
            machine.on_response(200, now, reliability);
            self.push(key, (machine, now), response);
        }
    }

    fn push(&mut self, key: &TransactionKey, (machine, begun_at): (NonInviteServer, Millis), response: &[u8]) {
        while self.slots.len() >= self.limits.transactions.max(1) {
            self.pop_oldest();
        }
        let Some(region) = self.ring.push(key.as_octets(), response) else { return };
        while self.slots.front().is_some_and(|slot| !self.ring.holds(slot.region)) {
            self.pop_oldest();
        }
        let hash = self.hasher.hash_one(key.as_octets());
        let number = self.first_slot + self.slots.len() as u64;
        let request = key.request().map(|request| self.hasher.hash_one(request));
        self.slots.push_back(Slot { hash, request, begun_at, machine, region, superseded: false });
        let (slots, first) = (&self.slots, self.first_slot);
        self.index.insert_unique(hash, number, |number| slot_at(slots, first, *number).map_or(0, |slot| slot.hash));
        if let Some(request) = request {
            let rehash = |number: &u64| slot_at(slots, first, *number).and_then(|slot| slot.request).unwrap_or(0);
            self.requests.insert_unique(request, number, rehash);
        }
    }

    fn find(&self, key: &TransactionKey) -> Option<u64> {
        let hash = self.hasher.hash_one(key.as_octets());
        let is_same =
            |number: &u64| self.slot(*number).is_some_and(|slot| self.ring.key(slot.region) == Some(key.as_octets()));
        self.index.find(hash, is_same).copied()
    }

    /// Takes an earlier entry of this key out of the index; its slot is popped in its turn.
    fn supersede(&mut self, key: &TransactionKey) {
        let Some(number) = self.find(key) else { return };
        let index = usize::try_from(number - self.first_slot).unwrap_or(usize::MAX);
        if let Some(slot) = self.slots.get_mut(index) {
            slot.superseded = true;
            let (hash, request) = (slot.hash, slot.request);
            self.unlist(number, hash, request);
        }
    }

    fn unlist(&mut self, number: u64, hash: u64, request: Option<u64>) {
        if let Ok(entry) = self.index.find_entry(hash, |other| *other == number) {
            entry.remove();
        }
        if let Some(request) = request
            && let Ok(entry) = self.requests.find_entry(request, |other| *other == number)
        {
            entry.remove();
        }
    }

    /// Entries end in the order they came, because all live for Timer J; one still waiting holds back those behind it
    /// no longer than it takes the ring to come round.
    fn forget_ended(&mut self, now: Millis) {
        while let Some(slot) = self.slots.front_mut() {
            let ended = slot.superseded || slot.machine.on_time(now) == ServerAction::Forget;
            if !ended {
                return;
            }
            self.pop_oldest();
        }
    }

    fn pop_oldest(&mut self) {
        let Some(slot) = self.slots.pop_front() else { return };
        let number = self.first_slot;
        self.first_slot += 1;
        if !slot.superseded {
            self.unlist(number, slot.hash, slot.request);
        }
    }

    fn slot(&self, number: u64) -> Option<&Slot> {
        slot_at(&self.slots, self.first_slot, number)
    }
}

fn slot_at(slots: &VecDeque<Slot>, first: u64, number: u64) -> Option<&Slot> {
    slots.get(usize::try_from(number.checked_sub(first)?).ok()?)
}
