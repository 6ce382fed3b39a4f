//! Does what engines ask for.

use crate::calls::bridging::Crossing;
use crate::calls::call_entry::{Held, Pending, PendingRequest, Waiting};
use crate::calls::happening::Happening;
use crate::calls::locating::Onward;
use crate::calls::new_call::FIRST_TICKET;
use crate::calls::shard::{Asked, CallNumber, Role, Shard};
use crate::calls::{Calls, Destination, Outlet};
use sip_b2bua::{Action, Failure, LegId, ServerTicket, Ticket};
use sip_transaction::{Outcome, Reliability, Told};
use sip_upstream::Evidence;

impl Calls {
    /// Does one action; what the engine answers to its outcome.
    pub(super) fn do_one(
        &self,
        shard: &mut Shard,
        number: CallNumber,
        action: Action,
        outlet: &mut Outlet<'_>,
    ) -> Vec<Action> {
        match action {
            Action::Locate { leg, target, attempt } => return self.locate(shard, number, (leg, target, attempt)),
            Action::Request { leg, ticket, octets } => {
                let message = Waiting::Request { ticket, octets };
                return self.send_onward(shard, number, (leg, message), outlet);
            }
            Action::Ack { leg, octets } => {
                return self.send_onward(shard, number, (leg, Waiting::Ack { octets }), outlet);
            }
            Action::Cancel { ticket, reason, .. } => {
                self.cancel_ours(shard, number, (ticket, reason.as_deref()), outlet);
            }
            Action::Respond { ticket, status, octets } => {
                self.respond(shard, number, (ticket, status, octets), outlet);
            }
            Action::Bridge { from, to, kind, sdp } => {
                return self.bridge(shard, number, Crossing { from, to, kind, sdp });
            }
            Action::Ringing(leg) => self.note_ringing(shard, number, leg),
            Action::Answered(leg) => self.note_answered(shard, number, leg),
            Action::Confirmed => self.note_confirmed(shard, number),
            Action::Changed => self.note_changed(shard, number),
            Action::DialogsChanged => shard.settle_dialogs(number),
            Action::Ended(facts) => self.note_ended(shard, number, &facts),
        }
        Vec::new()
    }

    /// Sends a message of ours within a call where its leg's messages go; it may have to wait until that is known.
    pub(super) fn send_onward(
        &self,
        shard: &mut Shard,
        number: CallNumber,
        (leg, message): (LegId, Waiting),
        outlet: &mut Outlet<'_>,
    ) -> Vec<Action> {
        let octets = match &message {
            Waiting::Request { octets, .. } | Waiting::Ack { octets } => octets,
        };
        let Some(entry) = shard.calls.get_mut(&number) else { return Vec::new() };
        match self.onward(entry, leg, octets) {
            Onward::To(destination) => self.send_to(shard, (number, destination), message, outlet),
            Onward::Search(target) => {
                entry.leg_mut(leg).waiting.push(message);
                self.search(shard, number, leg, target);
                Vec::new()
            }
            Onward::Nowhere => self.unreachable(shard, number, &message),
        }
    }

    pub(super) fn send_to(
        &self,
        shard: &mut Shard,
        (number, destination): (CallNumber, Destination),
        message: Waiting,
        outlet: &mut Outlet<'_>,
    ) -> Vec<Action> {
        match message {
            Waiting::Ack { octets } => {
                // Lost ones are made up for: the 2xx comes again.
                log_unsent(outlet.send(&destination, &octets));
                Vec::new()
            }
            Waiting::Request { ticket, octets } => {
                let asked = Asked { call: number, ticket, destination, role: Role::Request };
                if self.begin_request(shard, asked, octets, outlet) {
                    return Vec::new();
                }
                self.tell(shard, number, Happening::Failure { ticket, failure: Failure::Unreachable })
            }
        }
    }

    fn unreachable(&self, shard: &mut Shard, number: CallNumber, message: &Waiting) -> Vec<Action> {
        match message {
            Waiting::Ack { .. } => Vec::new(),
            Waiting::Request { ticket, .. } => {
                let ticket = *ticket;
                self.tell(shard, number, Happening::Failure { ticket, failure: Failure::Unreachable })
            }
        }
    }

    /// Begins a client transaction and sends its request; `false` if it could not be sent.
    fn begin_request(&self, shard: &mut Shard, asked: Asked, octets: Vec<u8>, outlet: &mut Outlet<'_>) -> bool {
        let when = (self.now_ms(), reliability(&asked.destination));
        let id = match shard.clients.begin(octets.into_boxed_slice(), asked, when) {
            Ok(id) => id,
            Err(error) => {
                tracing::warn!(%error, "a request within a call was not sent");
                return false;
            }
        };
        let sent = shard.clients.request(id).map(|octets| outlet.send(&asked.destination, octets));
        if let Some(Err(error)) = sent {
            tracing::debug!(%error, "a request within a call could not be sent");
            shard.clients.abandon(id);
            return false;
        }
        if asked.role == Role::Request
            && let Some(entry) = shard.calls.get_mut(&asked.call)
        {
            entry.clients.insert(asked.ticket, id);
        }
        true
    }

