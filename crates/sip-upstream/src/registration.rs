//! One registration with a carrier, from its first REGISTER to its last.

use crate::Millis;
use crate::delays::{below, between, doubled, jittered};
use crate::registration_config::{LONGEST_SECONDS, RegistrationConfig, RegistrationConfigError};
use crate::registration_report::{RegistrationEvent, RegistrationReport, printable, reason_of};
use crate::request::{Register, Way, contact_with_user, first_cseq, token};
use crate::secret::UpstreamSecret;
use crate::session::{Session, is_stale};
use crate::validity::{granted, refresh_after};
use domain::{RandomSource, RegistrationState};
use sip_message::{HeaderName, Method, Response};

/// The pause after the first failure; each further one doubles it.
const FIRST_PAUSE_MS: Millis = 30_000;
/// The longest pause after failures.
const LONGEST_PAUSE_MS: Millis = 1_800_000;
/// The pause after a refusal that the same request will meet with again: a wrong password is somebody's to mend, and
/// carriers lock accounts that guess.
const REFUSED_PAUSE_MS: Millis = 3_600_000;
/// The longest that a carrier's Retry-After is heeded.
const LONGEST_RETRY_AFTER_MS: Millis = 86_400_000;
/// A REGISTER that nobody has told the outcome of counts as unanswered; longer than timer F, 32 seconds.
const ATTEMPT_LIMIT_MS: Millis = 40_000;
/// After a connection was lost, the next REGISTER comes within these.
const FLOW_GONE_PAUSE_MS: (Millis, Millis) = (1_000, 5_000);
/// Most octets kept of a Service-Route.
const SERVICE_ROUTE_OCTETS: usize = 2_048;

/// Why there is no final response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// None came in time.
    TimedOut,
    /// No way there: no address, no connection, no trust.
    Unreachable,
}

/// What a response leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// A REGISTER to send the same way, in a transaction of its own.
    pub send: Option<Vec<u8>>,
    /// What is worth telling.
    pub event: Option<RegistrationEvent>,
}

/// Keeps one contact of ours registered with a carrier.
///
/// When [`Self::is_due`], the caller finds the way, and [`Self::begin`] gives the REGISTER; its responses and failures come
/// back until [`Step::send`] is empty. At most one REGISTER is under way (RFC 3261 section 10.2).
#[derive(Clone)]
pub struct UpstreamRegistration {
    config: RegistrationConfig,
    secret: UpstreamSecret,
    phase: Phase,
    state: RegistrationState,
    since: Millis,
    last_status: Option<u16>,
    last_reason: Option<Box<str>>,
    call_id: [u8; 24],
    tag: [u8; 24],
    cseq: u32,
    expires_seconds: u32,
    /// Of WWW-Authenticate and of Proxy-Authenticate.
    sessions: [Option<Session>; 2],
    round: Round,
    bound: Option<Bound>,
    failures: u32,
    service_route: Vec<Box<[u8]>>,
    /// To be removed instead of refreshed.
    is_ending: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Waiting(Millis),
    /// Until then an outcome is waited for.
    InFlight(Purpose, Millis),
    Over,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    Bind,
    Remove,
}

/// What has happened since the first REGISTER of this refresh.
#[derive(Clone, Default)]
struct Round {
    /// How often challenges of either header were answered.
    answered: [u8; 2],
    /// Whether the time asked for was raised.
    is_raised: bool,
    contact: Vec<u8>,
}

#[derive(Clone)]
struct Bound {
    contact: Vec<u8>,
    since: Millis,
    expires_at: Millis,
}

impl UpstreamRegistration {
    /// One that begins soon.
    ///
    /// # Errors
    /// [`RegistrationConfigError`] says what cannot be registered.
    pub fn new(
        config: RegistrationConfig,
        secret: UpstreamSecret,
        now: Millis,
        random: &dyn RandomSource,
    ) -> Result<Self, RegistrationConfigError> {
        config.check()?;
        Ok(Self {
            phase: Phase::Waiting(now + below(config.first_within_ms, random)),
            state: RegistrationState::Registering,
            since: now,
            last_status: None,
            last_reason: None,
            call_id: token(random),
            tag: token(random),
            cseq: first_cseq(random),
            expires_seconds: config.expires_seconds,
            sessions: [None, None],
            round: Round::default(),
            bound: None,
            failures: 0,
            service_route: Vec::new(),
            is_ending: false,
            config,
            secret,
        })
    }

