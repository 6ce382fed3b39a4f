//! How a call ends: refused, given up, hung up, or from here.

use crate::call::Phase;
use crate::draft::Body;
use crate::errand::Purpose;
use crate::fork::Fork;
use crate::link::{Begins, Parting};
use crate::manner::Kind;
use crate::names::{End, LinkId, Locus};
use crate::step::Step;
use crate::story::StoryEnd;
use crate::verdict::{Conclusion, crossing_status};
use crate::{Action, Call, EndReason, Ending, Heard, LegId, MediaFault, Party, cause};
use sip_message::write::{HeaderLines, ResponseWriter, Status};
use sip_message::{HeaderName, Method};

impl Call {
    /// Tells the caller that nobody answers.
    pub(crate) fn tell_failure(&mut self, conclusion: Conclusion, step: &mut Step<'_, '_>) {
        let of_us = |ending, status, q850_cause| StoryEnd { by: Party::Us, ending, status, q850_cause };
        let (end, lines, body) = match conclusion {
            Conclusion::Refused(refusal) => {
                let status = crossing_status(refusal.status);
                let q850_cause = refusal.q850_cause.or(cause::of_status(refusal.status));
                let end = StoryEnd { by: Party::Callee, ending: Ending::Refused, status, q850_cause };
                (end, refusal.lines, refusal.body)
            }
            Conclusion::NoAnswer => {
                (of_us(Ending::NoAnswer, 480, Some(cause::NO_ANSWER)), reason_of(cause::NO_ANSWER), Vec::new())
            }
            Conclusion::MediaFailed(fault) => {
                let (cause, text) = match fault {
                    MediaFault::Unacceptable => (cause::BEARER_NOT_IMPLEMENTED, "Media cannot be bridged"),
                    MediaFault::Unavailable => (cause::RESOURCE_UNAVAILABLE, "Media proxy not available"),
                };
                let mut lines = HeaderLines::new();
                let reason = format!("Q.850;cause={cause};text=\"{text}\"");
                lines.header(HeaderName::Reason.as_str(), reason.as_bytes());
                (of_us(Ending::MediaFailed, fault.status(), Some(cause)), lines, Vec::new())
            }
            Conclusion::TimedOut => (of_us(Ending::TimedOut, 408, None), HeaderLines::new(), Vec::new()),
            Conclusion::NextHopsFailed => (of_us(Ending::NextHopsFailed, 500, None), HeaderLines::new(), Vec::new()),
        };
        self.refuse_caller(end, (&lines, &body), step);
    }

    /// Answers the caller's INVITE with a failure, and ends all that it has begun.
    pub(crate) fn refuse_caller(
        &mut self,
        end: StoryEnd,
        (lines, body): (&HeaderLines, &[u8]),
        step: &mut Step<'_, '_>,
    ) {
        if !matches!(self.phase, Phase::Ringing(_)) {
            return;
        }
        let Phase::Ringing(ringing) = std::mem::replace(&mut self.phase, Phase::Closing) else { return };
        self.story.end = Some(end);
        self.ended_at = step.now();
        let (ticket, status) = (ringing.invite.ticket, end.status);
        self.dismiss_askers(None, step);
        let mut octets = Vec::with_capacity(512 + body.len());
        ResponseWriter::resume(&mut octets, &ringing.invite.kept, Status::of(status), &ringing.first_tag)
            .lines(lines)
            .finish(body);
        step.push(Action::Respond { ticket, status, octets });
        self.abandon_all(step);
        let early = self.links.iter().filter(|link| link.caller.is_some());
        for id in early.map(|link| link.id).collect::<Vec<_>>() {
            self.drop_link(id, step);
        }
        self.end_if_done(step);
    }

    /// A CANCEL came (RFC 3261 section 9.2).
    pub(crate) fn cancelled(&mut self, leg: LegId, heard: &Heard<'_>, step: &mut Step<'_, '_>) {
        self.accept_cancel(heard, step);
        let (headers, cseq) = (heard.request.headers(), heard.request.cseq_number());
        let is_call = matches!(&self.phase, Phase::Ringing(ringing) if ringing.invite.cseq == cseq);
        if leg != LegId::CALLER || !is_call {
            return self.cancel_carried(leg, cseq, step);
        }
        self.cancel_reason = headers.first(HeaderName::Reason).map(Box::from);
        let q850_cause = cause::of_reason(headers);
        let end = StoryEnd { by: Party::Caller, ending: Ending::Cancelled, status: 487, q850_cause };
        self.refuse_caller(end, (&self.manner.own(Kind::Response), b""), step);
    }