    fn cancel_ours(
        &self,
        shard: &mut Shard,
        number: CallNumber,
        (ticket, reason): (Ticket, Option<&[u8]>),
        outlet: &mut Outlet<'_>,
    ) {
        let Some(id) = shard.calls.get(&number).and_then(|entry| entry.clients.get(ticket)).copied() else { return };
        let Some(invited) = shard.clients.user(id).copied() else { return };
        if let Some(octets) = shard.clients.cancel(id, reason, self.now_ms()) {
            let asked = Asked { role: Role::Cancel, ..invited };
            self.begin_request(shard, asked, octets.into_vec(), outlet);
        }
    }

    fn respond(
        &self,
        shard: &mut Shard,
        number: CallNumber,
        (ticket, status, octets): (ServerTicket, u16, Vec<u8>),
        outlet: &mut Outlet<'_>,
    ) {
        let Some(entry) = shard.calls.get_mut(&number) else { return };
        if entry.holds_answer && (200..300).contains(&status) {
            entry.holds_answer = false;
            entry.held = Some(Held { ticket, status, octets });
            return;
        }
        // Repetitions of an answer that has not left yet are not due yet either.
        if entry.held.as_ref().is_some_and(|held| held.ticket == ticket) {
            return;
        }
        self.respond_now(shard, number, (ticket, status, &octets), outlet);
    }

    /// Lets the 2xx leave that waited for the disk.
    pub(super) fn release_answer(&self, shard: &mut Shard, number: CallNumber, outlet: &mut Outlet<'_>) {
        let Some(entry) = shard.calls.get_mut(&number) else { return };
        entry.holds_answer = false;
        if let Some(Held { ticket, status, octets }) = entry.held.take() {
            self.respond_now(shard, number, (ticket, status, &octets), outlet);
        }
    }

    fn respond_now(
        &self,
        shard: &mut Shard,
        number: CallNumber,
        (ticket, status, octets): (ServerTicket, u16, &[u8]),
        outlet: &mut Outlet<'_>,
    ) {
        let Some(entry) = shard.calls.get_mut(&number) else { return };
        let is_success = (200..300).contains(&status);
        match entry.servers.get(ticket) {
            None => {}
            Some(Pending::Invite(id)) => {
                let id = *id;
                if status >= 300 {
                    entry.servers.remove(ticket);
                    if ticket == FIRST_TICKET {
                        entry.slots = None;
                    }
                }
                let destination = shard.invites.user(id).map(|invited| invited.destination);
                if shard.invites.on_response(id, (status, octets), self.now_ms())
                    && let Some(destination) = destination
                {
                    log_unsent(outlet.send(&destination, octets));
                    self.count_response(octets);
                }
            }
            Some(Pending::Other(request)) => {
                log_unsent(outlet.send(&request.destination, octets));
                self.count_response(octets);
                if status >= 200 {
                    self.remember(request, octets);
                }
                if is_success || status >= 300 {
                    entry.servers.remove(ticket);
                }
            }
        }
    }

    /// Keeps an answer for retransmissions of its request.
    pub(super) fn remember(&self, request: &PendingRequest, octets: &[u8]) {
        if let Some(lane) = self.lane(request.lane) {
            lane.transactions.lock().complete(&request.key, octets, (self.now_ms(), request.reliability));
        }
    }

    fn count_response(&self, octets: &[u8]) {
        if let Some(lane) = self.lane(0) {
            lane.handled.response(octets);
        }
    }

    /// What became of a client transaction by time: sends what is due, and tells the engine how one ended.
    pub(super) fn after_client_time(
        &self,
        shard: &mut Shard,
        (asked, told): (Asked, Option<Told>),
        outlet: &mut Outlet<'_>,
    ) {
        let failure = match told {
            Some(Told::Ended(Outcome::TimedOut)) => Failure::TimedOut,
            Some(Told::Ended(Outcome::FlowFailed)) => Failure::Unreachable,
            _ => return,
        };
        if asked.role == Role::Request {
            let evidence = if failure == Failure::TimedOut { Evidence::TimedOut } else { Evidence::Unreachable };
            self.learn_from(shard, &asked, evidence);
            self.drive(shard, asked.call, outlet, Happening::Failure { ticket: asked.ticket, failure });
        }
    }
}

/// Over what may lose messages they are sent again.
pub(super) fn reliability(destination: &Destination) -> Reliability {
    if destination.is_datagram() { Reliability::Unreliable } else { Reliability::Reliable }
}

pub(super) fn log_unsent(sent: Result<(), sip_transport::SendError>) {
    if let Err(error) = sent {
        tracing::debug!(%error, "a message within a call could not be sent");
    }
}
