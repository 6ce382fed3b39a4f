//! Requests within dialogs: whose they are, and what becomes of each method.

use crate::call::Phase;
use crate::draft::{Body, Crossing};
use crate::errand::Asker;
use crate::link::{Parting, Side};
use crate::manner::{Extensions, Kind, unmet_requirements};
use crate::names::{End, Locus};
use crate::step::Step;
use crate::{Action, Call, Heard, LegId, ReferPolicy, SdpKind};
use sip_dialog::{Grant, RAck};
use sip_message::write::{HeaderLines, KeptRequest, ResponseWriter, Status};
use sip_message::{CheckedRequest, Header, HeaderName, Method};

/// Why a request does not cross.
struct Refused {
    status: u16,
    lines: HeaderLines,
}

impl From<u16> for Refused {
    fn from(status: u16) -> Self {
        Self { status, lines: HeaderLines::new() }
    }
}

impl Call {
    pub(crate) fn requested(&mut self, leg: LegId, heard: &Heard<'_>, step: &mut Step<'_, '_>) {
        let request = heard.request;
        if request.method() == Method::Cancel {
            return self.cancelled(leg, heard, step);
        }
        let locus = self.locus_of(leg, request);
        if request.method() == Method::Ack {
            if let Some(at) = locus {
                self.acknowledged(at, request, step);
            }
            return;
        }
        let Some(at) = locus else { return self.respond(heard, 481, &HeaderLines::new(), step) };
        let Some(side) = self.side_mut(at) else { return };
        if side.dialog.on_request(request).is_err() {
            return self.respond(heard, 500, &HeaderLines::new(), step);
        }
        if request.method() == Method::Bye {
            return self.bye_heard(at, heard, step);
        }
        if let Err(Refused { status, lines }) = self.take(at, heard, step) {
            self.respond(heard, status, &lines, step);
        }
    }

    fn locus_of(&self, leg: LegId, request: &CheckedRequest<'_>) -> Option<Locus> {
        let is_it = |side: &Side| side.leg == leg && side.dialog.is_that_of(request);
        self.links.iter().find_map(|link| {
            let end = [End::Caller, End::Callee].into_iter().find(|end| link.side(*end).is_some_and(is_it))?;
            Some(Locus { link: link.id, end })
        })
    }

    /// Carries a request across, or answers it here.
    fn take(&mut self, at: Locus, heard: &Heard<'_>, step: &mut Step<'_, '_>) -> Result<(), Refused> {
        let request = heard.request;
        let lives = |side: Option<&Side>| side.is_some_and(|side| matches!(side.parting, Parting::Not));
        let is_open = matches!(self.phase, Phase::Ringing(_) | Phase::Up);
        if !is_open || !lives(self.side(at)) || !lives(self.side(at.across())) {
            return Err(481.into());
        }
        let hops = request.max_forwards().unwrap_or(70).checked_sub(1).ok_or(483)?;
        let unmet = unmet_requirements(request.headers(), extensions_of(request.method()));
        if !unmet.is_empty() {
            let mut lines = HeaderLines::new();
            lines.header("Unsupported", &unmet.join(&b", "[..]));
            return Err(Refused { status: 420, lines });
        }
        let refreshes = matches!(
            request.method(),
            Method::Invite | Method::Update | Method::Subscribe | Method::Notify | Method::Refer
        );
        match request.method() {
            Method::Refer if self.manner.refer == ReferPolicy::Refuse => return Err(403.into()),
            Method::Invite | Method::Update => self.check_negotiation(at, request, step)?,
            _ => {}
        }
        if refreshes && let Some(side) = self.side_mut(at) {
            side.dialog.refresh_target(request.headers());
        }
        match request.method() {
            Method::Prack => self.carry_prack(at, heard, hops, step),
            Method::Update if request.body().is_empty() && self.is_up() => self.answer_refresh(at, heard, step),
            Method::Invite | Method::Update => {
                let grant = self.grant(at, request)?;
                self.carry(at, (heard, Some(grant)), (hops, HeaderLines::new()), step);
                Ok(())
            }
            _ => {
                self.carry(at, (heard, None), (hops, HeaderLines::new()), step);
                Ok(())
            }
        }
    }

    /// Whether an offer may be made now (RFC 3261 section 14.2, RFC 3311 section 5.2): not while one is under way.
    fn check_negotiation(
        &self,
        at: Locus,
        request: &CheckedRequest<'_>,
        step: &mut Step<'_, '_>,
    ) -> Result<(), Refused> {
        if request.method() == Method::Update && request.body().is_empty() {
            return Ok(());
        }
        let across = at.across();
        let under_way = |to: Locus| self.errands.iter().any(|errand| errand.to == to && errand.negotiates());
        let unacknowledged = |at: Locus| self.side(at).is_some_and(|side| side.success.is_some());
        let owes = |at: Locus| self.side(at).is_some_and(|side| side.owes_ack.is_some());
        let is_early_invite = matches!(self.phase, Phase::Ringing(_)) && request.method() == Method::Invite;
        if under_way(at) || unacknowledged(across) || owes(at) || (is_early_invite && at.end == End::Callee) {
            return Err(491.into());
        }
        if under_way(across) || unacknowledged(at) || is_early_invite {
            let mut lines = HeaderLines::new();
            lines.header_u32("Retry-After", u32::try_from(step.number_below(11)).unwrap_or(10));
            return Err(Refused { status: 500, lines });
        }
        Ok(())
    }

