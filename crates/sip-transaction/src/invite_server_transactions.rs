//! Many INVITE server transactions with one queue of timers.

use crate::invite_server::{InviteServer, InviteServerAction};
use crate::key::TransactionKey;
use crate::timer::{Millis, Reliability};
use crate::timer_queue::TimerQueue;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use std::hash::BuildHasher;

/// Names an INVITE server transaction for the life of its table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct InviteServerId(u64);

/// Why an INVITE is given no transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotTaken {
    /// As many transactions as allowed are under way.
    #[error("too many INVITEs are under way")]
    TooMany,
    /// A transaction of that key is under way: the INVITE is a retransmission.
    #[error("an INVITE of that transaction is under way already")]
    KeyInUse,
}

/// What is to be done for one transaction when its time has come.
#[derive(PartialEq, Eq, Debug)]
pub struct InviteServerStep<'t, U> {
    /// What the user called the transaction.
    pub user: &'t U,
    /// Goes out the way responses go; empty when nothing does.
    pub send: &'t [u8],
    /// A failure was never acknowledged; the transaction is over.
    pub is_unacknowledged: bool,
}

/// What an ACK belonged to.
#[derive(PartialEq, Eq, Debug)]
pub enum Acknowledged<'t, U> {
    /// A failure: the transaction needed it, its user does not.
    Failure,
    /// A 2xx, whose user wants it, although it has the INVITE's branch.
    Success(&'t U),
}

/// The INVITE server transactions of one engine, found by their keys. `U` is what the engine calls a transaction.
#[derive(Debug)]
pub struct InviteServerTransactions<U> {
    most: usize,
    slots: HashMap<u64, Slot<U>, RandomState>,
    /// Hash of the key and number: growing reads no slot.
    index: HashTable<(u64, u64)>,
    hasher: RandomState,
    timers: TimerQueue,
    last: u64,
}

#[derive(Debug)]
struct Slot<U> {
    user: U,
    key: Box<[u8]>,
    machine: InviteServer,
    wakes_at: Option<Millis>,
    /// The last response, from the beginning the 100 that is sent if nothing else is in time.
    response: Box<[u8]>,
}

impl<U> InviteServerTransactions<U> {
    /// A table of at most that many transactions.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most,
            slots: HashMap::default(),
            index: HashTable::new(),
            hasher: RandomState::default(),
            timers: TimerQueue::default(),
            last: 0,
        }
    }

    /// How many are under way, those included that only absorb what is repeated.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether none is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Begins the transaction of an INVITE that was just received. `trying` is its 100 response, sent if the user has
    /// not answered within 200 ms (RFC 3261 section 17.2.1).
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn begin(
        &mut self,
        key: &TransactionKey,
        (user, trying): (U, Box<[u8]>),
        (now, reliability): (Millis, Reliability),
    ) -> Result<InviteServerId, NotTaken> {
        if self.slots.len() >= self.most {
            return Err(NotTaken::TooMany);
        }
        if self.find(key).is_some() {
            return Err(NotTaken::KeyInUse);
        }
        self.last += 1;
        let number = self.last;
        let machine = InviteServer::new(now, reliability);
        let wakes_at = machine.wakes_at();
        self.timers.reschedule(number, None, wakes_at);
        let key: Box<[u8]> = key.as_octets().into();
        let hash = self.hasher.hash_one(&*key);
        self.slots.insert(number, Slot { user, key, machine, wakes_at, response: trying });
        self.index.insert_unique(hash, (hash, number), |(hash, _)| *hash);
        Ok(InviteServerId(number))
    }

    /// The transaction of that key.
    #[must_use]
    pub fn find(&self, key: &TransactionKey) -> Option<InviteServerId> {
        let octets = key.as_octets();
        let hash = self.hasher.hash_one(octets);
        let is_it = |(known, number): &(u64, u64)| {
            *known == hash && self.slots.get(number).is_some_and(|slot| *slot.key == *octets)
        };
        self.index.find(hash, is_it).map(|(_, number)| InviteServerId(*number))
    }

    /// What the user called a transaction.
    #[must_use]
    pub fn user(&self, id: InviteServerId) -> Option<&U> {
        self.slots.get(&id.0).map(|slot| &slot.user)
    }

    /// The INVITE came again: what is sent for it, which may be nothing.
    #[must_use]
    pub fn on_retransmission(&self, id: InviteServerId) -> &[u8] {
        match self.slots.get(&id.0) {
            Some(slot) if slot.machine.on_retransmission() == InviteServerAction::SendLastResponse => &slot.response,
            _ => &[],
        }
    }

    /// An ACK with the INVITE's branch came.
    pub fn on_ack(&mut self, id: InviteServerId, now: Millis) -> Option<Acknowledged<'_, U>> {
        let slot = self.slots.get_mut(&id.0)?;
        let action = slot.machine.on_ack(now);
        self.settle(id.0);
        match action {
            InviteServerAction::TellAcknowledged => self.user(id).map(Acknowledged::Success),
            _ => Some(Acknowledged::Failure),
        }
    }

    /// The user answers; whether the response is to be sent. It is kept for retransmissions where the transaction sends
    /// it again by itself; a 2xx its user repeats (RFC 6026).
    pub fn on_response(&mut self, id: InviteServerId, (status, octets): (u16, &[u8]), now: Millis) -> bool {
        let Some(slot) = self.slots.get_mut(&id.0) else { return false };
        let action = slot.machine.on_response(status, now);
        match action {
            InviteServerAction::SendLastResponse => slot.response = octets.into(),
            // The memory is no longer needed: in this state only the user sends.
            InviteServerAction::SendSuccess => slot.response = Box::default(),
            _ => {}
        }
        self.settle(id.0);
        matches!(action, InviteServerAction::SendLastResponse | InviteServerAction::SendSuccess)
    }

    /// When [`Self::on_time`] wants to be called.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Millis> {
        self.timers.next()
    }

    /// Time has passed: hands what is due next to `take`; `false` when nothing is. To be called until it is.
    pub fn on_time(&mut self, now: Millis, take: impl FnOnce(InviteServerStep<'_, U>)) -> bool {
        while let Some(number) = self.timers.due(now) {
            let Some(slot) = self.slots.get_mut(&number) else { return false };
            match slot.machine.on_time(now) {
                InviteServerAction::SendTrying | InviteServerAction::SendLastResponse => {
                    self.settle(number);
                    if let Some(slot) = self.slots.get(&number) {
                        take(InviteServerStep { user: &slot.user, send: &slot.response, is_unacknowledged: false });
                        return true;
                    }
                }
                InviteServerAction::TellUnacknowledged => {
                    if let Some(slot) = self.remove(number) {
                        take(InviteServerStep { user: &slot.user, send: &[], is_unacknowledged: true });
                        return true;
                    }
                }
                InviteServerAction::Forget => drop(self.remove(number)),
                _ => self.settle(number),
            }
        }
        false
    }

    /// Brings the timer to what the machine has become.
    fn settle(&mut self, number: u64) {
        let Some(slot) = self.slots.get_mut(&number) else { return };
        let before = std::mem::replace(&mut slot.wakes_at, slot.machine.wakes_at());
        self.timers.reschedule(number, before, slot.wakes_at);
    }

    fn remove(&mut self, number: u64) -> Option<Slot<U>> {
        let slot = self.slots.remove(&number)?;
        self.timers.reschedule(number, slot.wakes_at, None);
        if let Ok(entry) = self.index.find_entry(self.hasher.hash_one(&*slot.key), |(_, other)| *other == number) {
            entry.remove();
        }
        Some(slot)
    }
}
