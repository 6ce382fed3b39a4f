//! Requests of peers inside calls.

use crate::calls::call_entry::{Pending, PendingRequest};
use crate::calls::dialog_index::DialogName;
use crate::calls::happening::Happening;
use crate::calls::shard::{CallNumber, Invited, Shard};
use crate::calls::{CallRefusal, Calls, Destination, Outlet};
use domain::CredentialId;
use sip_b2bua::{Heard, LegId, ServerTicket};
use sip_message::write::{ResponseWriter, Status};
use sip_message::{CheckedRequest, HeaderName, HostPort, Method};
use sip_transaction::{Acknowledged, NotTaken, Reliability, TransactionKey};
use std::net::SocketAddr;

/// A request as it came, for a call.
pub(crate) struct Arrived<'m> {
    pub(crate) request: &'m CheckedRequest<'m>,
    /// Where it came from.
    pub(crate) source: SocketAddr,
    /// Where its responses go.
    pub(crate) answers_to: Destination,
    /// Where requests to its sender go.
    pub(crate) sender_at: Destination,
    pub(crate) lane: usize,
    pub(crate) reliability: Reliability,
}

/// What is known of who sent a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sender {
    /// Nothing but its address.
    Unproven,
    /// A credential of ours.
    Credential(CredentialId),
}

/// What became of a request inside a dialog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum InDialog {
    /// There is no such dialog.
    None,
    /// There is, and the sender is not known to belong to it.
    Stranger,
    /// There is, and what it asks for is refused.
    Refused(CallRefusal),
    /// The call has it.
    Taken,
}

impl Calls {
    /// Takes a request inside a dialog, an ACK to a 2xx too, if the dialog lives and its sender is the dialog's peer.
    pub(crate) fn in_dialog(
        &self,
        arrived: &Arrived<'_>,
        (key, sender): (&mut TransactionKey, Sender),
        outlet: &mut Outlet<'_>,
    ) -> InDialog {
        let request = arrived.request;
        let (Some(local_tag), Some(remote_tag)) =
            (request.to_header().address.tag(), request.from_header().address.tag())
        else {
            return InDialog::None;
        };
        let name = DialogName { call_id: request.call_id(), local_tag, remote_tag };
        let mut shard = self.shard(self.shard_of(name.call_id)).lock();
        let Some((number, leg)) = shard.find_dialog(&name) else { return InDialog::None };
        if !Self::belongs(&shard, (number, leg), arrived, sender) {
            return InDialog::Stranger;
        }
        if request.method() == Method::Refer && !self.refers_here(arrived) {
            return InDialog::Refused(CallRefusal::ReferElsewhere);
        }
        let ticket = match request.method() {
            Method::Ack => ServerTicket(0),
            Method::Invite => match self.begin_reinvite(&mut shard, (number, leg), arrived, (key, outlet)) {
                Some(ticket) => ticket,
                None => return InDialog::Taken,
            },
            _ => match self.begin_other(&mut shard, number, arrived, key) {
                Some(ticket) => ticket,
                None => return InDialog::Taken,
            },
        };
        Self::follow_sender(&mut shard, (number, leg), arrived);
        let heard = Heard { request, source: arrived.source, ticket };
        self.drive(&mut shard, number, outlet, Happening::Request { leg, heard });
        InDialog::Taken
    }

    /// An ACK with the branch of an INVITE that was answered; `false` if it belongs to none.
    pub(crate) fn acknowledge(&self, arrived: &Arrived<'_>, key: &TransactionKey, outlet: &mut Outlet<'_>) -> bool {
        let mut shard = self.shard(self.shard_of(arrived.request.call_id())).lock();
        let Some(id) = shard.invites.find(key) else { return false };
        let Some(Acknowledged::Success(invited)) = shard.invites.on_ack(id, self.now_ms()) else { return true };
        let Invited { call, leg, ticket, .. } = *invited;
        let heard = Heard { request: arrived.request, source: arrived.source, ticket };
        self.drive(&mut shard, call, outlet, Happening::Request { leg, heard });
        true
    }

    /// An INVITE that came before; `false` if it did not.
    pub(crate) fn repeat_invite(&self, call_id: &[u8], key: &TransactionKey, outlet: &mut Outlet<'_>) -> bool {
        let shard = self.shard(self.shard_of(call_id)).lock();
        let Some(id) = shard.invites.find(key) else { return false };
        if let Some(invited) = shard.invites.user(id) {
            super::actions::log_unsent(outlet.send(&invited.destination, shard.invites.on_retransmission(id)));
        }
        true
    }