    fn grant(&self, at: Locus, request: &CheckedRequest<'_>) -> Result<Grant, Refused> {
        let peer = self.side(at).map(|side| side.dialog.peer()).unwrap_or_default();
        Grant::to(request.headers(), peer, self.manner.session).map_err(|too_small| {
            let mut lines = HeaderLines::new();
            lines.header_u32("Min-SE", too_small.min_seconds);
            Refused { status: 422, lines }
        })
    }

    /// An UPDATE without a description only refreshes the session of its own leg.
    fn answer_refresh(&mut self, at: Locus, heard: &Heard<'_>, step: &mut Step<'_, '_>) -> Result<(), Refused> {
        let grant = self.grant(at, heard.request)?;
        let mut lines = self.manner.own(Kind::Response);
        lines.header("Supported", b"timer");
        grant.write(&mut lines);
        let Some(side) = self.side_mut(at) else { return Ok(()) };
        side.session = Some(grant.timer(step.now()));
        lines.header("Contact", &side.dialog.path().contact);
        self.respond(heard, 200, &lines, step);
        step.push(Action::Changed);
        Ok(())
    }

    /// A PRACK acknowledges a response of ours, and crosses as one that acknowledges the called's (RFC 3262 section 3).
    fn carry_prack(&mut self, at: Locus, heard: &Heard<'_>, hops: u8, step: &mut Step<'_, '_>) -> Result<(), Refused> {
        let rack = RAck::of(heard.request.headers()).ok_or(400)?;
        let link = self.link_mut(at.link).filter(|_| at.end == End::Caller).ok_or(481)?;
        let waiting = |response: &&mut crate::link::ReliableResponse| {
            response.ours == rack.rseq
                && response.cseq == rack.cseq
                && rack.method == Method::Invite
                && !response.acknowledged
        };
        let response = link.reliable.iter_mut().find(waiting).ok_or(481)?;
        (response.repetition, response.acknowledged) = (None, true);
        let theirs = response.theirs.to_string();
        let leg = link.callee.as_ref().map(|callee| callee.leg).ok_or(481)?;
        let fork = self.forks.iter().find(|fork| fork.leg == leg).and_then(|fork| fork.sent.as_ref());
        let cseq = fork.map(|sent| sent.opening.cseq().to_string()).ok_or(481)?;
        let mut lines = HeaderLines::new();
        lines.header("RAck", [&theirs, " ", &cseq, " INVITE"].concat().as_bytes());
        self.carry(at, (heard, None), (hops, lines), step);
        Ok(())
    }

    /// Sends a peer's request across.
    fn carry(
        &mut self,
        at: Locus,
        (heard, grant): (&Heard<'_>, Option<Grant>),
        (hops, mut lines): (u8, HeaderLines),
        step: &mut Step<'_, '_>,
    ) {
        let (request, to) = (heard.request, at.across());
        let headers = request.headers();
        lines.append(&self.manner.crossing(headers, (Kind::Request, extensions_of(request.method()))));
        if request.method() == Method::Refer {
            let is_of_refer = |header: &Header<'_>| matches!(header.name, HeaderName::ReferTo | HeaderName::ReferredBy);
            // What the policy lets pass has crossed already.
            let kept = headers.iter().filter(|header| is_of_refer(header) && !self.manner.headers.lets_pass(header));
            kept.for_each(|header| lines.copy(&header));
        }
        if grant.is_some() {
            self.write_session(to, &mut lines);
        }
        let kind = match request.method() {
            Method::Prack if !self.caller_has_offered() => SdpKind::Answer,
            _ => SdpKind::Offer,
        };
        let crossing = Crossing { from: self.leg_of(at), to: self.leg_of(to), kind };
        let body = Body::carried(request.body(), headers, crossing);
        let kept = KeptRequest::of(request, heard.source);
        let asker = Asker { ticket: heard.ticket, kept, cseq: request.cseq_number(), grant };
        self.send_carried(to, (request.method(), hops), (lines, body), asker, step);
    }

    fn caller_has_offered(&self) -> bool {
        match &self.phase {
            Phase::Ringing(ringing) => ringing.has_offer(),
            _ => true,
        }
    }

    /// Answers a request here.
    pub(crate) fn respond(&self, heard: &Heard<'_>, status: u16, lines: &HeaderLines, step: &mut Step<'_, '_>) {
        let mut octets = Vec::with_capacity(512);
        ResponseWriter::start(&mut octets, heard.request, Status::of(status), heard.source, b"")
            .lines(lines)
            .finish(b"");
        step.push(Action::Respond { ticket: heard.ticket, status, octets });
    }
}

const fn extensions_of(method: Method<'_>) -> Extensions {
    match method {
        Method::Invite => Extensions::Change,
        Method::Update => Extensions::Session,
        _ => Extensions::Others,
    }
}
