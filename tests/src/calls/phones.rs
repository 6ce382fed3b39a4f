//! The phones: each call is an INVITE, a challenge, the INVITE with credentials, an answer, and a BYE from either side.

use super::ends::Passage;
use super::fault::Faults;
use super::heard::{Heard, Start, tag};
use super::phone_call::{Live, Outcome, PhoneCall, Stage, number};
use super::plan::Plan;
use super::repeated::{Due, Repeated};
use super::timers::{Timer, Timers};
use super::writing::{Request, acknowledgement, response, session};
use super::{GIVES_UP, T1};
use crate::sip::digest::{Challenge, Subject};
use crate::sip::message::unique;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a call that the server works on may stay unanswered.
const PATIENCE: Duration = Duration::from_secs(180);
/// How much longer than agreed the gateway may take to hang up, its retransmissions included.
const LATE_HANG_UP: Duration = GIVES_UP;

/// All phones and their calls.
#[derive(Debug)]
pub struct Phones {
    plan: Arc<Plan>,
    passages: Vec<Passage>,
    run: String,
    calls: Vec<PhoneCall>,
    timers: Timers,
    over: usize,
    up: usize,
    /// Messages sent again.
    pub repeated: u64,
    /// What was wrong.
    pub faults: Faults,
}

impl Phones {
    /// Phones behind those sockets.
    #[must_use]
    pub fn new(plan: Arc<Plan>, passages: Vec<Passage>) -> Self {
        let calls = Vec::with_capacity(plan.calls);
        let (timers, faults) = (Timers::default(), Faults::default());
        Self { plan, passages, run: unique(), calls, timers, over: 0, up: 0, repeated: 0, faults }
    }

    /// Every call that was begun, in order.
    #[must_use]
    pub fn calls(&self) -> &[PhoneCall] {
        &self.calls
    }

    /// How many of them are over.
    #[must_use]
    pub const fn over(&self) -> usize {
        self.over
    }

    /// How many are answered and not yet being ended.
    #[must_use]
    pub const fn up(&self) -> usize {
        self.up
    }

    /// Their sockets.
    #[must_use]
    pub fn passages(&self) -> &[Passage] {
        &self.passages
    }