    fn accept_cancel(&self, heard: &Heard<'_>, step: &mut Step<'_, '_>) {
        let tag = match &self.phase {
            Phase::Ringing(ringing) => Some(&*ringing.first_tag),
            _ => self.links.iter().find_map(|link| Some(link.caller.as_ref()?.dialog.local_tag())),
        };
        let tag = tag.map_or_else(|| step.token::<12>().to_vec(), <[u8]>::to_vec);
        let mut octets = Vec::with_capacity(384);
        ResponseWriter::start(&mut octets, heard.request, Status::of(200), heard.source, &tag).finish(b"");
        step.push(Action::Respond { ticket: heard.ticket, status: 200, octets });
    }

    /// Ends the call, whatever it has come to.
    pub(crate) fn part(&mut self, by: Party, ending: Ending, step: &mut Step<'_, '_>) {
        let status = match ending {
            Ending::Cancelled => 487,
            Ending::EndedHere(EndReason::Revoked) => 403,
            Ending::EndedHere(_) => 480,
            Ending::Unacknowledged => 504,
            _ => 500,
        };
        let end = StoryEnd { by, ending, status, q850_cause: None };
        match self.phase {
            Phase::Ringing(_) => self.refuse_caller(end, (&self.manner.own(Kind::Response), b""), step),
            Phase::Up => {
                let cause = match ending {
                    Ending::PeerLost | Ending::Unacknowledged => cause::TIMER_EXPIRY,
                    Ending::MediaFailed => cause::UNSPECIFIED,
                    _ => cause::NORMAL_CLEARING,
                };
                self.close(end, &reason_of(cause), step);
            }
            Phase::Closing | Phase::Over => {}
        }
    }

    /// Ends an answered call: BYE in every dialog that still lives.
    fn close(&mut self, end: StoryEnd, lines: &HeaderLines, step: &mut Step<'_, '_>) {
        self.phase = Phase::Closing;
        self.story.end = Some(end);
        self.ended_at = step.now();
        self.dismiss_askers(None, step);
        let ids: Vec<LinkId> = self.links.iter().map(|link| link.id).collect();
        for link in ids {
            for end in [End::Caller, End::Callee] {
                self.hang_up(Locus { link, end }, lines, step);
            }
        }
        self.end_if_done(step);
    }

    /// A BYE came (RFC 3261 section 15.1.2).
    pub(crate) fn bye_heard(&mut self, at: Locus, heard: &Heard<'_>, step: &mut Step<'_, '_>) {
        let is_early = matches!(self.phase, Phase::Ringing(_));
        if is_early && at.end == End::Callee {
            // Whoever has not answered refuses; there is nothing to hang up.
            return self.respond(heard, 481, &HeaderLines::new(), step);
        }
        self.respond(heard, 200, &HeaderLines::new(), step);
        let headers = heard.request.headers();
        let by = if at.end == End::Caller { Party::Caller } else { Party::Callee };
        let q850_cause = cause::of_reason(headers);
        if is_early {
            let end = StoryEnd { by, ending: Ending::Cancelled, status: 487, q850_cause };
            return self.refuse_caller(end, (&self.manner.own(Kind::Response), b""), step);
        }
        if matches!(self.side(at).map(|side| &side.parting), Some(Parting::Sent)) {
            // Both hung up at once; our own BYE is still to be answered.
            return;
        }
        if let Some(link) = self.link_mut(at.link) {
            link.drop_side(at.end);
        }
        step.push(Action::DialogsChanged);
        if self.is_up() {
            let mut lines = HeaderLines::new();
            for reason in headers.all(HeaderName::Reason) {
                lines.header(HeaderName::Reason.as_str(), reason);
            }
            let end = StoryEnd { by, ending: Ending::HungUp, status: 200, q850_cause };
            self.close(end, &lines, step);
        }
        self.end_if_done(step);
    }

