//! A request outside any dialog that makes none, carried across once: MESSAGE, OPTIONS and the like.

use crate::begin::{has_been_here, wants_privacy};
use crate::challenge::may_answer;
use crate::errand::MethodName;
use crate::forking::ANONYMOUS;
use crate::manner::{Extensions, Kind, Manner, unmet_requirements};
use crate::step::Step;
use crate::verdict::{Conclusion, Refusal, Verdict, Verdicts, crossing_status, is_hop_failure};
use crate::{
    Action, Challenged, Failure, HeaderPolicy, Heard, Identity, LegId, Media, Path, ReferPolicy, ServerTicket,
    SessionPolicy, Surroundings, Target, TargetRef, Ticket, Trust, Unroutable, cause,
};
use sip_dialog::{Opening, Parties};
use sip_message::Response;
use sip_message::write::{HeaderLines, KeptRequest, ResponseWriter, Status};

/// Most places that are tried for one request.
const MAX_LEGS: u8 = 32;

/// What an exchange is begun with.
#[derive(Clone, Debug)]
pub struct ExchangeSetup {
    /// Our tag in the responses.
    pub tag: Box<[u8]>,
    /// Who asks, towards whoever is asked.
    pub identity: Identity,
    /// Where the request may go, one after the other: the next one after a failure of the next hop.
    pub targets: Vec<Target>,
    /// Which headers cross besides those that always do.
    pub headers: HeaderPolicy,
    /// Begins the branch, as [`Setup::loop_token`](crate::Setup::loop_token) does.
    pub loop_token: Box<[u8]>,
    /// Our `User-Agent` and `Server`.
    pub product: Option<Box<[u8]>>,
}

/// A request carried across, until its answer has crossed back.
#[derive(Debug)]
pub struct Exchange {
    manner: Manner,
    identity: Identity,
    wants_privacy: bool,
    targets: Vec<Target>,
    loop_token: Box<[u8]>,
    asker: Option<(ServerTicket, KeptRequest)>,
    tag: Box<[u8]>,
    method: MethodName,
    lines: HeaderLines,
    body: Vec<u8>,
    hops: u8,
    verdicts: Verdicts,
    current: Attempt,
    last_ticket: u32,
}

/// One place that is tried.
#[derive(Debug)]
struct Attempt {
    leg: LegId,
    target: u8,
    attempt: u8,
    sent: Option<SentRequest>,
}

#[derive(Debug)]
struct SentRequest {
    opening: Opening,
    ticket: Ticket,
    challenges: u8,
}

impl Exchange {
    /// Begins to carry a request across. One that makes a dialog belongs elsewhere.
    pub fn begin(setup: ExchangeSetup, heard: Heard<'_>, world: &mut Surroundings<'_>, out: &mut Vec<Action>) -> Self {
        let step = &mut Step { world, out };
        let ExchangeSetup { tag, mut identity, targets, headers, loop_token, product } = setup;
        let (refer, session, media) = (ReferPolicy::Refuse, SessionPolicy::default(), Media::Untouched);
        let manner = Manner { headers, refer, session, media, product };
        let request = heard.request;
        let wants_privacy = wants_privacy(request.headers());
        if wants_privacy {
            identity.from = ANONYMOUS.into();
        }
        let hops = request.max_forwards().unwrap_or(70).checked_sub(1);
        let mut exchange = Self {
            lines: manner.crossing(request.headers(), (Kind::Request, Extensions::Others)),
            manner,
            identity,
            wants_privacy,
            targets,
            loop_token,
            asker: Some((heard.ticket, KeptRequest::of(request, heard.source))),
            tag,
            method: MethodName::of(request.method()),
            body: request.body().to_vec(),
            hops: hops.unwrap_or(0),
            verdicts: Verdicts::default(),
            current: Attempt { leg: LegId(0), target: 0, attempt: 0, sent: None },
            last_ticket: 0,
        };
        let unmet = unmet_requirements(request.headers(), Extensions::Others);
        if hops.is_none() {
            exchange.answer(483, (&HeaderLines::new(), b""), step);
        } else if !unmet.is_empty() {
            let mut lines = HeaderLines::new();
            lines.header("Unsupported", &unmet.join(&b", "[..]));
            exchange.answer(420, (&lines, b""), step);
        } else if has_been_here(request.headers(), &exchange.loop_token) {
            exchange.answer(482, (&HeaderLines::new(), b""), step);
        } else {
            exchange.try_target(0, 0, step);
        }
        exchange
    }

