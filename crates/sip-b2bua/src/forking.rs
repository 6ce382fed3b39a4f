//! Stages of targets: which ring, and what follows when they fail.

use crate::call::Phase;
use crate::draft::{Body, Crossing, Draft, Outlet};
use crate::fork::{Fork, ForkState, SentInvite};
use crate::ringing::{Luggage, Ringing};
use crate::step::Step;
use crate::verdict::{Conclusion, Verdict};
use crate::{Action, Call, Failure, LegId, MediaFault, Path, SdpKind, TargetRef, Trust, Unroutable};
use sip_dialog::{Opening, Parties, Refresher, write_request};
use sip_message::Method;
use sip_message::write::HeaderLines;

/// Most legs of one call, all attempts counted.
const MAX_LEGS: u8 = 200;
/// From of a caller who wants to stay unnamed (RFC 3323 section 4.1.1.3).
pub(crate) const ANONYMOUS: &[u8] = b"\"Anonymous\" <sip:anonymous@anonymous.invalid>";

impl Call {
    /// Rings the next targets, or tells the caller that there are none.
    pub(crate) fn start_next_turn(&mut self, step: &mut Step<'_, '_>) {
        let Phase::Ringing(ringing) = &mut self.phase else { return };
        let earlier = std::mem::take(&mut ringing.verdicts);
        ringing.earlier.merge(earlier);
        let Some(turn) = ringing.turns.pop_front() else { return self.conclude(step) };
        ringing.ring_until = step.now().saturating_add(turn.ring_timeout_ms);
        ringing.failover = turn.failover;
        ringing.luggage.first_response_timeout_ms = turn.first_response_timeout_ms;
        for target in turn.first_target..turn.first_target.saturating_add(turn.count) {
            self.locate(TargetRef { stage: turn.stage, target }, 0, step);
        }
        self.settle_turn(step);
    }

    /// Looks for a path to a target, on a leg of its own.
    fn locate(&mut self, target: TargetRef, attempt: u8, step: &mut Step<'_, '_>) {
        if self.last_leg >= MAX_LEGS {
            return;
        }
        self.last_leg += 1;
        let leg = LegId(self.last_leg);
        self.forks.push(Fork { leg, target, attempt, state: ForkState::Locating, sent: None });
        step.push(Action::Locate { leg, target, attempt });
    }

    pub(crate) fn located(&mut self, leg: LegId, path: Result<Path, Unroutable>, step: &mut Step<'_, '_>) {
        let is_it = |fork: &Fork| fork.leg == leg && fork.state == ForkState::Locating;
        let Some(place) = self.forks.iter().position(is_it) else { return };
        let Some(fork) = self.forks.get_mut(place) else { return };
        match path {
            Ok(path) => self.send_first_invite(place, path, step),
            Err(_) => {
                fork.state = ForkState::Over;
                if fork.attempt == 0 {
                    self.note(Verdict::Unreachable);
                }
                self.settle_turn(step);
            }
        }
    }

    fn send_first_invite(&mut self, place: usize, path: Path, step: &mut Step<'_, '_>) {
        let (call_id, tag) = (step.call_id(), step.token::<12>());
        let ticket = self.next_ticket();
        let Phase::Ringing(ringing) = &self.phase else { return };
        let Some(fork) = self.forks.get_mut(place) else { return };
        let luggage = &ringing.luggage;
        let Some(target) = luggage.target(fork.target) else { return };
        let from = if luggage.wants_privacy { ANONYMOUS } else { &luggage.identity.from };
        let parties = Parties { from, to: &target.to, request_uri: &target.request_uri };
        self.story.callee_call_id = Some(call_id[..].into());
        let opening = Opening::new(&parties, &call_id, &tag, path);
        fork.sent = Some(SentInvite {
            opening,
            ticket,
            credentials: HeaderLines::new(),
            challenges: 0,
            min_session_seconds: 0,
            used_cseq: 0,
            acks: Vec::new(),
        });
        self.send_invite(place, step);
    }