    /// Sends BYE, once it may be sent.
    pub(crate) fn hang_up(&mut self, at: Locus, lines: &HeaderLines, step: &mut Step<'_, '_>) {
        let Some(side) = self.side_mut(at).filter(|side| matches!(side.parting, Parting::Not)) else { return };
        if side.success.as_ref().is_some_and(|success| success.begins == Begins::Call) {
            side.parting = Parting::Wanted(lines.clone());
            return;
        }
        side.success = None;
        side.parting = Parting::Sent;
        if let Some(owed) = side.owes_ack.take() {
            self.send_ack(at, owed.cseq, (&owed.credentials, Body::EMPTY), step);
        }
        let mut all = self.manner.own(Kind::Request);
        all.append(lines);
        self.send_own(at, Method::Bye, Purpose::Bye, (all, Body::EMPTY), step);
    }

    /// A 2xx was acknowledged, or never will be: a BYE that waited for that leaves.
    pub(crate) fn hang_up_if_wanted(&mut self, at: Locus, step: &mut Step<'_, '_>) {
        let Some(side) = self.side_mut(at) else { return };
        if let Parting::Wanted(lines) = &side.parting {
            let lines = lines.clone();
            side.parting = Parting::Not;
            self.hang_up(at, &lines, step);
        }
    }

    /// A dialog is over.
    pub(crate) fn dialog_over(&mut self, at: Locus, step: &mut Step<'_, '_>) {
        if let Some(link) = self.link_mut(at.link) {
            link.drop_side(at.end);
        }
        self.links.retain(|link| link.sides().next().is_some());
        step.push(Action::DialogsChanged);
        self.end_if_done(step);
    }

    /// The early dialogs of a leg are over.
    pub(crate) fn drop_early_links(&mut self, leg: LegId, step: &mut Step<'_, '_>) {
        if !matches!(self.phase, Phase::Ringing(_)) {
            return;
        }
        let is_its = |link: &crate::link::Link| {
            link.caller.is_some() && link.callee.as_ref().is_some_and(|callee| callee.leg == leg)
        };
        let ids: Vec<LinkId> = self.links.iter().filter(|link| is_its(link)).map(|link| link.id).collect();
        for id in ids {
            self.drop_link(id, step);
        }
    }

    /// All early dialogs but one are over.
    pub(crate) fn keep_only(&mut self, kept: LinkId, step: &mut Step<'_, '_>) {
        let is_other = |link: &&crate::link::Link| link.id != kept && link.caller.is_some();
        let ids: Vec<LinkId> = self.links.iter().filter(is_other).map(|link| link.id).collect();
        for id in ids {
            self.drop_link(id, step);
        }
    }

    fn drop_link(&mut self, id: LinkId, step: &mut Step<'_, '_>) {
        self.dismiss_askers(Some(id), step);
        self.note_used_cseq(id);
        self.links.retain(|link| link.id != id);
        step.push(Action::DialogsChanged);
    }

    fn note_used_cseq(&mut self, id: LinkId) {
        let callee = self.links.iter().find(|link| link.id == id).and_then(|link| link.callee.as_ref());
        let Some((leg, used)) = callee.map(|side| (side.leg, side.dialog.local_cseq())) else { return };
        let sent = self.forks.iter_mut().find(|fork| fork.leg == leg).and_then(|fork| fork.sent.as_mut());
        if let Some(sent) = sent {
            sent.used_cseq = sent.used_cseq.max(used);
        }
    }

    /// It is over when nothing is under way any more.
    pub(crate) fn end_if_done(&mut self, step: &mut Step<'_, '_>) {
        let parts = |purpose: Purpose| purpose == Purpose::Bye;
        let waits = self.forks.iter().any(Fork::is_open)
            || self.errands.iter().any(|errand| parts(errand.purpose))
            || self.links.iter().flat_map(|link| link.sides()).any(|side| matches!(side.parting, Parting::Wanted(_)))
            || !self.drafts.is_empty();
        if matches!(self.phase, Phase::Closing) && !waits {
            self.phase = Phase::Over;
            self.links.clear();
            self.errands.clear();
            step.push(Action::Ended(Box::new(self.story.facts(self.ended_at))));
        }
    }
}

fn reason_of(cause: u8) -> HeaderLines {
    let mut lines = HeaderLines::new();
    lines.header_parts(HeaderName::Reason.as_str(), &[b"Q.850;cause=", cause.to_string().as_bytes()]);
    lines
}
