//! Session timers of both legs (RFC 4028): refreshing, and asking peers that know no timers whether they live.

use crate::draft::{Body, Crossing};
use crate::errand::{Errand, Purpose};
use crate::manner::Kind;
use crate::names::Locus;
use crate::step::Step;
use crate::{Action, Call, Ending, Party};
use sip_dialog::{Duty, Refresher, SessionTimer, agreed, min_se, write_request};
use sip_message::write::HeaderLines;
use sip_message::{Method, Response};

/// A refresh that met another offer is tried again after 2.1 to 4 s, as whoever made the Call-ID does (RFC 3261
/// section 14.1).
const GLARE_WAIT_MS: (u64, u64) = (2_100, 1_900);
/// A refresh refused for another reason is tried again then; the session may still expire before.
const RETRY_MS: u64 = 30_000;

impl Call {
    /// What a request that changes the session says of its timer in that dialog.
    pub(crate) fn write_session(&self, to: Locus, lines: &mut HeaderLines) {
        let timer = self.side(to).and_then(|side| side.session);
        let seconds = timer.map_or(self.manner.session.interval_seconds, |timer| timer.seconds());
        let refresher = match timer.map(|timer| timer.duty()) {
            Some(Duty::Refresh) => Refresher::Uac,
            Some(Duty::Await | Duty::Probe) | None => Refresher::Uas,
        };
        write_request(lines, (seconds, 0), Some(refresher));
    }

    /// Refreshes the session of a dialog: by UPDATE, else by a re-INVITE that repeats the description, else, where there
    /// is none to repeat, by asking whether the peer is there.
    pub(crate) fn refresh(&mut self, at: Locus, step: &mut Step<'_, '_>) {
        let mut lines = self.manner.own(Kind::Request);
        lines.header("Supported", b"timer");
        self.write_session(at, &mut lines);
        let Some(side) = self.side(at) else { return };
        if side.dialog.peer().allows_update {
            return self.send_own(at, Method::Update, Purpose::Refresh, (lines, Body::EMPTY), step);
        }
        let Some(sdp) = side.refresh_body.clone() else { return self.probe(at, step) };
        if self.is_negotiating(at) {
            return self.retry_refresh(at, GLARE_WAIT_MS.0, step);
        }
        lines.header("Content-Type", b"application/sdp");
        let body = Body { octets: sdp.into_vec(), crossing: None::<Crossing> };
        self.send_own(at, Method::Invite, Purpose::Refresh, (lines, body), step);
    }

    /// Whether an offer is under way in that dialog already.
    fn is_negotiating(&self, at: Locus) -> bool {
        let touches = |errand: &Errand| errand.to.link == at.link && errand.negotiates();
        self.errands.iter().any(touches) || self.side(at).is_some_and(|side| side.success.is_some())
    }

    pub(crate) fn probe(&mut self, at: Locus, step: &mut Step<'_, '_>) {
        let Some(side) = self.side(at) else { return };
        let method = if side.dialog.peer().allows_update { Method::Update } else { Method::Options };
        let lines = self.manner.own(Kind::Request);
        self.send_own(at, method, Purpose::Probe, (lines, Body::EMPTY), step);
    }

    pub(crate) fn refresh_answered(&mut self, errand: &Errand, response: &Response<'_>, step: &mut Step<'_, '_>) {
        let (now, policy, headers) = (step.now(), self.manner.session, response.headers());
        match response.status() {
            200..300 => {
                let Some(side) = self.side_mut(errand.to) else { return };
                side.dialog.refresh_target(headers);
                side.session = Some(agreed(headers, policy, now));
                if errand.is(Method::Invite) {
                    self.send_ack(errand.to, errand.cseq, (&errand.credentials, Body::EMPTY), step);
                }
                step.push(Action::Changed);
            }
            408 | 481 => self.part(Party::Us, Ending::PeerLost, step),
            422 => {
                let wanted = min_se(headers);
                let Some(side) = self.side_mut(errand.to) else { return };
                let grows = side.session.is_some_and(|timer| timer.seconds() < wanted);
                if let Some(timer) = side.session.as_mut().filter(|_| grows) {
                    *timer = SessionTimer::new(wanted, timer.duty(), now);
                    self.refresh(errand.to, step);
                }
            }
            491 => {
                let wait = GLARE_WAIT_MS.0 + step.number_below(GLARE_WAIT_MS.1);
                self.retry_refresh(errand.to, wait, step);
            }
            _ => self.retry_refresh(errand.to, RETRY_MS, step),
        }
    }

    fn retry_refresh(&mut self, at: Locus, wait_ms: u64, step: &mut Step<'_, '_>) {
        let at_time = step.now().saturating_add(wait_ms);
        if let Some(timer) = self.side_mut(at).and_then(|side| side.session.as_mut()) {
            timer.retry_at(at_time);
        }
    }

    /// Any answer shows that somebody is there, but those that say the dialog is not.
    pub(crate) fn probe_answered(&mut self, errand: &Errand, status: u16, step: &mut Step<'_, '_>) {
        if matches!(status, 408 | 481) {
            return self.part(Party::Us, Ending::PeerLost, step);
        }
        if let Some(timer) = self.side_mut(errand.to).and_then(|side| side.session.as_mut()) {
            timer.restart(step.now());
        }
    }
}
