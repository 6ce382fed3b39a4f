//! Some of the calls, and everything that belongs to them: found, driven and forgotten together.
//!
//! A call lives in the shard that its Call-IDs lead to, the caller's and ours alike, so one lock is enough for whatever
//! comes for it.

use crate::calls::ShardIndex;
use crate::calls::call_entry::CallEntry;
use crate::calls::dialog_index::{DialogIndex, DialogName};
use crate::calls::identifiers::Identifiers;
use crate::calls::outlet::Destination;
use domain::{CallId, RandomSource, Timestamp};
use foldhash::fast::RandomState;
use sip_b2bua::{LegId, Millis, Randomness as _, ServerTicket, Ticket};
use sip_transaction::{ClientTransactions, InviteServerTransactions};
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

/// Random characters of our tags: 95 bits (RFC 3261 section 19.3 wants 32).
const TAG_LENGTH: usize = 16;

/// What a call is named within its shard.
pub(crate) type CallNumber = u64;

/// What a request of ours was sent for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    pub(crate) call: CallNumber,
    pub(crate) ticket: Ticket,
    /// Where it and what belongs to it go.
    pub(crate) destination: Destination,
    pub(crate) role: Role,
}

/// Who wants to hear of a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// The call's engine.
    Request,
    /// Nobody: a CANCEL is sent and forgotten (RFC 3261 section 9.1).
    Cancel,
}

/// A peer's INVITE that a call answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Invited {
    pub(crate) call: CallNumber,
    pub(crate) leg: LegId,
    pub(crate) ticket: ServerTicket,
    /// Where responses go.
    pub(crate) destination: Destination,
}

/// One shard.
pub(crate) struct Shard {
    pub(crate) index: ShardIndex,
    pub(crate) calls: HashMap<CallNumber, CallEntry, RandomState>,
    pub(crate) by_id: HashMap<CallId, CallNumber, RandomState>,
    pub(crate) dialogs: DialogIndex<(CallNumber, LegId)>,
    /// Begun by which INVITE, for copies of it that come another way (RFC 3261 section 8.2.2.2).
    pub(crate) begun_by: HashMap<u64, CallNumber, RandomState>,
    pub(crate) clients: ClientTransactions<Asked>,
    pub(crate) invites: InviteServerTransactions<Invited>,
    wakes: BTreeSet<(Millis, CallNumber)>,
    last: CallNumber,
    pub(crate) identifiers: Identifiers,
    pub(crate) cnonces: Identifiers,
    hasher: RandomState,
}

impl Shard {
    pub(crate) fn new(index: ShardIndex, most: usize, random: &Arc<dyn RandomSource>) -> Self {
        Self {
            index,
            calls: HashMap::default(),
            by_id: HashMap::default(),
            dialogs: DialogIndex::new(),
            begun_by: HashMap::default(),
            clients: ClientTransactions::new(most),
            invites: InviteServerTransactions::new(most),
            wakes: BTreeSet::new(),
            last: 0,
            identifiers: Identifiers::new(Arc::clone(random), index.call_id_prefix()),
            cnonces: Identifiers::new(Arc::clone(random), index.call_id_prefix()),
            hasher: RandomState::default(),
        }
    }

    /// A public name for a call that begins.
    pub(crate) fn call_id(&mut self, now: Timestamp) -> CallId {
        let mut random = [0; 10];
        self.identifiers.fill(&mut random);
        CallId::new(now, random)
    }

    /// A tag of ours.
    pub(crate) fn tag(&mut self) -> Box<[u8]> {
        let mut tag = [0; TAG_LENGTH];
        self.identifiers.token(&mut tag);
        tag.into()
    }

    pub(crate) fn next_number(&mut self) -> CallNumber {
        self.last += 1;
        self.last
    }

    pub(crate) fn insert(&mut self, number: CallNumber, entry: CallEntry) {
        self.by_id.insert(entry.details.id, number);
        if let Some(begun_by) = entry.begun_by {
            self.begun_by.insert(begun_by, number);
        }
        self.calls.insert(number, entry);
    }

    /// Forgets a call; its transactions end by themselves, absorbing what is repeated.
    pub(crate) fn remove(&mut self, number: CallNumber) -> Option<CallEntry> {
        let entry = self.calls.remove(&number)?;
        self.by_id.remove(&entry.details.id);
        if let Some(begun_by) = entry.begun_by {
            self.begun_by.remove(&begun_by);
        }
        if let Some(at) = entry.wakes_at {
            self.wakes.remove(&(at, number));
        }
        for dialog in &entry.dialogs {
            self.dialogs.remove(&dialog.name());
        }
        Some(entry)
    }

    /// Brings the index to the dialogs that the call has now.
    pub(crate) fn settle_dialogs(&mut self, number: CallNumber) {
        let Some(entry) = self.calls.get_mut(&number).filter(|entry| !entry.knows_its_dialogs()) else { return };
        let now = entry.read_dialogs();
        for before in entry.dialogs.iter().filter(|before| !now.contains(before)) {
            self.dialogs.remove(&before.name());
        }
        for dialog in &now {
            self.dialogs.put(&dialog.name(), (number, dialog.leg));
        }
        entry.dialogs = now;
    }

    /// Brings the wake-up to what the call wants now.
    pub(crate) fn settle_time(&mut self, number: CallNumber) {
        let Some(entry) = self.calls.get_mut(&number) else { return };
        // One that waits for a session description is told of time afterwards.
        let wakes_at = entry.engine.wakes_at().filter(|_| !entry.bridging.is_under_way());
        let before = std::mem::replace(&mut entry.wakes_at, wakes_at);
        if before == wakes_at {
            return;
        }
        if let Some(at) = before {
            self.wakes.remove(&(at, number));
        }
        if let Some(at) = wakes_at {
            self.wakes.insert((at, number));
        }
    }

    /// A call that is due.
    pub(crate) fn due(&self, now: Millis) -> Option<CallNumber> {
        self.wakes.first().filter(|(at, _)| *at <= now).map(|(_, number)| *number)
    }

    /// When the shard wants to be looked at.
    pub(crate) fn wakes_at(&self) -> Option<Millis> {
        let call = self.wakes.first().map(|(at, _)| *at);
        [call, self.clients.wakes_at(), self.invites.wakes_at()].into_iter().flatten().min()
    }

    pub(crate) fn find_dialog(&self, name: &DialogName<'_>) -> Option<(CallNumber, LegId)> {
        self.dialogs.find(name)
    }

    /// What the copies of one INVITE have in common: From tag, Call-ID and CSeq.
    pub(crate) fn begun_by(&self, from_tag: &[u8], call_id: &[u8], cseq: u32) -> u64 {
        self.hasher.hash_one((from_tag, call_id, cseq))
    }
}