    /// Sends the INVITE of a fork under its ticket, for the first time or again.
    pub(crate) fn send_invite(&mut self, place: usize, step: &mut Step<'_, '_>) {
        let Phase::Ringing(ringing) = &self.phase else { return };
        let Some(fork) = self.forks.get_mut(place) else { return };
        let Some(sent) = &mut fork.sent else { return };
        let luggage = &ringing.luggage;
        let branch = step.branch(&luggage.loop_token);
        let mut head = Vec::with_capacity(1_024 + luggage.body.len());
        let mut own = luggage.identity_lines(fork.target);
        own.header_u32("Max-Breadth", luggage.breadth_of_each(fork.target));
        let seconds = self.manner.session.interval_seconds;
        write_request(&mut own, (seconds, sent.min_session_seconds), Some(Refresher::Uas));
        let writer = sent.opening.start(&mut head, Method::Invite, (&branch, luggage.hops));
        writer.lines(&sent.credentials).lines(&own).lines(&luggage.lines).leave_open();
        let until = step.now().saturating_add(luggage.first_response_timeout_ms);
        fork.state = ForkState::Silent { until };
        let (leg, ticket) = (fork.leg, sent.ticket);
        let crossing = Crossing { from: LegId::CALLER, to: leg, kind: SdpKind::Offer };
        let crossing = Some(crossing).filter(|_| luggage.is_sdp && !luggage.body.is_empty());
        let body = Body { octets: luggage.body.clone(), crossing };
        self.post(Draft { head, outlet: Outlet::Request { leg, ticket } }, body, step);
    }

    pub(crate) fn invite_failed(&mut self, place: usize, failure: Failure, step: &mut Step<'_, '_>) {
        let verdict = match failure {
            Failure::TimedOut => Verdict::TimedOut,
            Failure::Unreachable => Verdict::Unreachable,
        };
        self.fork_failed(place, verdict, step);
    }

    /// A fork is over without an answer; if it was still wanted, that counts.
    pub(crate) fn fork_failed(&mut self, place: usize, verdict: Verdict, step: &mut Step<'_, '_>) {
        let Some(fork) = self.forks.get_mut(place) else { return };
        let counts = fork.is_wanted();
        if fork.state != ForkState::Won {
            fork.state = ForkState::Over;
        }
        let leg = fork.leg;
        self.drop_early_links(leg, step);
        if counts {
            self.count_failure(place, verdict, step);
        }
        self.end_if_done(step);
    }

    /// The same target is tried at another place where the place was at fault (RFC 3263 section 4.3).
    fn count_failure(&mut self, place: usize, verdict: Verdict, step: &mut Step<'_, '_>) {
        let Some(fork) = self.forks.get(place) else { return };
        let (target, attempt) = (fork.target, fork.attempt);
        let elsewhere = match &verdict {
            Verdict::TimedOut | Verdict::Unreachable => true,
            Verdict::Refused(refusal) => refusal.status == 503,
            // Another place would get the same description.
            Verdict::NoAnswer | Verdict::MediaFailed(_) => false,
        };
        let ends_all = matches!(&verdict, Verdict::Refused(refusal) if refusal.status >= 600);
        self.note(verdict);
        if ends_all {
            return self.conclude(step);
        }
        if elsewhere && matches!(self.phase, Phase::Ringing(_)) {
            self.locate(target, attempt.saturating_add(1), step);
        }
        self.settle_turn(step);
    }

    fn note(&mut self, verdict: Verdict) {
        if let Phase::Ringing(ringing) = &mut self.phase {
            ringing.verdicts.add(verdict);
        }
    }

    /// When nobody of a turn may answer any more, the next one begins or the caller is told.
    pub(crate) fn settle_turn(&mut self, step: &mut Step<'_, '_>) {
        let Phase::Ringing(ringing) = &self.phase else { return };
        if self.forks.iter().any(Fork::is_wanted) {
            return;
        }
        if !ringing.turns.is_empty() && ringing.verdicts.allow_failover(ringing.failover) {
            self.start_next_turn(step);
        } else {
            self.conclude(step);
        }
    }