    /// When something is to be done: [`Self::on_time`], then [`Self::begin`] if it is due.
    #[must_use]
    pub const fn wakes_at(&self) -> Option<Millis> {
        match self.phase {
            Phase::Waiting(at) | Phase::InFlight(_, at) => Some(at),
            Phase::Over => None,
        }
    }

    /// Whether a REGISTER is to be sent now.
    #[must_use]
    pub const fn is_due(&self, now: Millis) -> bool {
        matches!(self.phase, Phase::Waiting(at) if now >= at)
    }

    /// Whether it has ended for good.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// How it stands.
    #[must_use]
    pub fn report(&self, now: Millis) -> RegistrationReport {
        RegistrationReport {
            state: self.state,
            since: self.since,
            expires_at: self.bound.as_ref().map(|bound| bound.expires_at).filter(|expires_at| *expires_at > now),
            next_attempt_at: match self.phase {
                Phase::Waiting(at) => Some(at),
                Phase::InFlight(..) | Phase::Over => None,
            },
            last_status: self.last_status,
            last_reason: self.last_reason.clone(),
        }
    }

    /// Whether the carrier leads calls to our contact: it has confirmed it for a time that is not over, and has not refused
    /// us since.
    #[must_use]
    pub fn is_live(&self, now: Millis) -> bool {
        let is_wanted = matches!(self.state, RegistrationState::Registered | RegistrationState::Failing);
        is_wanted && !self.is_ending && self.bound.as_ref().is_some_and(|bound| bound.expires_at > now)
    }

    /// The user part of our contact.
    #[must_use]
    pub fn contact_user(&self) -> &str {
        &self.config.contact_user
    }

    /// The Service-Route that requests of ours to this carrier take, first hop first (RFC 3608); mostly empty.
    #[must_use]
    pub fn service_route(&self) -> &[Box<[u8]>] {
        &self.service_route
    }

    /// The next REGISTER, to be sent in a transaction of its own; `None` while it is not due.
    pub fn begin(&mut self, way: &Way<'_>, now: Millis, random: &dyn RandomSource) -> Option<Vec<u8>> {
        if !self.is_due(now) {
            return None;
        }
        let purpose = if self.is_ending { Purpose::Remove } else { Purpose::Bind };
        let contact = match (purpose, &self.bound) {
            // What the carrier keeps, wherever we are meanwhile.
            (Purpose::Remove, Some(bound)) => bound.contact.clone(),
            _ => contact_with_user(way.contact, &self.config.contact_user),
        };
        self.round = Round { contact, ..Round::default() };
        Some(self.register(purpose, way, now, random))
    }

    /// The REGISTER that is under way once more, to another place that the registrar's URI leads to (RFC 3263 section 4.3):
    /// the one it was sent to has not answered. `None` if none is under way.
    pub fn elsewhere(&mut self, way: &Way<'_>, now: Millis, random: &dyn RandomSource) -> Option<Vec<u8>> {
        let Phase::InFlight(purpose, _) = self.phase else { return None };
        let contact = match purpose {
            Purpose::Bind => contact_with_user(way.contact, &self.config.contact_user),
            Purpose::Remove => std::mem::take(&mut self.round.contact),
        };
        self.round = Round { contact, ..Round::default() };
        Some(self.register(purpose, way, now, random))
    }

    /// What time brings besides a due REGISTER: the end of one whose outcome nobody has told.
    pub fn on_time(&mut self, now: Millis, random: &dyn RandomSource) -> Option<RegistrationEvent> {
        match self.phase {
            Phase::InFlight(_, until) if now >= until => self.on_failure(Failure::TimedOut, now, random),
            _ => None,
        }
    }

    /// A response to the REGISTER that is under way.
    pub fn on_response(
        &mut self,
        response: &Response<'_>,
        way: &Way<'_>,
        (now, random): (Millis, &dyn RandomSource),
    ) -> Step {
        let Phase::InFlight(purpose, _) = self.phase else { return Step::default() };
        let status = response.status();
        if status < 200 {
            return Step::default();
        }
        (self.last_status, self.last_reason) = (Some(status), Some(reason_of(response)));
        let goes_on = match status {
            401 | 407 => self.take_challenge(response, random),
            423 => self.take_min_expires(response),
            _ => false,
        };
        // One that is to end needs no contact any more; what the carrier keeps is removed next.
        if goes_on && (purpose == Purpose::Remove || !self.is_ending) {
            return Step { send: Some(self.register(purpose, way, now, random)), event: None };
        }
        let event = match (purpose, status) {
            (Purpose::Remove, _) => Some(self.finish(now)),
            (Purpose::Bind, 200..=299) => self.take_success(response, now, random),
            (Purpose::Bind, 300..=399) => {
                self.last_reason =
                    Some("the carrier redirects, which is not followed; name the address it gives".into());
                self.refused(status, now, random)
            }
            (Purpose::Bind, 401 | 403 | 404 | 407) => self.refused(status, now, random),
            (Purpose::Bind, _) => {
                let retry_after = response.headers().retry_after().ok().flatten();
                self.failed(Some(status), retry_after, (now, random))
            }
        };
        Step { send: None, event: self.unless_ending(event, now) }
    }

