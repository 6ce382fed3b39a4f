//! The 2xx that makes the call, and those that come too late for it.

use crate::call::Phase;
use crate::draft::{Body, Crossing, Draft, Outlet};
use crate::fork::ForkState;
use crate::link::{Begins, Link, OwedAck, SentAck, Side};
use crate::manner::{Extensions, Kind};
use crate::names::{End, LinkId, Locus};
use crate::ringing::Ringing;
use crate::step::Step;
use crate::{Action, Call, LegId, SdpKind};
use sip_dialog::{Dialog, ReliableSequence, agreed};
use sip_message::write::{HeaderLines, ResponseWriter, Status};
use sip_message::{HeaderName, Response};

const ANSWERED_ELSEWHERE: &[u8] = b"SIP;cause=200;text=\"Call completed elsewhere\"";

impl Call {
    pub(crate) fn invite_succeeded(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let Some(fork) = self.forks.get(place) else { return };
        let Ok(to) = response.headers().to_header() else { return };
        let tag = to.tag().unwrap_or_default();
        if let Some(octets) = Self::fork_ack(fork, tag) {
            step.push(Action::Ack { leg: fork.leg, octets });
        } else if fork.state == ForkState::Won && self.has_dialog(fork.leg, tag) {
            self.acknowledge_again(response, step);
        } else if fork.is_wanted() && matches!(self.phase, Phase::Ringing(_)) {
            self.answer(place, response, step);
        } else {
            self.turn_away(place, response, step);
        }
    }

    fn has_dialog(&self, leg: LegId, remote_tag: &[u8]) -> bool {
        let mut callees = self.links.iter().filter_map(|link| link.callee.as_ref());
        callees.any(|side| side.leg == leg && side.dialog.remote_tag() == remote_tag)
    }

    fn answer(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let Some(id) = self.link_of(place, response, step) else { return self.turn_away(place, response, step) };
        let Phase::Ringing(ringing) = std::mem::replace(&mut self.phase, Phase::Up) else { return };
        self.note_answer(place, step);
        if let Some(fork) = self.forks.get_mut(place) {
            fork.state = ForkState::Won;
        }
        self.keep_only(id, step);
        self.cancel_reason = Some(ANSWERED_ELSEWHERE.into());
        self.abandon_all(step);
        self.cancel_reason = None;
        self.acknowledge(id, (place, &ringing), response, step);
        self.tell_answer(id, &ringing, response, step);
        step.push(Action::DialogsChanged);
    }

    fn note_answer(&mut self, place: usize, step: &mut Step<'_, '_>) {
        let Some(fork) = self.forks.get(place) else { return };
        self.story.answered_at = Some(step.now());
        self.story.callee = Some(fork.leg);
        self.story.target = Some(fork.target);
        self.story.callee_call_id = fork.sent.as_ref().map(|sent| sent.opening.call_id().into());
        step.push(Action::Answered(fork.leg));
    }

    /// Acknowledges the 2xx at once where it answers the caller's offer; else the answer comes with the caller's ACK.
    fn acknowledge(
        &mut self,
        id: LinkId,
        (place, ringing): (usize, &Ringing),
        response: &Response<'_>,
        step: &mut Step<'_, '_>,
    ) {
        let (now, policy) = (step.now(), self.manner.session);
        let locus = Locus { link: id, end: End::Callee };
        let credentials = self.forks.get(place).and_then(|fork| fork.sent.as_ref());
        let (cseq, credentials) =
            credentials.map_or((0, HeaderLines::new()), |sent| (sent.opening.cseq(), sent.credentials.clone()));
        let Some(callee) = self.side_mut(locus) else { return };
        callee.session = Some(agreed(response.headers(), policy, now));
        callee.keep_for_refresh(&ringing.luggage.body);
        if ringing.has_offer() {
            self.send_ack(locus, cseq, (&credentials, Body::EMPTY), step);
        } else {
            callee.owes_ack = Some(OwedAck { cseq, credentials });
        }
    }