    fn conclude(&mut self, step: &mut Step<'_, '_>) {
        let Phase::Ringing(ringing) = &mut self.phase else { return };
        let mut all = std::mem::take(&mut ringing.earlier);
        all.merge(std::mem::take(&mut ringing.verdicts));
        let conclusion: Conclusion = all.conclude();
        self.tell_failure(conclusion, step);
    }

    /// Nobody of this turn has answered in time.
    pub(crate) fn ring_timed_out(&mut self, step: &mut Step<'_, '_>) {
        for place in 0..self.forks.len() {
            let Some(fork) = self.forks.get(place) else { continue };
            match fork.state {
                ForkState::Proceeding => self.note(Verdict::NoAnswer),
                ForkState::Silent { .. } => self.note(Verdict::TimedOut),
                ForkState::Locating => self.note(Verdict::Unreachable),
                _ => continue,
            }
            self.abandon(place, step);
        }
        self.settle_turn(step);
    }

    /// A target has left us without any response for too long.
    pub(crate) fn silence_timed_out(&mut self, place: usize, step: &mut Step<'_, '_>) {
        self.abandon(place, step);
        self.count_failure(place, Verdict::TimedOut, step);
    }

    /// Nobody waits for this fork any more: it is cancelled as soon as it may be (RFC 3261 section 9.1).
    pub(crate) fn abandon(&mut self, place: usize, step: &mut Step<'_, '_>) {
        let reason = self.cancel_reason.clone();
        let Some(fork) = self.forks.get_mut(place) else { return };
        match (fork.state, &fork.sent) {
            (ForkState::Proceeding, Some(sent)) => {
                fork.state = ForkState::Cancelled;
                step.push(Action::Cancel { leg: fork.leg, ticket: sent.ticket, reason });
            }
            (ForkState::Silent { .. }, Some(_)) => fork.state = ForkState::Unwanted,
            (ForkState::Locating, _) => fork.state = ForkState::Over,
            _ => return,
        }
        let leg = fork.leg;
        self.drop_early_links(leg, step);
    }

    /// Ends all forks but those that have won.
    pub(crate) fn abandon_all(&mut self, step: &mut Step<'_, '_>) {
        for place in 0..self.forks.len() {
            self.abandon(place, step);
        }
    }

    /// The session description of a request cannot be bridged.
    pub(crate) fn give_up_unbridged(&mut self, ticket: crate::Ticket, fault: MediaFault, step: &mut Step<'_, '_>) {
        if let Some(place) = self.forks.iter().position(|fork| fork.has_ticket(ticket)) {
            self.fork_failed(place, Verdict::MediaFailed(fault), step);
        } else if let Some(place) = self.errands.iter().position(|errand| errand.ticket == ticket) {
            self.errand_unsent(place, fault, step);
        }
    }
}

impl Luggage {
    fn target(&self, target: TargetRef) -> Option<&crate::Target> {
        self.targets.get(usize::from(target.stage))?.get(usize::from(target.target))
    }

    /// Who the caller is, as far as that target may know (RFC 3325 section 7).
    fn identity_lines(&self, target: TargetRef) -> HeaderLines {
        let mut lines = HeaderLines::new();
        let is_trusted = self.target(target).is_some_and(|target| target.trust == Trust::Trusted);
        if let Some(asserted) = self.identity.asserted.as_ref().filter(|_| is_trusted) {
            lines.header("P-Asserted-Identity", asserted);
            if let Some(privacy) = &self.privacy {
                lines.header("Privacy", privacy);
            }
        }
        lines
    }

    /// The targets of a stage share what breadth there is (RFC 5393 section 5.3.3).
    fn breadth_of_each(&self, target: TargetRef) -> u32 {
        let at_once = self.targets.get(usize::from(target.stage)).map_or(1, Vec::len);
        (self.breadth / u32::try_from(at_once).unwrap_or(u32::MAX).max(1)).max(1)
    }
}

impl Ringing {
    /// Whether the caller has offered a session: then the called answers it, and else the other way round.
    pub(crate) const fn has_offer(&self) -> bool {
        !self.luggage.body.is_empty()
    }
}