    /// The REGISTER that is under way, or due, came to nothing.
    pub fn on_failure(
        &mut self,
        failure: Failure,
        now: Millis,
        random: &dyn RandomSource,
    ) -> Option<RegistrationEvent> {
        let purpose = match self.phase {
            Phase::InFlight(purpose, _) => purpose,
            Phase::Waiting(at) if now >= at && self.is_ending => Purpose::Remove,
            Phase::Waiting(at) if now >= at => Purpose::Bind,
            Phase::Waiting(_) | Phase::Over => return None,
        };
        self.last_status = None;
        self.last_reason = Some(match failure {
            Failure::TimedOut => "no answer".into(),
            Failure::Unreachable => "it cannot be reached".into(),
        });
        let event = match purpose {
            Purpose::Remove => Some(self.finish(now)),
            Purpose::Bind => self.failed(None, None, (now, random)),
        };
        self.unless_ending(event, now)
    }

    /// Says more of why the last attempt failed, as it was met with on the way; at most 100 printable characters are kept.
    pub fn explain(&mut self, reason: &str) {
        if self.last_status.is_none() {
            self.last_reason = Some(printable(reason));
        }
    }

    /// The connection that the contact can be reached over is gone: it is registered anew soon; but a carrier that ends
    /// connections again and again is not run after.
    pub fn on_flow_gone(&mut self, now: Millis, random: &dyn RandomSource) {
        let (Phase::Waiting(at), Some(bound)) = (self.phase, &self.bound) else { return };
        let pause = if now.saturating_sub(bound.since) < FIRST_PAUSE_MS {
            jittered(FIRST_PAUSE_MS, random)
        } else {
            between(FLOW_GONE_PAUSE_MS.0, FLOW_GONE_PAUSE_MS.1, random)
        };
        self.phase = Phase::Waiting(at.min(now + pause));
    }

    /// Ends the registration: what the carrier keeps is removed with a REGISTER that is due at once, or when the one under
    /// way has ended.
    pub fn end(&mut self, now: Millis) -> Option<RegistrationEvent> {
        self.is_ending = true;
        match self.phase {
            Phase::Waiting(_) => self.unless_ending(None, now),
            Phase::InFlight(..) | Phase::Over => None,
        }
    }

    fn register(&mut self, purpose: Purpose, way: &Way<'_>, now: Millis, random: &dyn RandomSource) -> Vec<u8> {
        let target = (Method::Register, self.config.registrar.as_bytes());
        let mut credentials = Vec::new();
        for (session, answered) in self.sessions.iter_mut().zip(self.round.answered) {
            // Before a challenge, only a nonce that counts its uses is used again.
            let usable = session.as_mut().filter(|session| answered > 0 || session.may_go_on());
            credentials.extend(usable.and_then(|session| session.next_credentials(&self.secret, target)));
        }
        self.cseq += 1;
        self.phase = Phase::InFlight(purpose, now + ATTEMPT_LIMIT_MS);
        let register = Register {
            registrar: &self.config.registrar,
            address_of_record: &self.config.address_of_record,
            call_id: &self.call_id,
            tag: &self.tag,
            cseq: self.cseq,
            contact: &self.round.contact,
            instance: self.config.instance.as_deref(),
            expires_seconds: match purpose {
                Purpose::Bind => self.expires_seconds,
                Purpose::Remove => 0,
            },
            user_agent: &self.config.user_agent,
            credentials: &credentials,
        };
        register.write(way.via, random)
    }