    /// A CANCEL; `false` if there is no INVITE that it means. `cancelled` is that INVITE's key, `key` its own.
    pub(crate) fn cancel(
        &self,
        arrived: &Arrived<'_>,
        (cancelled, key): (&TransactionKey, &mut TransactionKey),
        outlet: &mut Outlet<'_>,
    ) -> bool {
        let request = arrived.request;
        let mut shard = self.shard(self.shard_of(request.call_id())).lock();
        let Some(invited) = shard.invites.find(cancelled).and_then(|id| shard.invites.user(id)).copied() else {
            return false;
        };
        let ticket = self.begin_other(&mut shard, invited.call, arrived, key);
        match ticket {
            Some(ticket) => {
                let heard = Heard { request, source: arrived.source, ticket };
                let leg = invited.leg;
                self.drive(&mut shard, invited.call, outlet, Happening::Request { leg, heard });
            }
            // The call is over: the INVITE was answered finally, so nothing comes of it (RFC 3261 section 9.2).
            None => {
                let mut octets = Vec::with_capacity(384);
                ResponseWriter::start(&mut octets, request, Status::of(200), arrived.source, b"").finish(b"");
                super::actions::log_unsent(outlet.send(&arrived.answers_to, &octets));
            }
        }
        true
    }

    /// Whether the sender of a request belongs to a leg: it sends from where the leg's peer is known to be, or has proven
    /// to be whose leg it is.
    fn belongs(shard: &Shard, (number, leg): (CallNumber, LegId), arrived: &Arrived<'_>, sender: Sender) -> bool {
        let Some(entry) = shard.calls.get(&number) else { return false };
        let Some(state) = entry.leg(leg) else { return false };
        let is_there = match (&arrived.sender_at, &state.destination) {
            (Destination::Local, Some(Destination::Local)) => true,
            (Destination::Local, _) | (_, Some(Destination::Local)) => false,
            (Destination::Network { .. }, _) => state.peers.contains(&arrived.source.ip().to_canonical()),
        };
        let owner = match state.target {
            None => entry.details.credential,
            Some(target) => entry.way(target).and_then(super::way::Way::credential),
        };
        is_there || matches!(sender, Sender::Credential(id) if Some(id) == owner)
    }

    /// Whether a transfer stays with us: nobody sends a party of a call to a stranger's host.
    fn refers_here(&self, arrived: &Arrived<'_>) -> bool {
        let target = arrived.request.headers().addresses(HeaderName::ReferTo).next();
        let Some(Ok(uri)) = target.and_then(Result::ok).map(|target| target.uri()) else { return false };
        let is_named = self.parts.directory.realms().of_host(uri.host).is_some();
        let is_here = |flow| self.parts.config.addresses.is_here(HostPort { octets: uri.host, port: uri.port }, flow);
        uri.is_sip() && (is_named || arrived.sender_at.flow().is_some_and(is_here))
    }

    /// A phone may have moved: requests go to where it was last heard from.
    fn follow_sender(shard: &mut Shard, (number, leg): (CallNumber, LegId), arrived: &Arrived<'_>) {
        let Some(entry) = shard.calls.get_mut(&number) else { return };
        let state = entry.leg_mut(leg);
        if !state.follows_contact && state.destination != Some(arrived.sender_at) {
            state.destination = Some(arrived.sender_at);
            state.note_peer(&arrived.sender_at);
        }
    }

    fn begin_reinvite(
        &self,
        shard: &mut Shard,
        (number, leg): (CallNumber, LegId),
        arrived: &Arrived<'_>,
        (key, outlet): (&TransactionKey, &mut Outlet<'_>),
    ) -> Option<ServerTicket> {
        let entry = shard.calls.get_mut(&number)?;
        let ticket = entry.next_server_ticket();
        let invited = Invited { call: number, leg, ticket, destination: arrived.answers_to };
        match shard.invites.begin(key, (invited, trying(arrived)), (self.now_ms(), arrived.reliability)) {
            Ok(id) => {
                shard.calls.get_mut(&number)?.servers.insert(ticket, Pending::Invite(id));
                Some(ticket)
            }
            Err(NotTaken::KeyInUse) => {
                let id = shard.invites.find(key)?;
                super::actions::log_unsent(outlet.send(&arrived.answers_to, shard.invites.on_retransmission(id)));
                None
            }
            Err(NotTaken::TooMany) => None,
        }
    }

    /// Makes room for the answer to a request other than INVITE; `None` if its call is over.
    fn begin_other(
        &self,
        shard: &mut Shard,
        number: CallNumber,
        arrived: &Arrived<'_>,
        key: &mut TransactionKey,
    ) -> Option<ServerTicket> {
        let entry = shard.calls.get_mut(&number)?;
        let ticket = entry.next_server_ticket();
        entry.servers.insert(ticket, Pending::Other(Box::new(self.pending(arrived, key))));
        Some(ticket)
    }

    /// A request other than INVITE until it is answered; its copies are absorbed from now on.
    pub(super) fn pending(&self, arrived: &Arrived<'_>, key: &mut TransactionKey) -> PendingRequest {
        if arrived.reliability == Reliability::Unreliable
            && let Some(lane) = self.lane(arrived.lane)
        {
            lane.transactions.lock().begin(key, self.now_ms());
        }
        PendingRequest {
            lane: arrived.lane,
            key: std::mem::take(key),
            destination: arrived.answers_to,
            reliability: arrived.reliability,
        }
    }
}

/// The 100 that an INVITE gets if nothing else is in time.
pub(super) fn trying(arrived: &Arrived<'_>) -> Box<[u8]> {
    let mut octets = Vec::with_capacity(384);
    ResponseWriter::start(&mut octets, arrived.request, Status::of(100), arrived.source, b"").finish(b"");
    octets.into_boxed_slice()
}