    /// Whether the answer has crossed: nothing is sent any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.asker.is_none()
    }

    /// The answer to [`Action::Locate`].
    pub fn on_path(
        &mut self,
        leg: LegId,
        path: Result<Path, Unroutable>,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        let step = &mut Step { world, out };
        if self.is_over() || leg != self.current.leg || self.current.sent.is_some() {
            return;
        }
        let Ok(path) = path else {
            if self.current.attempt == 0 {
                self.verdicts.add(Verdict::Unreachable);
            }
            return self.try_target(self.current.target.saturating_add(1), 0, step);
        };
        let (call_id, tag) = (step.call_id(), step.token::<12>());
        let Some(target) = self.targets.get(usize::from(self.current.target)) else { return };
        let parties = Parties { from: &self.identity.from, to: &target.to, request_uri: &target.request_uri };
        let opening = Opening::new(&parties, &call_id, &tag, path);
        self.send(opening, (0, &HeaderLines::new()), step);
    }

    /// A response to our request came.
    pub fn on_response(
        &mut self,
        ticket: Ticket,
        response: &Response<'_>,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        let step = &mut Step { world, out };
        let status = response.status();
        if self.is_over() || status < 200 || !self.is_current(ticket) {
            return;
        }
        if matches!(status, 401 | 407) && self.answer_challenge(response, step) {
            return;
        }
        let headers = response.headers();
        let lines = self.manner.crossing(headers, (Kind::Response, Extensions::Others));
        // That a method is not known is an answer to one nobody has heard of, and no failure of the next hop.
        if status < 300 || status == 501 {
            return self.answer(status, (&lines, response.body()), step);
        }
        let q850_cause = cause::of_reason(headers);
        self.fail(Verdict::Refused(Refusal { status, lines, body: response.body().to_vec(), q850_cause }), step);
    }

    /// Our request failed.
    pub fn on_failure(
        &mut self,
        ticket: Ticket,
        failure: Failure,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        if self.is_over() || !self.is_current(ticket) {
            return;
        }
        let verdict = match failure {
            Failure::TimedOut => Verdict::TimedOut,
            Failure::Unreachable => Verdict::Unreachable,
        };
        self.fail(verdict, &mut Step { world, out });
    }

    fn is_current(&self, ticket: Ticket) -> bool {
        self.current.sent.as_ref().is_some_and(|sent| sent.ticket == ticket)
    }

    fn try_target(&mut self, target: u8, attempt: u8, step: &mut Step<'_, '_>) {
        if usize::from(target) >= self.targets.len() || self.current.leg.0 >= MAX_LEGS {
            return self.conclude(step);
        }
        let leg = LegId(self.current.leg.0 + 1);
        self.current = Attempt { leg, target, attempt, sent: None };
        step.push(Action::Locate { leg, target: TargetRef { stage: 0, target }, attempt });
    }

    fn send(&mut self, mut opening: Opening, (challenges, credentials): (u8, &HeaderLines), step: &mut Step<'_, '_>) {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        let branch = step.branch(&self.loop_token);
        let mut own = HeaderLines::new();
        let target = self.targets.get(usize::from(self.current.target));
        let is_trusted = target.is_some_and(|target| target.trust == Trust::Trusted);
        if let Some(asserted) = self.identity.asserted.as_ref().filter(|_| is_trusted) {
            own.header("P-Asserted-Identity", asserted);
            if self.wants_privacy {
                own.header("Privacy", b"id");
            }
        }
        let mut octets = Vec::with_capacity(768 + self.body.len());
        let writer = opening.start(&mut octets, self.method.method(), (&branch, self.hops));
        writer.lines(credentials).lines(&own).lines(&self.lines).finish(&self.body);
        step.push(Action::Request { leg: self.current.leg, ticket, octets });
        self.current.sent = Some(SentRequest { opening, ticket, challenges });
    }

    fn answer_challenge(&mut self, response: &Response<'_>, step: &mut Step<'_, '_>) -> bool {
        let Some(sent) = &self.current.sent else { return false };
        let challenged = Challenged {
            leg: self.current.leg,
            target: Some(TargetRef { stage: 0, target: self.current.target }),
            response,
            method: self.method.method(),
            uri: sent.opening.request_uri(),
            body: &self.body,
        };
        if !may_answer(sent.challenges, response) {
            return false;
        }
        let Some(answer) = step.world.answerer.answer(&challenged) else { return false };
        let Some(SentRequest { opening, challenges, .. }) = self.current.sent.take() else { return false };
        let mut credentials = HeaderLines::new();
        credentials.header(answer.header.as_str(), &answer.value);
        self.send(opening, (challenges + 1, &credentials), step);
        true
    }

    fn fail(&mut self, verdict: Verdict, step: &mut Step<'_, '_>) {
        let (is_at_fault, goes_on) = match &verdict {
            Verdict::TimedOut | Verdict::Unreachable => (true, true),
            Verdict::Refused(refusal) => (refusal.status == 503, is_hop_failure(refusal.status)),
            Verdict::NoAnswer | Verdict::MediaFailed(_) => (false, true),
        };
        self.verdicts.add(verdict);
        let Attempt { target, attempt, .. } = self.current;
        match (is_at_fault, goes_on) {
            (true, _) => self.try_target(target, attempt.saturating_add(1), step),
            (false, true) => self.try_target(target.saturating_add(1), 0, step),
            (false, false) => self.conclude(step),
        }
    }

    fn conclude(&mut self, step: &mut Step<'_, '_>) {
        match std::mem::take(&mut self.verdicts).conclude() {
            Conclusion::Refused(refusal) => {
                self.answer(crossing_status(refusal.status), (&refusal.lines, &refusal.body), step);
            }
            Conclusion::TimedOut => self.answer(408, (&self.manner.own(Kind::Response), b""), step),
            Conclusion::NoAnswer | Conclusion::MediaFailed(_) | Conclusion::NextHopsFailed => {
                self.answer(500, (&self.manner.own(Kind::Response), b""), step);
            }
        }
    }

    fn answer(&mut self, status: u16, (lines, body): (&HeaderLines, &[u8]), step: &mut Step<'_, '_>) {
        let Some((ticket, kept)) = self.asker.take() else { return };
        // It would come when whoever asked has given up for the same reason, and blacklist us there (RFC 4320 section 4.2).
        if status == 408 {
            return;
        }
        let mut octets = Vec::with_capacity(512 + body.len());
        ResponseWriter::resume(&mut octets, &kept, Status::of(status), &self.tag).lines(lines).finish(body);
        step.push(Action::Respond { ticket, status, octets });
    }
}
