//! Hands events to a call's engine, with the world it needs.

use crate::calls::answering::Answering;
use crate::calls::call_entry::CallEntry;
use crate::calls::happening::Happening;
use crate::calls::identifiers::Identifiers;
use crate::calls::shard::{CallNumber, Shard};
use crate::calls::way::Way;
use crate::calls::{Calls, Outlet};
use sip_b2bua::{Action, Randomness, Surroundings};
use std::collections::VecDeque;

/// Characters of tags, branches and Call-IDs.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789AZ";

impl Randomness for Identifiers {
    fn token(&mut self, out: &mut [u8]) {
        self.fill(out);
        for octet in out {
            *octet = ALPHABET.get(usize::from(*octet & 63)).copied().unwrap_or(b'A');
        }
    }

    /// It names the shard that responses and requests with it belong to.
    fn call_id(&mut self, out: &mut [u8]) {
        self.token(out);
        out.iter_mut().zip(self.prefix()).for_each(|(octet, named)| *octet = *named);
    }
}

impl Calls {
    /// Lets a call's engine take an event, does what it asks for, and brings the indexes up to date.
    pub(crate) fn drive(
        &self,
        shard: &mut Shard,
        number: CallNumber,
        outlet: &mut Outlet<'_>,
        happening: Happening<'_>,
    ) {
        let actions = self.tell(shard, number, happening);
        self.act(shard, number, actions, outlet);
    }

    /// Does what an engine asked for, and what its answers lead to.
    pub(crate) fn act(&self, shard: &mut Shard, number: CallNumber, actions: Vec<Action>, outlet: &mut Outlet<'_>) {
        let mut queue = VecDeque::from(actions);
        while let Some(action) = queue.pop_front() {
            queue.extend(self.do_one(shard, number, action, outlet));
        }
        shard.settle_time(number);
        self.forget_answered(shard, number);
    }

    /// Lets an engine begin, whose targets are reached by those ways.
    pub(crate) fn with_world<R>(
        &self,
        shard: &mut Shard,
        ways: &[Vec<Way>],
        begin: impl FnOnce(&mut Surroundings<'_>) -> R,
    ) -> R {
        let Shard { identifiers, cnonces, .. } = shard;
        let mut answerer = Answering { ways, cnonces, directory: &self.parts.directory };
        begin(&mut Surroundings { now: self.now_ms(), randomness: identifiers, answerer: &mut answerer })
    }

    /// Tells a call's engine what happens; what it asks for: nothing while it waits for a session description, after
    /// which it is told.
    pub(crate) fn tell(&self, shard: &mut Shard, number: CallNumber, happening: Happening<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        let Shard { calls, identifiers, cnonces, .. } = shard;
        if let Some(CallEntry { engine, ways, bridging, .. }) = calls.get_mut(&number)
            && let Some(happening) = bridging.admit(happening)
        {
            let mut answerer = Answering { ways, cnonces, directory: &self.parts.directory };
            let mut world = Surroundings { now: self.now_ms(), randomness: identifiers, answerer: &mut answerer };
            happening.tell(engine, &mut world, &mut actions);
        }
        actions
    }
}
