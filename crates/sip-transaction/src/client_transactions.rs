//! Many client transactions with one queue of timers.

use crate::client_action::{ClientAction, Outcome};
use crate::derived::{write_ack, write_cancel};
use crate::invite_client::InviteClient;
use crate::non_invite_client::NonInviteClient;
use crate::timer::{Millis, Reliability};
use crate::timer_queue::TimerQueue;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use sip_message::{HeaderSpans, Message, Method, Request, Response, parse};
use std::hash::BuildHasher;

/// Names a client transaction for the life of its table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ClientId(u64);

/// Why a request is not sent in a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotBegun {
    /// As many transactions as allowed are under way.
    #[error("too many requests of ours are waiting for their responses")]
    TooMany,
    /// The octets are no request with a branch of its own; ACK has no transaction.
    #[error("these octets are no request that can have a transaction")]
    NotARequest,
    /// A transaction of that branch and method is under way.
    #[error("a request of that branch and method is under way already")]
    BranchInUse,
}

/// What a user of a transaction is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// A provisional response of that status.
    Progress(u16),
    /// How it ended; once for each transaction, unless the user abandons it.
    Ended(Outcome),
    /// A 2xx to INVITE after the first one, to be acknowledged like it.
    Repeated(u16),
}

/// What is to be done for one transaction.
#[derive(PartialEq, Eq, Debug)]
pub struct ClientStep<'t, U> {
    /// What the user called the transaction.
    pub user: U,
    /// Goes out the way the request went.
    pub send: Option<&'t [u8]>,
    /// What the user is told.
    pub tell: Option<Told>,
}

/// The client transactions of one engine, found by branch and method (RFC 3261 section 17.1.3). `U` is what the engine
/// calls a transaction: a number of its own.
#[derive(Debug)]
pub struct ClientTransactions<U> {
    most: usize,
    slots: HashMap<u64, Slot<U>, RandomState>,
    /// Hash of the key and number: growing reads no slot.
    index: HashTable<(u64, u64)>,
    hasher: RandomState,
    timers: TimerQueue,
    last: u64,
    /// For reading requests of ours again.
    spans: Box<HeaderSpans>,
}

#[derive(Debug)]
struct Slot<U> {
    user: U,
    /// Method and branch; a method has no space.
    key: Box<[u8]>,
    machine: Machine,
    wakes_at: Option<Millis>,
    request: Box<[u8]>,
    ack: Vec<u8>,
}

#[derive(Debug)]
enum Machine {
    Invite(InviteClient),
    NonInvite(NonInviteClient),
}

impl<U: Copy> ClientTransactions<U> {
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
            spans: Box::default(),
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

    /// Begins the transaction of a request that is sent now. Its branch has to be unguessable: whoever knows it can
    /// answer.
    ///
    /// # Errors
    /// [`NotBegun`]; then the request should not be sent.
    pub fn begin(
        &mut self,
        request: Box<[u8]>,
        user: U,
        (now, reliability): (Millis, Reliability),
    ) -> Result<ClientId, NotBegun> {
        if self.slots.len() >= self.most {
            return Err(NotBegun::TooMany);
        }
        let (key, is_invite) = with_request(&mut self.spans, &request, |request| {
            let branch = request.headers().top_via().ok()?.branch?;
            let method = Some(request.method()).filter(|method| *method != Method::Ack)?;
            Some((key_of(method, branch), method == Method::Invite))
        })
        .ok_or(NotBegun::NotARequest)?;
        let hash = self.hasher.hash_one(&*key);
        if self.find(&key, hash).is_some() {
            return Err(NotBegun::BranchInUse);
        }
        let machine = if is_invite {
            Machine::Invite(InviteClient::new(now, reliability))
        } else {
            Machine::NonInvite(NonInviteClient::new(now, reliability))
        };
        self.last += 1;
        let number = self.last;
        let wakes_at = machine.wakes_at();
        self.timers.reschedule(number, None, wakes_at);
        self.slots.insert(number, Slot { user, key, machine, wakes_at, request, ack: Vec::new() });
        self.index.insert_unique(hash, (hash, number), |(hash, _)| *hash);
        Ok(ClientId(number))
    }

    /// The request of a transaction.
    #[must_use]
    pub fn request(&self, id: ClientId) -> Option<&[u8]> {
        self.slots.get(&id.0).map(|slot| &*slot.request)
    }

    /// What the user called a transaction.
    #[must_use]
    pub fn user(&self, id: ClientId) -> Option<&U> {
        self.slots.get(&id.0).map(|slot| &slot.user)
    }

    /// A response came. `None` if it belongs to no transaction, is malformed or went through us for somebody else
    /// (RFC 3261 section 8.1.3.3): it is dropped (RFC 6026).
    pub fn on_response(&mut self, response: &Response<'_>, now: Millis) -> Option<ClientStep<'_, U>> {
        response.check().ok()?;
        let headers = response.headers();
        if headers.vias().count() != 1 {
            return None;
        }
        let key = key_of(headers.cseq().ok()?.method, headers.top_via().ok()?.branch?);
        let number = self.find(&key, self.hasher.hash_one(&*key))?;
        let slot = self.slots.get_mut(&number)?;
        let action = match &mut slot.machine {
            Machine::Invite(machine) => machine.on_response(response.status(), now),
            Machine::NonInvite(machine) => machine.on_response(response.status(), now),
        };
        if let ClientAction::Tell(Outcome::Final(_)) = action {
            // From now on it only absorbs what is repeated, for seconds; the user acknowledges a 2xx to INVITE, and a failure
            // is acknowledged with another action: the request is of no use.
            slot.request = Box::default();
        }
        if matches!(action, ClientAction::AcknowledgeAndTell(_)) {
            slot.ack = with_request(&mut self.spans, &slot.request, |invite| {
                let mut ack = Vec::with_capacity(512);
                write_ack(invite, response, &mut ack);
                Some(ack)
            })?;
        }
        self.settle(number, action)
    }

    /// When [`Self::on_time`] wants to be called.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Millis> {
        self.timers.next()
    }

