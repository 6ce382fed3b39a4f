//! Responses to the INVITEs of a call.

use crate::call::Phase;
use crate::challenge::may_answer;
use crate::fork::{Fork, ForkState};
use crate::manner::{Extensions, Kind};
use crate::step::Step;
use crate::verdict::{Refusal, Verdict};
use crate::{Action, Call, Challenged, cause};
use sip_dialog::min_se;
use sip_message::write::HeaderLines;
use sip_message::{Method, Response};

/// Above this no Min-SE is believed.
const MAX_MIN_SE_SECONDS: u32 = 86_400;

impl Call {
    pub(crate) fn invite_answered(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) {
        match response.status() {
            100..200 => self.invite_proceeds(place, response, step),
            200..300 => self.invite_succeeded(place, response, step),
            401 | 407 => self.invite_challenged(place, response, step),
            422 => self.session_too_small(place, response, step),
            _ => self.invite_refused(place, response, step),
        }
    }

    fn invite_proceeds(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let reason = self.cancel_reason.clone();
        let Some(fork) = self.forks.get_mut(place) else { return };
        let Some(sent) = &fork.sent else { return };
        if !sent.opening.is_answered_by(response) {
            return;
        }
        match fork.state {
            ForkState::Silent { .. } => fork.state = ForkState::Proceeding,
            ForkState::Unwanted => {
                fork.state = ForkState::Cancelled;
                step.push(Action::Cancel { leg: fork.leg, ticket: sent.ticket, reason });
                return;
            }
            ForkState::Proceeding => {}
            _ => return,
        }
        if response.status() > 100 {
            self.relay_provisional(place, response, step);
        }
    }

    fn invite_refused(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let refusal = self.refusal(response);
        self.fork_failed(place, Verdict::Refused(refusal), step);
    }

    /// A failure as it would cross.
    fn refusal(&self, response: &Response<'_>) -> Refusal {
        let headers = response.headers();
        Refusal {
            status: response.status(),
            lines: self.manner.crossing(headers, (Kind::Response, Extensions::Others)),
            body: response.body().to_vec(),
            q850_cause: cause::of_reason(headers),
        }
    }

    /// The next hop wants to know who asks. Where that cannot be told, it counts as a failure of the hop: the challenge
    /// was not made for the caller and never crosses.
    fn invite_challenged(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let Phase::Ringing(ringing) = &self.phase else { return self.invite_refused(place, response, step) };
        let Some(fork) = self.forks.get_mut(place).filter(|fork| fork.is_wanted()) else {
            return self.invite_refused(place, response, step);
        };
        let (leg, target) = (fork.leg, Some(fork.target));
        let Some(sent) = fork.sent.as_mut().filter(|sent| may_answer(sent.challenges, response)) else {
            return self.invite_refused(place, response, step);
        };
        let (uri, body) = (sent.opening.request_uri(), &ringing.luggage.body);
        let challenged = Challenged { leg, target, response, method: Method::Invite, uri, body };
        let Some(answer) = step.world.answerer.answer(&challenged) else {
            return self.invite_refused(place, response, step);
        };
        sent.challenges += 1;
        sent.credentials = HeaderLines::new();
        sent.credentials.header(answer.header.as_str(), &answer.value);
        self.invite_again(place, step);
    }

    /// A proxy or the called wants fewer refreshes (RFC 4028 section 7.4).
    fn session_too_small(&mut self, place: usize, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let wanted = min_se(response.headers());
        let sent = self.forks.get_mut(place).filter(|fork| fork.is_wanted()).and_then(|fork| fork.sent.as_mut());
        match sent {
            Some(sent) if wanted > sent.min_session_seconds && wanted <= MAX_MIN_SE_SECONDS => {
                sent.min_session_seconds = wanted;
                self.invite_again(place, step);
            }
            _ => self.invite_refused(place, response, step),
        }
    }

    fn invite_again(&mut self, place: usize, step: &mut Step<'_, '_>) {
        let ticket = self.next_ticket();
        let Some(fork) = self.forks.get_mut(place) else { return };
        let leg = fork.leg;
        if let Some(sent) = &mut fork.sent {
            sent.ticket = ticket;
        }
        // What the refused INVITE had made is over with it.
        self.drop_early_links(leg, step);
        self.send_invite(place, step);
    }

    /// The fork that asks for acknowledgement again, by the ACK it once got.
    pub(crate) fn fork_ack(fork: &Fork, tag: &[u8]) -> Option<Vec<u8>> {
        let acks = &fork.sent.as_ref()?.acks;
        acks.iter().find(|(to, _)| **to == *tag).map(|(_, ack)| ack.clone())
    }
}
