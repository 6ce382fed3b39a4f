//! Writes down what happens to calls, and tells whoever wants to hear.

use crate::calls::record::{as_timestamp, cut, describe, record};
use crate::calls::restart;
use crate::calls::shard::{CallNumber, Shard};
use crate::calls::way::transport_of;
use crate::calls::{Calls, ShardIndex};
use domain::{CallDetails, CallEnd, CallEvent, CallEventKind, CallId, CallRecord, CallSnapshot};
use sip_b2bua::{CallFacts, LegId};
use std::sync::atomic::Ordering;
use storage::WhenDurable;

impl Calls {
    pub(super) fn note_ringing(&self, shard: &mut Shard, number: CallNumber, leg: LegId) {
        let now = self.parts.clock.now();
        let Some(entry) = shard.calls.get_mut(&number) else { return };
        entry.note_callee(leg);
        if entry.details.ringing_at.is_none() {
            entry.details.ringing_at = Some(now);
            self.happened(&entry.details, CallEventKind::Ringing, None);
        }
    }

    pub(super) fn note_answered(&self, shard: &mut Shard, number: CallNumber, leg: LegId) {
        let now = self.parts.clock.now();
        shard.settle_dialogs(number);
        let Some(entry) = shard.calls.get_mut(&number) else { return };
        entry.note_callee(leg);
        self.release_media(entry, Some(leg));
        entry.details.answered_at = Some(now);
        self.happened(&entry.details, CallEventKind::Answered, None);
    }

    /// The answer to the caller waits until the call would survive a restart: whoever was told that a call is up finds
    /// it up, and with a record, whatever happens to this process.
    pub(super) fn note_confirmed(&self, shard: &mut Shard, number: CallNumber) {
        let index = shard.index;
        shard.settle_dialogs(number);
        let Some(entry) = shard.calls.get_mut(&number) else { return };
        let Some(octets) = restart::keep(entry) else { return };
        entry.holds_answer = true;
        entry.is_kept = true;
        let snapshot = CallSnapshot { call: entry.details.clone(), octets };
        self.parts.journal.confirmed(snapshot, Some(self.when_durable(index, number)));
    }

    fn when_durable(&self, index: ShardIndex, number: CallNumber) -> WhenDurable {
        let me = self.me.clone();
        Box::new(move |outcome| {
            if let Err(error) = outcome {
                tracing::error!(%error, "a call goes on that would not survive a restart");
            }
            if let Some(me) = me.upgrade() {
                let mut shard = me.shard(index).lock();
                me.release_answer(&mut shard, number, &mut me.outlet());
            }
        })
    }

    pub(super) fn note_changed(&self, shard: &mut Shard, number: CallNumber) {
        shard.settle_dialogs(number);
        let Some(entry) = shard.calls.get(&number).filter(|entry| entry.is_kept) else { return };
        if let Some(octets) = restart::keep(entry) {
            self.parts.journal.changed(entry.details.id, octets, None);
        }
    }

    pub(super) fn note_ended(&self, shard: &mut Shard, number: CallNumber, facts: &CallFacts) {
        let Some(mut entry) = shard.remove(number) else { return };
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.release_media(&mut entry, None);
        entry.details.ringing_at = facts.ringing_at.map(as_timestamp).or(entry.details.ringing_at);
        entry.details.answered_at = facts.answered_at.map(as_timestamp);
        if let Some(call_id) = &facts.callee_call_id {
            entry.details.callee_call_id = cut(call_id);
        }
        let record = record(entry.details, facts);
        self.spend_minutes(&record);
        self.happened(&record.call, CallEventKind::Ended, Some(record.end));
        self.parts.journal.ended(record, None);
    }

    /// Counts an ended call at its trunk's minutes of the day; also those that ended before this start.
    pub fn spend_minutes(&self, record: &CallRecord) {
        if let (Some(trunk), Some(answered_at)) = (record.call.trunk, record.call.answered_at) {
            self.minutes.add(trunk, answered_at, record.duration_ms());
        }
    }

    fn happened(&self, call: &CallDetails, kind: CallEventKind, end: Option<CallEnd>) {
        if self.parts.events.wants(call.account) {
            let at = self.parts.clock.now();
            self.parts.events.happened(CallEvent { at, kind, call: call.clone(), end });
        }
    }

    /// Finds a call by its public name.
    pub(super) fn locked<R>(&self, id: CallId, then: impl FnOnce(&mut Shard, CallNumber) -> R) -> Option<R> {
        for shard in &self.shards {
            let mut shard = shard.lock();
            if let Some(number) = shard.by_id.get(&id).copied() {
                return Some(then(&mut shard, number));
            }
        }
        None
    }
}

impl crate::calls::call_entry::CallEntry {
    /// Notes which leg is the callee's by now.
    fn note_callee(&mut self, leg: LegId) {
        let Some(state) = self.leg(leg) else { return };
        let destination = state.destination;
        let way = state.target.and_then(|target| self.way(target));
        let text = describe(way, destination.as_ref());
        self.details.destination = cut(text.as_bytes());
        self.details.callee_transport = destination.as_ref().and_then(transport_of);
        let call_id = self.engine.dialogs().find(|view| view.leg == leg).map(|view| cut(view.call_id));
        if let Some(call_id) = call_id {
            self.details.callee_call_id = call_id;
        }
    }
}
