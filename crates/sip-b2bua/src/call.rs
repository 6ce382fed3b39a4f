//! A two-party call.

use crate::draft::{Body, Draft};
use crate::errand::Errand;
use crate::fork::Fork;
use crate::link::{Link, Side};
use crate::manner::Manner;
use crate::names::{LinkId, Locus};
use crate::ringing::Ringing;
use crate::step::Step;
use crate::story::Story;
use crate::{
    Action, Bridged, EndReason, Ending, Failure, Heard, LegId, Millis, Party, Path, Surroundings, Ticket, Unroutable,
};
use sip_message::Response;
use std::collections::VecDeque;

/// A call between a caller and whoever of those it may ring answers. Begun by [`Call::begin`](Self::begin), over with
/// [`Action::Ended`].
#[derive(Debug)]
pub struct Call {
    pub(crate) manner: Manner,
    pub(crate) phase: Phase,
    pub(crate) forks: Vec<Fork>,
    pub(crate) links: Vec<Link>,
    pub(crate) errands: Vec<Errand>,
    /// Messages that wait for their body, the first of them asked for.
    pub(crate) drafts: VecDeque<(Draft, Body)>,
    pub(crate) story: Story,
    pub(crate) ended_at: Millis,
    /// For every CANCEL from here on.
    pub(crate) cancel_reason: Option<Box<[u8]>>,
    pub(crate) last_ticket: u32,
    pub(crate) last_leg: u8,
    pub(crate) last_link: u16,
}

/// How far a call has come.
#[derive(Debug)]
pub(crate) enum Phase {
    /// Nobody has answered.
    Ringing(Box<Ringing>),
    /// Somebody has.
    Up,
    /// It is ended, and waits for what is under way.
    Closing,
    /// [`Action::Ended`] was told.
    Over,
}

/// One dialog of a call, for whoever finds calls by their messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DialogView<'c> {
    /// Its leg.
    pub leg: LegId,
    /// Its Call-ID.
    pub call_id: &'c [u8],
    /// Our tag: in To of what the peer sends.
    pub local_tag: &'c [u8],
    /// The peer's tag: in From of what it sends.
    pub remote_tag: &'c [u8],
    /// The URI that requests within it are sent to: that of the topmost Route, else the peer's Contact.
    pub next_hop: &'c [u8],
}

impl Call {
    /// A request came on a leg: in one of its dialogs, or the CANCEL of one of its requests. Retransmissions are absorbed
    /// before; an ACK to a failure belongs to its transaction.
    pub fn on_request(&mut self, leg: LegId, request: Heard<'_>, world: &mut Surroundings<'_>, out: &mut Vec<Action>) {
        self.requested(leg, &request, &mut Step { world, out });
    }

    /// A response to a request of ours came, a repeated 2xx to INVITE too. One to another ticket is passed over.
    pub fn on_response(
        &mut self,
        ticket: Ticket,
        response: &Response<'_>,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        let step = &mut Step { world, out };
        if let Some(place) = self.forks.iter().position(|fork| fork.has_ticket(ticket)) {
            self.invite_answered(place, response, step);
        } else if let Some(place) = self.errands.iter().position(|errand| errand.ticket == ticket) {
            self.errand_answered(place, response, step);
        } else {
            self.acknowledge_again(response, step);
        }
    }

    /// A request of ours failed.
    pub fn on_failure(
        &mut self,
        ticket: Ticket,
        failure: Failure,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        let step = &mut Step { world, out };
        if let Some(place) = self.forks.iter().position(|fork| fork.has_ticket(ticket)) {
            self.invite_failed(place, failure, step);
        } else if let Some(place) = self.errands.iter().position(|errand| errand.ticket == ticket) {
            self.errand_failed(place, failure, step);
        }
    }

    /// The answer to [`Action::Locate`].
    pub fn on_path(
        &mut self,
        leg: LegId,
        path: Result<Path, Unroutable>,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        self.located(leg, path, &mut Step { world, out });
    }

    /// The answer to [`Action::Bridge`].
    pub fn on_body(&mut self, body: Bridged, world: &mut Surroundings<'_>, out: &mut Vec<Action>) {
        self.bridged(body, &mut Step { world, out });
    }

    /// Time has passed.
    pub fn on_time(&mut self, world: &mut Surroundings<'_>, out: &mut Vec<Action>) {
        self.timed(&mut Step { world, out });
    }

    /// Ends the call from here: BYE on both legs, or CANCEL and a final response to the caller.
    pub fn end(&mut self, why: EndReason, world: &mut Surroundings<'_>, out: &mut Vec<Action>) {
        self.part(Party::Us, Ending::EndedHere(why), &mut Step { world, out });
    }

    /// Whether somebody has answered and nobody has hung up.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up)
    }

    /// The dialogs in which requests may come.
    pub fn dialogs(&self) -> impl Iterator<Item = DialogView<'_>> {
        self.links.iter().flat_map(Link::sides).map(|side| DialogView {
            leg: side.leg,
            call_id: side.dialog.call_id(),
            local_tag: side.dialog.local_tag(),
            remote_tag: side.dialog.remote_tag(),
            next_hop: side.dialog.next_hop(),
        })
    }

    pub(crate) fn link(&self, id: LinkId) -> Option<&Link> {
        self.links.iter().find(|link| link.id == id)
    }

    pub(crate) fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.id == id)
    }

    pub(crate) fn side(&self, locus: Locus) -> Option<&Side> {
        self.link(locus.link)?.side(locus.end)
    }

    pub(crate) fn side_mut(&mut self, locus: Locus) -> Option<&mut Side> {
        self.link_mut(locus.link)?.side_mut(locus.end)
    }

    pub(crate) const fn next_ticket(&mut self) -> Ticket {
        self.last_ticket = self.last_ticket.wrapping_add(1);
        Ticket(self.last_ticket)
    }

    pub(crate) const fn next_link(&mut self) -> LinkId {
        self.last_link = self.last_link.wrapping_add(1);
        LinkId(self.last_link)
    }
}