    /// Hands the 2xx on to the caller.
    fn tell_answer(&mut self, id: LinkId, ringing: &Ringing, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let to = Locus { link: id, end: End::Caller };
        let from = self.leg_of(to.across());
        let mut lines = self.manner.crossing(response.headers(), (Kind::Response, Extensions::Session));
        ringing.invite.grant.write(&mut lines);
        for response in self.link_mut(id).into_iter().flat_map(|link| &mut link.reliable) {
            response.repetition = None;
        }
        let Some(caller) = self.side_mut(to) else { return };
        caller.session = Some(ringing.invite.grant.timer(step.now()));
        let mut head = Vec::with_capacity(768 + response.body().len());
        ResponseWriter::resume(
            &mut head,
            &ringing.invite.kept,
            Status::of(response.status()),
            caller.dialog.local_tag(),
        )
        .lines(&ringing.invite.record_route)
        .header("Contact", &caller.dialog.path().contact)
        .lines(&lines)
        .leave_open();
        let kind = if ringing.has_offer() { SdpKind::Answer } else { SdpKind::Offer };
        let body = Body::carried(response.body(), response.headers(), Crossing { from, to: LegId::CALLER, kind });
        let (ticket, cseq, status) = (ringing.invite.ticket, ringing.invite.cseq, response.status());
        let outlet = Outlet::Success { to, ticket, status, cseq, begins: Begins::Call };
        self.post(Draft { head, outlet }, body, step);
    }

    /// A 2xx nobody waits for any more: it is acknowledged, and its dialog ended (RFC 3261 sections 9.1, 13.2.2.4).
    fn turn_away(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let id = self.next_link();
        let Some(fork) = self.forks.get_mut(place) else { return };
        let Some(sent) = &mut fork.sent else { return };
        let leg = fork.leg;
        let mut dialog = Dialog::of_response(&sent.opening, response);
        dialog.continue_after(sent.used_cseq);
        let mut octets = Vec::with_capacity(512);
        let branch = step.branch(b"");
        dialog.start_ack(&mut octets, sent.opening.cseq(), &branch).lines(&sent.credentials).finish(b"");
        sent.acks.push((dialog.remote_tag().into(), octets.clone()));
        if fork.state != ForkState::Won {
            fork.state = ForkState::Over;
        }
        step.push(Action::Ack { leg, octets });
        self.drop_early_links(leg, step);
        let callee = Some(Side::new(leg, dialog));
        let (taken, reliable) = (ReliableSequence::default(), Vec::new());
        self.links.push(Link { id, caller: None, callee, taken, reliable });
        step.push(Action::DialogsChanged);
        let mut lines = HeaderLines::new();
        lines.header(HeaderName::Reason.as_str(), ANSWERED_ELSEWHERE);
        self.hang_up(Locus { link: id, end: End::Callee }, &lines, step);
        if matches!(self.phase, Phase::Ringing(_)) {
            self.settle_turn(step);
        }
    }

    pub(crate) fn send_ack(
        &mut self,
        to: Locus,
        cseq: u32,
        (lines, body): (&HeaderLines, Body),
        step: &mut Step<'_, '_>,
    ) {
        let branch = step.branch(b"");
        let Some(side) = self.side_mut(to) else { return };
        let mut head = Vec::with_capacity(512 + body.octets.len());
        side.owes_ack = None;
        side.dialog.start_ack(&mut head, cseq, &branch).lines(lines).leave_open();
        self.post(Draft { head, outlet: Outlet::Ack { to, cseq } }, body, step);
    }

    /// A 2xx of ours came again that no transaction knows any more: it gets the ACK it got before.
    pub(crate) fn acknowledge_again(&mut self, response: &Response<'_>, step: &mut Step<'_, '_>) {
        if !(200..300).contains(&response.status()) {
            return;
        }
        let headers = response.headers();
        let (Ok(to), Ok(cseq), Ok(call_id)) = (headers.to_header(), headers.cseq(), headers.call_id()) else { return };
        let sides = self.links.iter().flat_map(Link::sides);
        let tag = to.tag().unwrap_or_default();
        let mut of_dialog = sides.filter(|side| side.dialog.call_id() == call_id && side.dialog.remote_tag() == tag);
        let found = of_dialog.find_map(|side| Some((side.leg, side.ack.as_ref()?)));
        if let Some((leg, SentAck { octets, .. })) = found.filter(|(_, ack)| ack.cseq == cseq.number) {
            step.push(Action::Ack { leg, octets: octets.to_vec() });
        }
    }
}

impl Side {
    /// Keeps the description that was sent, where only a re-INVITE can refresh the session and has to repeat it.
    pub(crate) fn keep_for_refresh(&mut self, body: &[u8]) {
        let refreshes = self.session.is_some_and(|timer| timer.duty() == sip_dialog::Duty::Refresh);
        if refreshes && !self.dialog.peer().allows_update && !body.is_empty() {
            self.refresh_body = Some(body.into());
        }
    }
}
