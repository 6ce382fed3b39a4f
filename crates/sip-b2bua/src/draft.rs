//! Messages whose head is written and whose body may still be rewritten on its way.

use crate::link::{Begins, ReliableResponse, SentAck, Success};
use crate::names::{End, LinkId, Locus};
use crate::step::Step;
use crate::{Action, Bridged, Call, Ending, LegId, Media, MediaFault, Party, SdpKind, ServerTicket, Ticket};
use sip_dialog::Repetition;
use sip_message::write::finish_message;
use sip_message::{HeaderName, Headers};

/// A message but for its body.
#[derive(Debug)]
pub(crate) struct Draft {
    pub head: Vec<u8>,
    pub outlet: Outlet,
}

/// How a message leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outlet {
    Request { leg: LegId, ticket: Ticket },
    Ack { to: Locus, cseq: u32 },
    Respond { ticket: ServerTicket, status: u16 },
    Success { to: Locus, ticket: ServerTicket, status: u16, cseq: u32, begins: Begins },
    Reliable { link: LinkId, ticket: ServerTicket, status: u16, ours: u32, theirs: u32, cseq: u32 },
}

/// A body, and whose it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    pub octets: Vec<u8>,
    /// Set for a session description that may be rewritten.
    pub crossing: Option<Crossing>,
}

/// From whom to whom a session description goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Crossing {
    pub from: LegId,
    pub to: LegId,
    pub kind: SdpKind,
}

impl Body {
    pub(crate) const EMPTY: Self = Self { octets: Vec::new(), crossing: None };

    /// The body of a message that crosses.
    pub(crate) fn carried(octets: &[u8], headers: Headers<'_>, crossing: Crossing) -> Self {
        let crossing = Some(crossing).filter(|_| !octets.is_empty() && is_sdp(headers));
        Self { octets: octets.to_vec(), crossing }
    }
}

/// Whether a message's body is a session description by itself; one inside multipart crosses as it is.
pub(crate) fn is_sdp(headers: Headers<'_>) -> bool {
    let name = b"application/sdp";
    let value = headers.first(HeaderName::ContentType).unwrap_or_default();
    value.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

impl Call {
    /// Sends a message, or has its session description rewritten first.
    pub(crate) fn post(&mut self, draft: Draft, body: Body, step: &mut Step<'_, '_>) {
        match body.crossing.filter(|_| self.manner.media == Media::Bridged) {
            None => self.flush(draft, &body.octets, step),
            Some(crossing) => {
                self.drafts.push_back((draft, body));
                if self.drafts.len() == 1 {
                    self.ask_for_bridge(crossing, step);
                }
            }
        }
    }

    fn ask_for_bridge(&self, crossing: Crossing, step: &mut Step<'_, '_>) {
        let Some((_, body)) = self.drafts.front() else { return };
        let Crossing { from, to, kind } = crossing;
        step.push(Action::Bridge { from, to, kind, sdp: body.octets.clone() });
    }

    /// The description at hand was rewritten, or cannot be.
    pub(crate) fn bridged(&mut self, bridged: Bridged, step: &mut Step<'_, '_>) {
        let Some((draft, body)) = self.drafts.pop_front() else { return };
        match bridged {
            Bridged::Body(octets) => self.flush(draft, &octets, step),
            Bridged::Failed(fault) => self.go_on_unbridged(draft, (&body, fault), step),
        }
        let next = self.drafts.front().and_then(|(_, body)| body.crossing);
        if let Some(crossing) = next {
            self.ask_for_bridge(crossing, step);
        } else {
            self.end_if_done(step);
        }
    }

    /// A request is given up; what answers one goes out, so that nobody waits, and the call ends if it needs the media.
    fn go_on_unbridged(&mut self, draft: Draft, (body, fault): (&Body, MediaFault), step: &mut Step<'_, '_>) {
        match draft.outlet {
            Outlet::Request { ticket, .. } => self.give_up_unbridged(ticket, fault, step),
            Outlet::Respond { status: ..200, .. } | Outlet::Reliable { .. } => self.flush(draft, b"", step),
            Outlet::Ack { .. } | Outlet::Respond { .. } | Outlet::Success { .. } => {
                self.flush(draft, &body.octets, step);
                self.part(Party::Us, Ending::MediaFailed, step);
            }
        }
    }

    pub(crate) fn flush(&mut self, mut draft: Draft, body: &[u8], step: &mut Step<'_, '_>) {
        finish_message(&mut draft.head, body);
        let octets = draft.head;
        match draft.outlet {
            Outlet::Request { leg, ticket } => step.push(Action::Request { leg, ticket, octets }),
            Outlet::Respond { ticket, status } => step.push(Action::Respond { ticket, status, octets }),
            Outlet::Ack { to, cseq } => {
                let Some(side) = self.side_mut(to) else { return };
                if side.refresh_body.is_some() && !body.is_empty() {
                    side.refresh_body = Some(body.into());
                }
                side.ack = Some(SentAck { cseq, octets: octets.clone().into_boxed_slice() });
                step.push(Action::Ack { leg: side.leg, octets });
            }
            Outlet::Success { to, ticket, status, cseq, begins } => {
                let repetition = Repetition::of_success(step.now());
                let Some(side) = self.side_mut(to) else { return };
                side.keep_for_refresh(body);
                let kept = octets.clone().into_boxed_slice();
                side.success = Some(Success { ticket, status, cseq, octets: kept, repetition, begins });
                step.push(if begins == Begins::Call { Action::Confirmed } else { Action::Changed });
                step.push(Action::Respond { ticket, status, octets });
            }
            Outlet::Reliable { link, ticket, status, ours, theirs, cseq } => {
                let repetition = Some(Repetition::of_provisional(step.now()));
                let kept = octets.clone().into_boxed_slice();
                if let Some(link) = self.link_mut(link) {
                    let acknowledged = false;
                    let response =
                        ReliableResponse { ticket, status, ours, theirs, cseq, acknowledged, octets: kept, repetition };
                    link.reliable.push(response);
                }
                step.push(Action::Respond { ticket, status, octets });
            }
        }
    }

    pub(crate) fn leg_of(&self, locus: Locus) -> LegId {
        match (self.side(locus), locus.end) {
            (Some(side), _) => side.leg,
            (None, End::Caller | End::Callee) => LegId::CALLER,
        }
    }
}
