//! Begins calls that are allowed.

use crate::calls::call_entry::{CallEntry, Leg, Pending};
use crate::calls::engine::Engine;
use crate::calls::limits::Places;
use crate::calls::record::cut;
use crate::calls::requests::{Arrived, trying};
use crate::calls::route::{Asking, CallPlan};
use crate::calls::shard::Invited;
use crate::calls::{Calls, Outlet};
use crate::failure::Failure;
use crate::incoming::signalling_transport;
use domain::{CallDetails, CallId, SignallingTransport, Timestamp, Username, UsernameRule};
use sip_b2bua::{Call, CallerSide, Heard, Identity, LegId, Media, ReferPolicy, ServerTicket, SessionPolicy, Setup};
use sip_transaction::{NotTaken, TransactionKey};
use std::hash::BuildHasher;
use std::sync::atomic::Ordering;

/// What the server tag of an INVITE's first ticket is.
pub(super) const FIRST_TICKET: ServerTicket = ServerTicket(0);

impl Calls {
    /// Takes a place at every limit, or says which is reached. What an emergency call counts at is nothing.
    pub(crate) fn admit(&self, plan: &CallPlan) -> Result<Places, Failure> {
        if self.up() >= self.parts.config.most_calls && !plan.limits.is_empty() {
            return Err(Failure::Overloaded);
        }
        self.limits.take(&plan.limits, self.now_us()).map_err(|reached| Failure::Call(reached.into()))
    }

    /// Begins a call.
    pub(crate) fn begin(
        &self,
        (plan, places): (CallPlan, Places),
        (asking, arrived): (&Asking<'_>, &Arrived<'_>),
        key: &TransactionKey,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Failure> {
        let request = arrived.request;
        let index = self.shard_of(request.call_id());
        let mut shard = self.shard(index).lock();
        let from_tag = request.from_header().address.tag().unwrap_or_default();
        let begun_by = shard.begun_by(from_tag, request.call_id(), request.cseq_number());
        if shard.begun_by.contains_key(&begun_by) {
            return Err(Failure::Merged);
        }
        let number = shard.next_number();
        let invited =
            Invited { call: number, leg: LegId::CALLER, ticket: FIRST_TICKET, destination: arrived.answers_to };
        let when = (self.now_ms(), arrived.reliability);
        let id = shard.invites.begin(key, (invited, trying(arrived)), when).map_err(|error| match error {
            NotTaken::TooMany => Failure::Overloaded,
            NotTaken::KeyInUse => Failure::Merged,
        })?;
        let details = details(shard.call_id(asking.now), asking, &plan);
        let setup = self.setup(&plan, asking, shard.tag());
        let heard = Heard { request, source: arrived.source, ticket: FIRST_TICKET };
        let mut actions = Vec::new();
        let call = self.with_world(&mut shard, &plan.ways, |world| Call::begin(setup, heard, world, &mut actions));
        let mut caller = Leg::at(arrived.sender_at);
        caller.follows_contact = plan.follows_caller;
        let engine = Engine::Call(Box::new(call));
        let mut entry = CallEntry::new(engine, details, (vec![caller], plan.ways));
        entry.slots = Some(places);
        entry.servers.insert(FIRST_TICKET, Pending::Invite(id));
        entry.begun_by = Some(begun_by);
        shard.insert(number, entry);
        self.count.fetch_add(1, Ordering::Relaxed);
        shard.settle_dialogs(number);
        self.act(&mut shard, number, actions, outlet);
        Ok(())
    }

    fn setup(&self, plan: &CallPlan, asking: &Asking<'_>, tag: Box<[u8]>) -> Setup {
        let config = &self.parts.config;
        Setup {
            caller: CallerSide { tag, path: config.addresses.path(asking.flow) },
            identity: Identity { from: plan.shown.from.clone(), asserted: plan.shown.asserted.clone() },
            stages: plan.stages.clone(),
            headers: plan.headers.clone(),
            refer: match plan.refer {
                domain::ReferPolicy::Refuse => ReferPolicy::Refuse,
                domain::ReferPolicy::Pass => ReferPolicy::Pass,
            },
            session: SessionPolicy { interval_seconds: config.session_seconds, ..SessionPolicy::default() },
            media: if self.parts.media.is_some() { Media::Bridged } else { Media::Untouched },
            loop_token: self.loop_token(asking),
            product: None,
        }
    }

    /// What our Via says of an INVITE: the same when it comes back to go to the same place, another when it was led
    /// elsewhere meanwhile.
    pub(super) fn loop_token(&self, asking: &Asking<'_>) -> Box<[u8]> {
        format!("{:016x}", self.hasher.hash_one(asking.request.uri_octets())).into_bytes().into_boxed_slice()
    }

    /// Writes down a call that was refused although its caller is known.
    pub(crate) fn note_refused(&self, asking: &Asking<'_>, refusal: crate::calls::CallRefusal) {
        self.record_refused(asking, refusal);
    }
}

/// What is known of a call when it begins.
pub(super) fn details(id: CallId, asking: &Asking<'_>, plan: &CallPlan) -> CallDetails {
    CallDetails {
        id,
        account: plan.account,
        trunk: plan.trunk.as_ref().map(|trunk| trunk.id),
        credential: plan.credential,
        username: asking.caller.username().and_then(|name| Username::parse(name, UsernameRule::Extended).ok()),
        direction: plan.direction,
        from: cut(plan.shown.user.as_bytes()),
        to: cut(plan.to.as_bytes()),
        caller_call_id: cut(asking.request.call_id()),
        callee_call_id: "".into(),
        source: asking.flow.remote,
        destination: "".into(),
        caller_transport: signalling_transport(asking.flow.transport),
        callee_transport: None::<SignallingTransport>,
        begun_at: asking.now,
        ringing_at: None::<Timestamp>,
        answered_at: None,
    }
}
