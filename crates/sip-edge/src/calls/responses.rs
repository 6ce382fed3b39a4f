//! Responses to requests of ours, and time.

use crate::calls::actions::log_unsent;
use crate::calls::happening::Happening;
use crate::calls::route::uri_of;
use crate::calls::shard::{Asked, Role, Shard};
use crate::calls::{Calls, Outlet, ShardIndex};
use sip_b2bua::{LegId, Millis};
use sip_message::{Method, Response};
use sip_transaction::Told;
use sip_transport::Flow;
use sip_upstream::Evidence;

impl Calls {
    /// Takes a response; one that belongs to no request of ours is dropped (RFC 6026). `flow` is what it came over, none
    /// for one from inside the process.
    pub(crate) fn response(&self, response: &Response<'_>, flow: Option<&Flow>, outlet: &mut Outlet<'_>) {
        if self.response_to_call(response, outlet) == Taken::No
            && let Some(flow) = flow
        {
            self.upstream.response(response, flow);
        }
    }

    fn response_to_call(&self, response: &Response<'_>, outlet: &mut Outlet<'_>) -> Taken {
        let Ok(call_id) = response.headers().call_id() else { return Taken::No };
        let mut shard = self.shard(self.shard_of(call_id)).lock();
        let now = self.now_ms();
        let Some(step) = shard.clients.on_response(response, now) else { return Taken::No };
        let (asked, told) = (step.user, step.tell);
        if let Some(octets) = step.send {
            log_unsent(outlet.send(&asked.destination, octets));
        }
        if told.is_none() || asked.role == Role::Cancel {
            return Taken::Yes;
        }
        if matches!(told, Some(Told::Ended(_)))
            && response.headers().cseq().is_ok_and(|cseq| cseq.method == Method::Invite)
        {
            self.learn_from(&shard, &asked, Evidence::Answered(response.status()));
        }
        let ticket = asked.ticket;
        self.drive(&mut shard, asked.call, outlet, Happening::Response { ticket, response });
        Taken::Yes
    }

    /// What an INVITE has met with tells of the next hop it went to.
    pub(super) fn learn_from(&self, shard: &Shard, asked: &Asked, evidence: Evidence) {
        let Some(entry) = shard.calls.get(&asked.call) else { return };
        let mut legs = entry.legs.iter().zip(0..).filter(|(_, number)| {
            // Within a dialog a peer is asked, not the next hop that led to it.
            !entry.dialogs.iter().any(|dialog| dialog.leg == LegId(*number))
        });
        let leg = legs.find(|(leg, _)| leg.destination == Some(asked.destination) && leg.target.is_some());
        let way = leg.and_then(|(leg, _)| leg.target).and_then(|target| entry.way(target));
        if let Some(uri) = way.and_then(uri_of) {
            self.learn(uri, evidence);
        }
    }

    /// Does whatever is due in one shard; when it wants to be looked at next.
    pub(crate) fn tick(&self, index: ShardIndex, now: Millis) -> Option<Millis> {
        let mut shard = self.shard(index).lock();
        if shard.wakes_at().is_none_or(|at| at > now) {
            return shard.wakes_at();
        }
        let mut outlet = self.outlet();
        self.client_time(&mut shard, now, &mut outlet);
        self.invite_time(&mut shard, now, &mut outlet);
        while let Some(number) = shard.due(now) {
            self.drive(&mut shard, number, &mut outlet, Happening::Time);
            if shard.due(now) == Some(number) {
                // An engine that is due for ever must not hold the others up.
                break;
            }
        }
        shard.wakes_at()
    }

    fn client_time(&self, shard: &mut Shard, now: Millis, outlet: &mut Outlet<'_>) {
        while let Some(step) = shard.clients.on_time(now) {
            let (asked, told) = (step.user, step.tell);
            if let Some(octets) = step.send {
                log_unsent(outlet.send(&asked.destination, octets));
            }
            self.after_client_time(shard, (asked, told), outlet);
        }
    }

    fn invite_time(&self, shard: &mut Shard, now: Millis, outlet: &mut Outlet<'_>) {
        let again = |shard: &mut Shard, outlet: &mut Outlet<'_>| {
            shard.invites.on_time(now, |step| log_unsent(outlet.send(&step.user.destination, step.send)))
        };
        while again(shard, outlet) {}
    }
}

/// Whether a response was to a request of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Taken {
    Yes,
    No,
}