    /// Takes a challenge up; `false` if it is not to be answered. Credentials that were just rejected are not sent again
    /// (RFC 3261 section 22.1), unless only their nonce was at fault, and then once.
    fn take_challenge(&mut self, response: &Response<'_>, random: &dyn RandomSource) -> bool {
        let place = usize::from(response.status() == 407);
        let (Some(session), Some(answered)) = (self.sessions.get_mut(place), self.round.answered.get_mut(place)) else {
            return false;
        };
        // Whatever nonce was known is not good any more.
        *session = None;
        if *answered > 1 || (*answered == 1 && !is_stale(response)) {
            return false;
        }
        *answered += 1;
        match Session::begin(response, &token(random)) {
            Ok(begun) => {
                *session = Some(begun);
                true
            }
            Err(unanswerable) => {
                self.last_reason = Some(unanswerable.to_string().into());
                false
            }
        }
    }

    /// Asks for as long as the carrier wants at least, once, and from now on.
    fn take_min_expires(&mut self, response: &Response<'_>) -> bool {
        let least = response.headers().min_expires().ok().flatten();
        let raised = least.filter(|least| *least > self.expires_seconds && *least <= LONGEST_SECONDS);
        let Some(raised) = raised.filter(|_| !self.round.is_raised) else { return false };
        (self.expires_seconds, self.round.is_raised) = (raised, true);
        true
    }

    fn take_success(
        &mut self,
        response: &Response<'_>,
        now: Millis,
        random: &dyn RandomSource,
    ) -> Option<RegistrationEvent> {
        let instance = self.config.instance.as_deref();
        let seconds = granted(response, &self.round.contact, instance, self.expires_seconds);
        if seconds == 0 {
            self.last_reason = Some("the carrier confirmed, but for no time".into());
            return self.failed(Some(response.status()), None, (now, random));
        }
        self.failures = 0;
        let expires_at = now + Millis::from(seconds) * 1_000;
        self.bound = Some(Bound { contact: std::mem::take(&mut self.round.contact), since: now, expires_at });
        let mut room = SERVICE_ROUTE_OCTETS;
        let fits = |route: &&[u8]| {
            room = room.saturating_sub(route.len());
            room > 0
        };
        let routes = response.headers().comma_values(HeaderName::ServiceRoute).take_while(fits);
        self.service_route = routes.map(Box::from).collect();
        self.phase = Phase::Waiting(now + refresh_after(seconds, random));
        let is_new = self.stand(RegistrationState::Registered, now);
        Some(if is_new { RegistrationEvent::Registered { seconds } } else { RegistrationEvent::Refreshed { seconds } })
    }

    fn refused(&mut self, status: u16, now: Millis, random: &dyn RandomSource) -> Option<RegistrationEvent> {
        self.failures = self.failures.saturating_add(1);
        self.sessions = [None, None];
        self.phase = Phase::Waiting(now + jittered(REFUSED_PAUSE_MS, random));
        self.stand(RegistrationState::Rejected, now);
        Some(RegistrationEvent::Rejected { status })
    }

    fn failed(
        &mut self,
        status: Option<u16>,
        retry_after_seconds: Option<u32>,
        (now, random): (Millis, &dyn RandomSource),
    ) -> Option<RegistrationEvent> {
        self.failures = self.failures.saturating_add(1);
        let pause = jittered(doubled(FIRST_PAUSE_MS, self.failures, LONGEST_PAUSE_MS), random);
        let told = Millis::from(retry_after_seconds.unwrap_or(0)) * 1_000;
        let told = told.min(LONGEST_RETRY_AFTER_MS);
        // Never sooner than asked for, and not at the same moment as everybody else who was.
        let told = between(told, told + told / 5, random);
        self.phase = Phase::Waiting(now + pause.max(told));
        self.stand(RegistrationState::Failing, now);
        Some(RegistrationEvent::Failed { status })
    }

    /// What comes after an attempt if the registration is to end: removing what the carrier keeps, or nothing.
    fn unless_ending(&mut self, event: Option<RegistrationEvent>, now: Millis) -> Option<RegistrationEvent> {
        if !self.is_ending || self.phase == Phase::Over {
            return event;
        }
        if self.bound.as_ref().is_some_and(|bound| bound.expires_at > now) {
            self.phase = Phase::Waiting(now);
            return event;
        }
        Some(self.finish(now))
    }

    fn finish(&mut self, now: Millis) -> RegistrationEvent {
        (self.phase, self.bound) = (Phase::Over, None);
        self.service_route.clear();
        self.stand(RegistrationState::Unregistered, now);
        RegistrationEvent::Unregistered
    }

    /// Whether that is a change.
    fn stand(&mut self, state: RegistrationState, now: Millis) -> bool {
        let is_change = self.state != state;
        if is_change {
            (self.state, self.since) = (state, now);
        }
        is_change
    }
}