    /// Time has passed: what is due next, to be called until it is `None`.
    pub fn on_time(&mut self, now: Millis) -> Option<ClientStep<'_, U>> {
        loop {
            let number = self.timers.due(now)?;
            let action = self.slots.get_mut(&number)?.machine.on_time(now);
            if let ClientAction::Wait | ClientAction::Forget = action {
                self.settle(number, action);
                continue;
            }
            return self.settle(number, action);
        }
    }

    /// The request, or what was sent again for it, could not be sent.
    pub fn on_flow_failed(&mut self, id: ClientId) -> Option<ClientStep<'_, U>> {
        let action = match &mut self.slots.get_mut(&id.0)?.machine {
            Machine::Invite(machine) => machine.on_flow_failed(),
            Machine::NonInvite(machine) => machine.on_flow_failed(),
        };
        self.settle(id.0, action)
    }

    /// The CANCEL of an INVITE, to begin a transaction of its own with; `None` while no provisional response has come,
    /// and after a final one. The INVITE ends when its final response comes, or 64 times T1 from now.
    pub fn cancel(&mut self, id: ClientId, reason: Option<&[u8]>, now: Millis) -> Option<Box<[u8]>> {
        let slot = self.slots.get_mut(&id.0)?;
        let Machine::Invite(machine) = &mut slot.machine else { return None };
        if !machine.may_cancel() {
            return None;
        }
        machine.on_cancel(now);
        let cancel = with_request(&mut self.spans, &slot.request, |invite| {
            let mut cancel = Vec::with_capacity(512);
            write_cancel(invite, reason, &mut cancel);
            Some(cancel)
        })?;
        self.settle(id.0, ClientAction::Wait);
        Some(cancel.into_boxed_slice())
    }

    /// Forgets a transaction whose user no longer asks; its responses will be dropped.
    pub fn abandon(&mut self, id: ClientId) {
        self.remove(id.0);
    }

    /// Brings the timer and the slot to what the machine has become, and says what is to be done.
    fn settle(&mut self, number: u64, action: ClientAction) -> Option<ClientStep<'_, U>> {
        let slot = self.slots.get_mut(&number)?;
        let before = std::mem::replace(&mut slot.wakes_at, slot.machine.wakes_at());
        self.timers.reschedule(number, before, slot.wakes_at);
        let user = slot.user;
        let unanswered = ClientAction::Tell(Outcome::TimedOut);
        if [ClientAction::Forget, unanswered, ClientAction::Tell(Outcome::FlowFailed)].contains(&action) {
            self.remove(number);
        }
        let slot = self.slots.get(&number);
        let send = match action {
            ClientAction::Retransmit => slot.map(|slot| &*slot.request),
            ClientAction::Acknowledge | ClientAction::AcknowledgeAndTell(_) => slot.map(|slot| &*slot.ack),
            _ => None,
        };
        let tell = match action {
            ClientAction::Tell(outcome) => Some(Told::Ended(outcome)),
            ClientAction::AcknowledgeAndTell(status) => Some(Told::Ended(Outcome::Final(status))),
            ClientAction::Progress(status) => Some(Told::Progress(status)),
            ClientAction::Repeated(status) => Some(Told::Repeated(status)),
            _ => None,
        };
        (send.is_some() || tell.is_some()).then_some(ClientStep { user, send, tell })
    }

    fn remove(&mut self, number: u64) {
        let Some(slot) = self.slots.remove(&number) else { return };
        self.timers.reschedule(number, slot.wakes_at, None);
        if let Ok(entry) = self.index.find_entry(self.hasher.hash_one(&*slot.key), |(_, other)| *other == number) {
            entry.remove();
        }
    }

    fn find(&self, key: &[u8], hash: u64) -> Option<u64> {
        let is_it = |(known, number): &(u64, u64)| {
            *known == hash && self.slots.get(number).is_some_and(|slot| *slot.key == *key)
        };
        self.index.find(hash, is_it).map(|(_, number)| *number)
    }
}

impl Machine {
    fn wakes_at(&self) -> Option<Millis> {
        match self {
            Self::Invite(machine) => machine.wakes_at(),
            Self::NonInvite(machine) => machine.wakes_at(),
        }
    }

    fn on_time(&mut self, now: Millis) -> ClientAction {
        match self {
            Self::Invite(machine) => machine.on_time(now),
            Self::NonInvite(machine) => machine.on_time(now),
        }
    }
}

fn key_of(method: Method<'_>, branch: &[u8]) -> Box<[u8]> {
    [method.as_bytes(), b" ", branch].concat().into_boxed_slice()
}

/// Reads a request that the owner wrote; it is not kept in parts, because it is read twice at most.
fn with_request<T>(spans: &mut HeaderSpans, octets: &[u8], read: impl FnOnce(&Request<'_>) -> Option<T>) -> Option<T> {
    let Ok(Message::Request(request)) = parse(octets, spans) else { return None };
    request.check().ok()?;
    read(&request)
}
