//! A two-party call.

use crate::{Action, Bridged, EndReason, Failure, Heard, LegId, Millis, Path, Setup, Surroundings, Ticket, Unroutable};
use sip_message::Response;

/// A call between a caller and whoever of those it may ring answers.
#[derive(Debug)]
pub struct Call {
    setup: Setup,
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

/// Why a snapshot is none of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadSnapshot {
    /// It was made by a version of this crate that knew more.
    #[error("this snapshot has a format this version does not know")]
    UnknownVersion,
    /// It is cut or damaged.
    #[error("this snapshot is damaged")]
    Damaged,
}

impl Call {
    /// Begins the call that an INVITE asks for.
    pub fn begin(setup: Setup, invite: Heard<'_>, world: &mut Surroundings<'_>, out: &mut Vec<Action>) -> Self {
        let _ = (invite, world, out);
        Self { setup }
    }

    /// A request came on a leg: in one of its dialogs, or the CANCEL of one of its requests. Retransmissions are absorbed
    /// before; an ACK to a failure belongs to its transaction.
    pub fn on_request(&mut self, leg: LegId, request: Heard<'_>, world: &mut Surroundings<'_>, out: &mut Vec<Action>) {
        let _ = (leg, request, world, out, &self.setup);
    }

    /// A response to a request of ours came, a repeated 2xx to INVITE too.
    pub fn on_response(
        &mut self,
        ticket: Ticket,
        response: &Response<'_>,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        let _ = (ticket, response, world, out, &self.setup);
    }

    /// A request of ours failed.
    pub fn on_failure(
        &mut self,
        ticket: Ticket,
        failure: Failure,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        let _ = (ticket, failure, world, out, &self.setup);
    }

    /// The answer to [`Action::Locate`].
    pub fn on_path(
        &mut self,
        leg: LegId,
        path: Result<Path, Unroutable>,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        let _ = (leg, path, world, out, &self.setup);
    }

    /// The answer to [`Action::Bridge`].
    pub fn on_body(&mut self, body: Bridged, world: &mut Surroundings<'_>, out: &mut Vec<Action>) {
        let _ = (body, world, out, &self.setup);
    }

    /// Time has passed.
    pub fn on_time(&mut self, world: &mut Surroundings<'_>, out: &mut Vec<Action>) {
        let _ = (world, out, &self.setup);
    }

    /// When [`Self::on_time`] wants to be called.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Millis> {
        None
    }

    /// Ends the call from here: BYE on both legs, or CANCEL and a final response to the caller.
    pub fn end(&mut self, why: EndReason, world: &mut Surroundings<'_>, out: &mut Vec<Action>) {
        let _ = (why, world, out, &self.setup);
    }

    /// The dialogs in which requests may come.
    pub fn dialogs(&self) -> impl Iterator<Item = DialogView<'_>> {
        std::iter::empty()
    }

    /// A confirmed call as octets that [`Self::restore`] reads, in this and later versions; `None` for any other.
    #[must_use]
    pub fn snapshot(&self) -> Option<Vec<u8>> {
        None
    }

    /// The call that a snapshot was taken of, at `now`. What was under way in it when the process ended is lost, so its
    /// session timers begin anew.
    ///
    /// # Errors
    /// [`BadSnapshot`].
    pub fn restore(octets: &[u8], now: Millis) -> Result<Self, BadSnapshot> {
        let _ = (octets, now);
        Err(BadSnapshot::UnknownVersion)
    }
}
