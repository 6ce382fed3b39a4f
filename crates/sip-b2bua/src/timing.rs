//! What time does to a call.

use crate::call::Phase;
use crate::fork::ForkState;
use crate::link::{Begins, Parting};
use crate::names::{End, LinkId, Locus};
use crate::step::Step;
use crate::{Action, Call, Ending, Millis, Party};
use sip_dialog::{Repeat, SessionDue};

impl Call {
    /// When [`Self::on_time`] wants to be called.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Millis> {
        let ringing = match &self.phase {
            Phase::Ringing(ringing) => Some(ringing.ring_until),
            _ => None,
        };
        let silent = self.forks.iter().filter_map(|fork| match fork.state {
            ForkState::Silent { until } => Some(until),
            _ => None,
        });
        self.links.iter().filter_map(|link| link.wakes_at()).chain(silent).chain(ringing).min()
    }

    pub(crate) fn timed(&mut self, step: &mut Step<'_, '_>) {
        if matches!(&self.phase, Phase::Ringing(ringing) if step.now() >= ringing.ring_until) {
            self.ring_timed_out(step);
        }
        let now = step.now();
        for place in 0..self.forks.len() {
            let state = self.forks.get(place).map(|fork| fork.state);
            if matches!(state, Some(ForkState::Silent { until }) if now >= until) {
                self.silence_timed_out(place, step);
            }
        }
        let ids: Vec<LinkId> = self.links.iter().map(|link| link.id).collect();
        for link in ids {
            self.repeat_reliable(link, step);
            for end in [End::Caller, End::Callee] {
                self.repeat_success(Locus { link, end }, step);
                self.session_due(Locus { link, end }, step);
            }
        }
    }

    fn repeat_reliable(&mut self, link: LinkId, step: &mut Step<'_, '_>) {
        let now = step.now();
        let mut given_up = false;
        for response in self.link_mut(link).into_iter().flat_map(|link| &mut link.reliable) {
            match response.repetition.as_mut().and_then(|repetition| repetition.on_time(now)) {
                Some(Repeat::Again) => {
                    let octets = response.octets.to_vec();
                    step.push(Action::Respond { ticket: response.ticket, status: response.status, octets });
                }
                Some(Repeat::GivenUp) => {
                    response.repetition = None;
                    given_up = true;
                }
                None => {}
            }
        }
        if given_up {
            // RFC 3262 section 3: the INVITE is refused with 5xx.
            self.part(Party::Us, Ending::Unacknowledged, step);
        }
    }

    fn repeat_success(&mut self, at: Locus, step: &mut Step<'_, '_>) {
        let now = step.now();
        let Some(side) = self.side_mut(at) else { return };
        let Some(success) = &mut side.success else { return };
        match success.repetition.on_time(now) {
            Some(Repeat::Again) => {
                let octets = success.octets.to_vec();
                step.push(Action::Respond { ticket: success.ticket, status: success.status, octets });
            }
            Some(Repeat::GivenUp) => {
                let begins = success.begins;
                side.success = None;
                if matches!(side.parting, Parting::Wanted(_)) {
                    return self.hang_up_if_wanted(at, step);
                }
                let ending = if begins == Begins::Call { Ending::Unacknowledged } else { Ending::PeerLost };
                self.part(Party::Us, ending, step);
            }
            None => {}
        }
    }

    fn session_due(&mut self, at: Locus, step: &mut Step<'_, '_>) {
        let now = step.now();
        if !self.is_up() {
            return;
        }
        let Some(side) = self.side_mut(at).filter(|side| matches!(side.parting, Parting::Not)) else { return };
        match side.session.as_mut().and_then(|timer| timer.on_time(now)) {
            Some(SessionDue::Refresh) => self.refresh(at, step),
            Some(SessionDue::Probe) => self.probe(at, step),
            Some(SessionDue::Expired) => self.part(Party::Us, Ending::PeerLost, step),
            None => {}
        }
    }
}
