//! Requests of ours within dialogs, and what their answers mean.

use crate::challenge::may_answer;
use crate::draft::{Body, Crossing, Draft, Outlet};
use crate::errand::{Asker, Errand, MethodName, Progress, Purpose};
use crate::link::{Begins, OwedAck};
use crate::manner::{Extensions, Kind};
use crate::names::{LinkId, Locus};
use crate::step::Step;
use crate::{Action, Call, Challenged, Ending, Failure, LegId, MediaFault, Party, SdpKind};
use sip_dialog::{agreed, names_contact};
use sip_message::write::{HeaderLines, ResponseWriter, Status};
use sip_message::{Method, Response};

const HOPS: u8 = 70;

impl Call {
    /// Sends a request of our own.
    pub(crate) fn send_own(
        &mut self,
        to: Locus,
        method: Method<'_>,
        purpose: Purpose,
        content: (HeaderLines, Body),
        step: &mut Step<'_, '_>,
    ) {
        self.send_errand(to, (method, purpose, HOPS), content, None, step);
    }

    /// Sends a peer's request.
    pub(crate) fn send_carried(
        &mut self,
        to: Locus,
        (method, hops): (Method<'_>, u8),
        content: (HeaderLines, Body),
        asker: Asker,
        step: &mut Step<'_, '_>,
    ) {
        self.send_errand(to, (method, Purpose::Carry, hops), content, Some(asker), step);
    }

    fn send_errand(
        &mut self,
        to: Locus,
        (method, purpose, hops): (Method<'_>, Purpose, u8),
        (lines, body): (HeaderLines, Body),
        asker: Option<Asker>,
        step: &mut Step<'_, '_>,
    ) {
        let ticket = self.next_ticket();
        let (credentials, progress) = (HeaderLines::new(), Progress::Silent);
        let method = MethodName::of(method);
        let errand = Errand {
            ticket,
            to,
            method,
            purpose,
            asker,
            lines,
            body,
            credentials,
            hops,
            challenges: 0,
            cseq: 0,
            progress,
        };
        self.errands.push(errand);
        self.send_again(self.errands.len() - 1, step);
    }

    /// Sends an errand under its ticket, with the next CSeq of its dialog.
    fn send_again(&mut self, place: usize, step: &mut Step<'_, '_>) {
        let branch = step.branch(b"");
        let Some(errand) = self.errands.get_mut(place) else { return };
        let link = self.links.iter_mut().find(|link| link.id == errand.to.link);
        let Some(side) = link.and_then(|link| link.side_mut(errand.to.end)) else { return };
        let mut head = Vec::with_capacity(640 + errand.body.octets.len());
        let writer = side.dialog.start(&mut head, errand.method.method(), (&branch, errand.hops));
        writer.lines(&errand.credentials).lines(&errand.lines).leave_open();
        errand.cseq = side.dialog.local_cseq();
        let (leg, ticket, body) = (side.leg, errand.ticket, errand.body.clone());
        self.post(Draft { head, outlet: Outlet::Request { leg, ticket } }, body, step);
    }

    pub(crate) fn errand_answered(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) {
        match response.status() {
            100..200 => self.errand_proceeds(place, response, step),
            401 | 407 if self.answer_challenge(place, response, step) => {}
            _ => {
                let errand = self.errands.swap_remove(place);
                match errand.purpose {
                    Purpose::Carry => self.carry_back(&errand, response, step),
                    Purpose::Bye => self.dialog_over(errand.to, step),
                    Purpose::Refresh => self.refresh_answered(&errand, response, step),
                    Purpose::Probe => self.probe_answered(&errand, response.status(), step),
                }
            }
        }
    }

    /// A carried INVITE rings on; other provisional responses end with their hop.
    fn errand_proceeds(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let Some(errand) = self.errands.get_mut(place).filter(|errand| errand.is(Method::Invite)) else { return };
        let (to, ticket) = (errand.to, errand.ticket);
        match errand.progress {
            Progress::Silent => errand.progress = Progress::Proceeding,
            Progress::Unwanted => {
                errand.progress = Progress::Cancelled;
                let leg = self.leg_of(to);
                step.push(Action::Cancel { leg, ticket, reason: None });
            }
            Progress::Proceeding | Progress::Cancelled => {}
        }
        if response.status() > 100 {
            self.relay_progress(place, response, step);
        }
    }

    fn relay_progress(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let Some(errand) = self.errands.get(place) else { return };
        let Some(asker) = &errand.asker else { return };
        let lines = self.manner.crossing(response.headers(), (Kind::Response, Extensions::Others));
        let mut head = Vec::with_capacity(512 + response.body().len());
        let (ticket, status) = (asker.ticket, response.status());
        ResponseWriter::resume(&mut head, &asker.kept, Status::of(status), b"").lines(&lines).leave_open();
        let (from, to) = (self.leg_of(errand.to), self.leg_of(errand.to.across()));
        let kind = if errand.body.octets.is_empty() { SdpKind::Offer } else { SdpKind::Answer };
        let body = Body::carried(response.body(), response.headers(), Crossing { from, to, kind });
        self.post(Draft { head, outlet: Outlet::Respond { ticket, status } }, body, step);
    }

    /// Whether a challenge was answered; then the request is under way again.
    fn answer_challenge(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) -> bool {
        let ticket = self.next_ticket();
        let Some(errand) = self.errands.get(place).filter(|errand| may_answer(errand.challenges, response)) else {
            return false;
        };
        let Some(side) = self.side(errand.to) else { return false };
        let leg = side.leg;
        let target = self.forks.iter().find(|fork| fork.leg == leg).map(|fork| fork.target).or(self.story.target);
        let target = target.filter(|_| leg != LegId::CALLER);
        let (method, uri, body) = (errand.method.method(), side.dialog.remote_target(), &errand.body.octets);
        let challenged = Challenged { leg, target, response, method, uri, body };
        let Some(answer) = step.world.answerer.answer(&challenged) else { return false };
        let Some(errand) = self.errands.get_mut(place) else { return false };
        errand.challenges += 1;
        errand.ticket = ticket;
        errand.credentials = HeaderLines::new();
        errand.credentials.header(answer.header.as_str(), &answer.value);
        self.send_again(place, step);
        true
    }

    /// The answer to a carried request crosses back.
    fn carry_back(&mut self, errand: &Errand, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let status = match response.status() {
            300..=399 => 480,
            401 | 407 => 500,
            status => status,
        };
        let succeeded = (200..300).contains(&status);
        let is_invite = errand.is(Method::Invite);
        if succeeded {
            self.note_success(errand, response, step);
        }
        let ends = matches!(status, 408 | 481) && errand.is_of_session();
        if let Some(asker) = &errand.asker {
            self.answer_asker((errand, asker), (status, response), step);
        } else if succeeded && is_invite {
            self.settle_owed_ack(errand.to, step);
        }
        if ends && self.is_up() {
            self.part(Party::Us, Ending::PeerLost, step);
        }
    }

    /// What a 2xx changes in the dialog it came in, and the ACK of one to INVITE.
    fn note_success(&mut self, errand: &Errand, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let (now, policy) = (step.now(), self.manner.session);
        let Some(side) = self.side_mut(errand.to) else { return };
        side.dialog.refresh_target(response.headers());
        if errand.asker.as_ref().is_some_and(|asker| asker.grant.is_some()) {
            side.session = Some(agreed(response.headers(), policy, now));
            side.keep_for_refresh(&errand.body.octets);
            step.push(Action::Changed);
        }
        let Some(side) = self.side_mut(errand.to) else { return };
        if !errand.is(Method::Invite) {
            return;
        }
        if errand.body.octets.is_empty() {
            side.owes_ack = Some(OwedAck { cseq: errand.cseq, credentials: errand.credentials.clone() });
        } else {
            self.send_ack(errand.to, errand.cseq, (&errand.credentials, Body::EMPTY), step);
        }
    }

    /// Nobody will bring the answer that an ACK waited for.
    fn settle_owed_ack(&mut self, at: Locus, step: &mut Step<'_, '_>) {
        let owed = self.side_mut(at).and_then(|side| side.owes_ack.take());
        if let Some(owed) = owed {
            self.send_ack(at, owed.cseq, (&owed.credentials, Body::EMPTY), step);
        }
    }

    fn answer_asker(
        &mut self,
        (errand, asker): (&Errand, &Asker),
        (status, response): (u16, &Response<'_>),
        step: &mut Step<'_, '_>,
    ) {
        let (to, from) = (errand.to.across(), errand.to);
        let grant = asker.grant.filter(|_| (200..300).contains(&status));
        let extensions = if grant.is_some() { Extensions::Session } else { Extensions::Others };
        let mut lines = self.manner.crossing(response.headers(), (Kind::Response, extensions));
        if let Some(grant) = grant {
            grant.write(&mut lines);
        }
        let (from, leg) = (self.leg_of(from), self.leg_of(to));
        let Some(side) = self.side_mut(to) else { return };
        if let Some(grant) = grant {
            side.session = Some(grant.timer(step.now()));
        }
        let mut head = Vec::with_capacity(640 + response.body().len());
        let mut writer = ResponseWriter::resume(&mut head, &asker.kept, Status::of(status), b"");
        if status < 300 && names_contact(errand.method.method()) {
            writer = writer.header("Contact", &side.dialog.path().contact);
        }
        writer.lines(&lines).leave_open();
        let kind = if errand.body.octets.is_empty() { SdpKind::Offer } else { SdpKind::Answer };
        let body = Body::carried(response.body(), response.headers(), Crossing { from, to: leg, kind });
        let (ticket, cseq) = (asker.ticket, asker.cseq);
        let outlet = if grant.is_some() && errand.is(Method::Invite) {
            Outlet::Success { to, ticket, status, cseq, begins: Begins::Change }
        } else {
            Outlet::Respond { ticket, status }
        };
        self.post(Draft { head, outlet }, body, step);
    }

    pub(crate) fn errand_failed(&mut self, place: usize, failure: Failure, step: &mut Step<'_, '_>) {
        let errand = self.errands.swap_remove(place);
        let status = if failure == Failure::TimedOut { 408 } else { 500 };
        self.dismiss(&errand, status, step);
        match errand.purpose {
            Purpose::Bye => self.dialog_over(errand.to, step),
            Purpose::Refresh | Purpose::Probe => self.part(Party::Us, Ending::PeerLost, step),
            Purpose::Carry if self.is_up() && errand.is_of_session() => self.part(Party::Us, Ending::PeerLost, step),
            Purpose::Carry => {}
        }
    }

    /// A request was not sent after all, since its description cannot be bridged.
    pub(crate) fn errand_unsent(&mut self, place: usize, fault: MediaFault, step: &mut Step<'_, '_>) {
        let errand = self.errands.swap_remove(place);
        self.dismiss(&errand, fault.status(), step);
    }

    /// The peer does not want its INVITE any more.
    pub(crate) fn cancel_carried(&mut self, leg: LegId, cseq: u32, step: &mut Step<'_, '_>) {
        let asked = self.errands.iter().position(|errand| {
            let is_its = errand.asker.as_ref().is_some_and(|asker| asker.cseq == cseq) && errand.is(Method::Invite);
            is_its && self.leg_of(errand.to.across()) == leg
        });
        let Some(errand) = asked.and_then(|place| self.errands.get_mut(place)) else { return };
        let (to, ticket) = (errand.to, errand.ticket);
        match errand.progress {
            Progress::Silent => errand.progress = Progress::Unwanted,
            Progress::Proceeding => {
                errand.progress = Progress::Cancelled;
                let leg = self.leg_of(to);
                step.push(Action::Cancel { leg, ticket, reason: None });
            }
            Progress::Unwanted | Progress::Cancelled => {}
        }
    }

    /// Whoever waits for something from a dialog that is over waits no longer (RFC 3261 section 15.1.2).
    pub(crate) fn dismiss_askers(&mut self, link: Option<LinkId>, step: &mut Step<'_, '_>) {
        let is_its = |errand: &Errand| link.is_none_or(|link| errand.to.link == link) && errand.purpose != Purpose::Bye;
        let (over, others) = std::mem::take(&mut self.errands).into_iter().partition(is_its);
        self.errands = others;
        let over: Vec<Errand> = over;
        for errand in &over {
            self.dismiss(errand, 487, step);
        }
    }

    fn dismiss(&self, errand: &Errand, status: u16, step: &mut Step<'_, '_>) {
        let Some(asker) = &errand.asker else { return };
        let mut octets = Vec::with_capacity(384);
        let own = self.manner.own(Kind::Response);
        ResponseWriter::resume(&mut octets, &asker.kept, Status::of(status), b"").lines(&own).finish(b"");
        step.push(Action::Respond { ticket: asker.ticket, status, octets });
    }
}
