//! Provisional responses on their way to the caller, reliable ones too (RFC 3262).

use crate::call::Phase;
use crate::draft::{Body, Crossing, Draft, Outlet};
use crate::link::{Link, Side};
use crate::manner::{Extensions, Kind};
use crate::names::LinkId;
use crate::step::Step;
use crate::{Action, Call, LegId, SdpKind};
use sip_dialog::{Dialog, ReliableOrder, ReliableSequence, reliable_rseq};
use sip_message::write::{HeaderLines, ResponseWriter, Status};
use sip_message::{HeaderName, Headers, Response};

/// Most early dialogs of one call; what more forks downstream say reaches the caller under our first tag.
const MAX_LINKS: usize = 32;
/// Most provisional responses that wait for PRACK in one dialog.
const MAX_RELIABLE: usize = 16;

/// How a provisional response crosses.
enum Delivery {
    AsIs,
    Reliably { theirs: u32 },
}

impl Call {
    pub(crate) fn relay_provisional(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let Some(fork) = self.forks.get(place) else { return };
        let leg = fork.leg;
        let link = self.link_of(place, response, step);
        let delivery = match self.delivery(link, response.headers()) {
            Some(delivery) => delivery,
            None => return,
        };
        self.note_ringing(leg, response.status(), step);
        let lines = self.manner.crossing(response.headers(), (Kind::Response, Extensions::Others));
        let Phase::Ringing(ringing) = &mut self.phase else { return };
        let (ticket, status) = (ringing.invite.ticket, response.status());
        let side =
            link.and_then(|id| self.links.iter().find(|link| link.id == id)).and_then(|link| link.caller.as_ref());
        let tag = side.map_or(&*ringing.first_tag, |side| side.dialog.local_tag());
        let mut head = Vec::with_capacity(768 + response.body().len());
        let writer = ResponseWriter::resume(&mut head, &ringing.invite.kept, Status::of(status), tag)
            .header("Contact", &ringing.seed.path().contact)
            .lines(&ringing.invite.record_route)
            .lines(&lines);
        let kind = if ringing.has_offer() { SdpKind::Answer } else { SdpKind::Offer };
        let outlet = match (delivery, link) {
            (Delivery::Reliably { theirs }, Some(link)) => {
                let ours = ringing.next_rseq;
                ringing.next_rseq += 1;
                writer.header("Require", b"100rel").header_u32("RSeq", ours).leave_open();
                Outlet::Reliable { link, ticket, status, ours, theirs, cseq: ringing.invite.cseq }
            }
            _ => {
                writer.leave_open();
                Outlet::Respond { ticket, status }
            }
        };
        let crossing = Crossing { from: leg, to: LegId::CALLER, kind };
        let body = Body::carried(response.body(), response.headers(), crossing);
        self.post(Draft { head, outlet }, body, step);
    }

    fn note_ringing(&mut self, leg: LegId, status: u16, step: &mut Step<'_, '_>) {
        if self.story.ringing_at.is_none() && matches!(status, 180 | 183) {
            self.story.ringing_at = Some(step.now());
            step.push(Action::Ringing(leg));
        }
    }

    /// Whether it goes on, and how; `None` for what came before or too early. A called who is reliable although nobody
    /// asked is passed on as if it were not.
    fn delivery(&mut self, link: Option<LinkId>, headers: Headers<'_>) -> Option<Delivery> {
        let Phase::Ringing(ringing) = &self.phase else { return None };
        let supported = ringing.seed.peer().supports_reliable;
        let Some(rseq) = reliable_rseq(headers).filter(|_| supported) else { return Some(Delivery::AsIs) };
        let link = link.and_then(|id| self.link_mut(id)).filter(|link| link.reliable.len() < MAX_RELIABLE)?;
        let order = link.taken.take(rseq);
        (order == ReliableOrder::Next).then_some(Delivery::Reliably { theirs: rseq })
    }

    /// The link of the dialog that a response belongs to, made with its first response. `None` for one without a tag.
    pub(crate) fn link_of(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) -> Option<LinkId> {
        let fork = self.forks.get(place)?;
        let to = response.headers().to_header().ok()?;
        let tag = to.tag().unwrap_or_default();
        let known = self.links.iter_mut().find(|link| {
            let callee = link.callee.as_ref();
            callee.is_some_and(|callee| callee.leg == fork.leg && callee.dialog.remote_tag() == tag)
        });
        if let Some(link) = known {
            let id = link.id;
            if let Some(callee) = &mut link.callee {
                callee.dialog.on_response(response);
            }
            return Some(id);
        }
        if self.links.len() >= MAX_LINKS || (tag.is_empty() && response.status() < 200) {
            return None;
        }
        let callee = Side::new(fork.leg, Dialog::of_response(&fork.sent.as_ref()?.opening, response));
        let Phase::Ringing(ringing) = &mut self.phase else { return None };
        let dialog = match ringing.free_tag.take() {
            Some(tag) => ringing.seed.with_local_tag(&tag),
            None => ringing.seed.with_local_tag(&step.token::<12>()),
        };
        let id = self.next_link();
        let (caller, taken) = (Some(Side::new(LegId::CALLER, dialog)), ReliableSequence::default());
        self.links.push(Link { id, caller, callee: Some(callee), taken, reliable: Vec::new() });
        step.push(Action::DialogsChanged);
        Some(id)
    }
}

/// The Record-Route of a request, which responses that make a dialog repeat (RFC 3261 section 12.1.1).
pub(crate) fn recorded(headers: Headers<'_>) -> HeaderLines {
    let mut lines = HeaderLines::new();
    for value in headers.all(HeaderName::RecordRoute) {
        lines.header("Record-Route", value);
    }
    lines
}