    /// When to wake them.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        self.timers.next_at()
    }

    /// The Call-ID of that call.
    #[must_use]
    pub fn call_id(&self, call: usize) -> String {
        format!("{call}.{}", self.run)
    }

    /// Begins the next call.
    pub fn begin(&mut self, now: Instant) {
        let call = self.calls.len();
        let pending = Repeated::invite(self.invite(call, 1, ""), now);
        self.passage(call).send(pending.octets());
        let (mut timer, first_due) = (Timer::default(), pending.first_due(now));
        self.timers.set(&mut timer, call, first_due);
        let live = Some(Box::new(Live::inviting(1, false, pending)));
        self.calls.push(PhoneCall {
            begun: now,
            ringing: None,
            answered: None,
            ended: None,
            outcome: None,
            timer,
            live,
        });
    }

    /// Has the caller end that call, if it is up.
    pub fn hang_up(&mut self, call: usize, now: Instant) {
        let is_up = self.calls[call].live.as_ref().is_some_and(|live| live.stage == Stage::Up);
        if is_up {
            self.up -= 1;
            self.send_bye(call, now);
        }
    }

    /// Does what is due.
    pub fn wake(&mut self, now: Instant) {
        loop {
            let Self { timers, calls, .. } = self;
            let Some(call) = timers.next_due(now, |call| calls[call].timer) else { return };
            self.on_time(call, now);
        }
    }

    /// Takes what came in by that socket.
    pub fn receive(&mut self, passage: usize, octets: &[u8], now: Instant) {
        let Some(heard) = Heard::parse(octets) else {
            return self.faults.note("a phone cannot read this", &String::from_utf8_lossy(octets));
        };
        let number = heard.header("Call-ID").strip_suffix(&self.run).and_then(|rest| rest.strip_suffix('.'));
        let known = number.and_then(|number| number.parse().ok()).filter(|call: &usize| *call < self.calls.len());
        match (heard.start, known) {
            (Start::Response(status), Some(call)) => match heard.sequence() {
                Some((sequence, "INVITE")) => self.on_invite_response(call, (status, sequence), &heard, now),
                Some((sequence, "BYE")) => self.on_bye_response(call, (status, sequence), &heard, now),
                _ => self.note("an answer to nothing", &heard),
            },
            (Start::Request { method, .. }, Some(call)) => self.on_request((call, passage), method, &heard, now),
            (_, None) => self.note("a phone knows no such call", &heard),
        }
    }

    fn on_time(&mut self, call: usize, now: Instant) {
        let Some(live) = self.calls[call].live.as_mut() else { return };
        match live.stage {
            Stage::Inviting | Stage::HangingUp => match live.pending.due(now) {
                Due::Send(next) => {
                    let passage = &self.passages[call % self.passages.len()];
                    passage.send(live.pending.octets());
                    self.repeated += 1;
                    self.timers.set(&mut self.calls[call].timer, call, next);
                }
                Due::GivenUp if live.stage == Stage::Inviting => self.end(call, Outcome::TimedOut("INVITE"), now),
                Due::GivenUp => self.end(call, Outcome::TimedOut("BYE"), now),
            },
            Stage::Waiting => self.end(call, Outcome::TimedOut("INVITE after a provisional answer"), now),
            Stage::Up if self.plan.caller_hangs_up(call) == Some(true) => self.hang_up(call, now),
            Stage::Up => {
                self.up -= 1;
                self.end(call, Outcome::TimedOut("BYE of the gateway"), now);
            }
        }
    }

    fn on_invite_response(&mut self, call: usize, (status, sequence): (u16, u32), heard: &Heard<'_>, now: Instant) {
        if status >= 200 {
            let acknowledgement = acknowledgement(heard, &self.uri(call), self.passage(call).seen_as);
            self.passage(call).send(&acknowledgement);
        }
        if heard.branch() != branch(&self.run, call, sequence, "INVITE")
            || tag(heard.header("From")) != self.own_tag(call)
        {
            return self.note("not an answer to this INVITE", heard);
        }
        let Some(live) = self.calls[call].live.as_mut().filter(|live| live.sequence == sequence) else { return };
        let is_asked = matches!(live.stage, Stage::Inviting | Stage::Waiting);
        match status {
            _ if !is_asked => {}
            0..=199 => self.on_provisional(call, status, now),
            200..=299 => self.on_answer(call, heard, now),
            401 | 407 if !live.challenged => self.on_challenge(call, heard, now),
            _ => self.end(call, Outcome::Refused(status, heard.header("Reason").to_owned()), now),
        }
    }

    fn on_provisional(&mut self, call: usize, status: u16, now: Instant) {
        let known = &mut self.calls[call];
        if status >= 180 {
            known.ringing.get_or_insert(now);
        }
        if let Some(live) = known.live.as_mut().filter(|live| live.stage == Stage::Inviting) {
            live.stage = Stage::Waiting;
            self.timers.set(&mut known.timer, call, now + PATIENCE);
        }
    }

    fn on_challenge(&mut self, call: usize, heard: &Heard<'_>, now: Instant) {
        let (header, value) = match heard.header("Proxy-Authenticate") {
            "" => ("Authorization", heard.header("WWW-Authenticate")),
            value => ("Proxy-Authorization", value),
        };
        let caller = &self.plan.callers[call % self.plan.callers.len()];
        let subject = Subject { method: "INVITE", uri: &self.uri(call), nonce_count: 1 };
        let proof = Challenge::parse(value).answer(caller, subject);
        let pending = Repeated::invite(self.invite(call, 2, &format!("{header}: {proof}\r\n")), now);
        self.passage(call).send(pending.octets());
        let known = &mut self.calls[call];
        self.timers.set(&mut known.timer, call, pending.first_due(now));
        if let Some(live) = known.live.as_mut() {
            **live = Live::inviting(2, true, pending);
        }
    }

    fn on_answer(&mut self, call: usize, heard: &Heard<'_>, now: Instant) {
        if heard.body != session("gateway", call) {
            self.note("not the gateway's session description", heard);
        }
        self.up += 1;
        let hold = self.plan.hold(call);
        let ends_at = match self.plan.caller_hangs_up(call) {
            Some(true) => Some(now + hold),
            Some(false) => Some(now + hold + LATE_HANG_UP),
            None => None,
        };
        let known = &mut self.calls[call];
        known.answered = Some(now);
        Timers::stop(&mut known.timer);
        if let Some(live) = known.live.as_mut() {
            live.stage = Stage::Up;
            heard.header("To").clone_into(&mut live.to);
            heard.contact().clone_into(&mut live.target);
            live.routes = super::writing::reversed(heard.recorded_routes());
        }
        if let Some(ends_at) = ends_at {
            self.timers.set(&mut known.timer, call, ends_at);
        }
        if ends_at.is_some_and(|ends_at| ends_at <= now) {
            self.hang_up(call, now);
        }
    }

    fn send_bye(&mut self, call: usize, now: Instant) {
        let (from, call_id, via) = (self.from(call), self.call_id(call), self.passage(call).seen_as);
        let known = &mut self.calls[call];
        let Some(live) = known.live.as_mut() else { return };
        live.sequence += 1;
        live.stage = Stage::HangingUp;
        let bye = Request {
            method: "BYE",
            uri: &live.target,
            via,
            branch: &branch(&self.run, call, live.sequence, "BYE"),
            routes: &live.routes,
            from: &from,
            to: &live.to,
            call_id: &call_id,
            sequence: live.sequence,
            lines: "",
            body: "",
        };
        live.pending = Repeated::other(bye.write(), now);
        self.timers.set(&mut known.timer, call, now + T1);
        self.passages[call % self.passages.len()].send(live.pending.octets());
    }

    fn on_bye_response(&mut self, call: usize, (status, sequence): (u16, u32), heard: &Heard<'_>, now: Instant) {
        if heard.branch() != branch(&self.run, call, sequence, "BYE") {
            return self.note("not an answer to this BYE", heard);
        }
        if self.calls[call].live.as_ref().is_none_or(|live| live.stage != Stage::HangingUp) {
            return;
        }
        match status {
            0..=199 => {}
            200..=299 => self.end(call, Outcome::Completed, now),
            _ => self.end(call, Outcome::NotEnded(status), now),
        }
    }

    fn on_request(&mut self, (call, passage): (usize, usize), method: &str, heard: &Heard<'_>, now: Instant) {
        let dialog = [tag(heard.header("To")), tag(heard.header("From"))];
        let is_ours = |live: &Live| dialog == [&self.own_tag(call), tag(&live.to)];
        let in_dialog = self.calls[call].live.as_deref().map(is_ours);
        let stage = self.calls[call].live.as_ref().map(|live| live.stage);
        let status = match (method, in_dialog) {
            ("ACK", _) => return,
            // A repeated BYE after its dialog is over: the 200 was lost.
            ("BYE", None) | ("BYE" | "OPTIONS", Some(true)) => 200,
            _ => {
                self.note("not for this phone", heard);
                481
            }
        };
        self.passages[passage].send(&response(heard, status, "", "", ""));
        if (method, in_dialog) == ("BYE", Some(true)) {
            if stage == Some(Stage::Up) {
                self.up -= 1;
            }
            self.end(call, Outcome::Completed, now);
        }
    }

    fn end(&mut self, call: usize, outcome: Outcome, now: Instant) {
        let known = &mut self.calls[call];
        Timers::stop(&mut known.timer);
        (known.live, known.ended, known.outcome) = (None, Some(now), Some(outcome));
        self.over += 1;
    }

    fn invite(&self, call: usize, sequence: u32, authorization: &str) -> Vec<u8> {
        let passage = self.passage(call);
        let user = &self.plan.callers[call % self.plan.callers.len()].username;
        let uri = self.uri(call);
        let lines = format!(
            "Contact: <sip:{user}@{}>\r\nUser-Agent: load\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n{authorization}",
            passage.seen_as
        );
        Request {
            method: "INVITE",
            uri: &uri,
            via: passage.seen_as,
            branch: &branch(&self.run, call, sequence, "INVITE"),
            routes: &[],
            from: &self.from(call),
            to: &format!("<{uri}>"),
            call_id: &self.call_id(call),
            sequence,
            lines: &lines,
            body: &session("phone", call),
        }
        .write()
    }

    fn uri(&self, call: usize) -> String {
        format!("sip:{}@{}", number(call), self.plan.domain)
    }

    fn from(&self, call: usize) -> String {
        let user = &self.plan.callers[call % self.plan.callers.len()].username;
        format!("<sip:{user}@{}>;tag={}", self.plan.domain, self.own_tag(call))
    }

    fn own_tag(&self, call: usize) -> String {
        format!("phone{call:x}")
    }

    fn passage(&self, call: usize) -> &Passage {
        &self.passages[call % self.passages.len()]
    }

    fn note(&mut self, what: &str, heard: &Heard<'_>) {
        self.faults.note(what, &format!("{heard:?}"));
    }
}

/// Another one for each run, or a server takes what a later one sends for copies (RFC 3261 section 17.2.3).
fn branch(run: &str, call: usize, sequence: u32, method: &str) -> String {
    format!("z9hG4bKload.{run}.{call:x}.{sequence}.{method}")
}
