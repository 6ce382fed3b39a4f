//! The gateway: answers calls, or refuses them, may ask who calls, and ends those that it is to end.

use super::GIVES_UP;
use super::ends::Passage;
use super::fault::Faults;
use super::gateway_call::{GatewayCall, Live, Stage};
use super::heard::{Heard, Start, tag, user};
use super::phone_call::call_of;
use super::plan::{Answer, Plan};
use super::repeated::{Due, Repeated};
use super::secret::Secret;
use super::timers::{Timer, Timers};
use super::writing::{CREDENTIALS, Request, response, session};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The gateway and its calls.
#[derive(Debug)]
pub struct Gateway {
    plan: Arc<Plan>,
    passage: Passage,
    calls: Vec<GatewayCall>,
    by_call_id: HashMap<String, usize>,
    timers: Timers,
    open: usize,
    /// Messages sent again.
    pub repeated: u64,
    /// What was wrong.
    pub faults: Faults,
}

impl Gateway {
    /// A gateway at that socket.
    #[must_use]
    pub fn new(plan: Arc<Plan>, passage: Passage) -> Self {
        let (calls, by_call_id) = (Vec::new(), HashMap::new());
        let (timers, faults) = (Timers::default(), Faults::default());
        Self { plan, passage, calls, by_call_id, timers, open: 0, repeated: 0, faults }
    }

    /// Every call that came in, in order.
    #[must_use]
    pub fn calls(&self) -> &[GatewayCall] {
        &self.calls
    }

    /// How many still wait for a message, or for their time.
    #[must_use]
    pub const fn open(&self) -> usize {
        self.open
    }

    /// How many are acknowledged and not over.
    #[must_use]
    pub fn up(&self) -> usize {
        self.calls.iter().filter(|call| call.acknowledged.is_some() && call.ended.is_none()).count()
    }

    /// Its socket.
    #[must_use]
    pub const fn passage(&self) -> &Passage {
        &self.passage
    }

    /// When to wake it.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        self.timers.next_at()
    }

    /// Does what is due.
    pub fn wake(&mut self, now: Instant) {
        loop {
            let Self { timers, calls, .. } = self;
            let Some(place) = timers.next_due(now, |place| calls[place].timer) else { return };
            self.on_time(place, now);
        }
    }

    /// Has the gateway end that call, if it is up.
    pub fn hang_up(&mut self, place: usize, now: Instant) {
        if self.calls[place].live.as_ref().is_some_and(|live| live.stage == Stage::Up) {
            self.send_bye(place, now);
        }
    }

    /// Takes what came in.
    pub fn receive(&mut self, octets: &[u8], now: Instant) {
        let Some(heard) = Heard::parse(octets) else {
            return self.faults.note("the gateway cannot read this", &String::from_utf8_lossy(octets));
        };
        let known = self.by_call_id.get(heard.header("Call-ID")).copied();
        let Start::Request { method, uri } = heard.start else {
            return self.on_response(known, &heard, now);
        };
        match (method, known) {
            ("INVITE", None) => self.on_invite(uri, &heard, now),
            ("INVITE", Some(place)) => self.on_invite_again(place, &heard, now),
            ("ACK", Some(place)) => self.on_acknowledgement(place, &heard, now),
            ("BYE", Some(place)) => self.on_bye(place, &heard, now),
            ("CANCEL", Some(place)) => self.on_cancel(place, &heard, now),
            ("OPTIONS", _) => self.passage.send(&response(&heard, 200, "options", "", "")),
            ("ACK", None) => self.note("an ACK of no call", &heard),
            _ => self.refuse("the gateway knows no such call", &heard),
        }
    }

    fn on_invite(&mut self, request_uri: &str, heard: &Heard<'_>, now: Instant) {
        let Some(call) = call_of(user(request_uri)) else {
            return self.refuse("a call to a number that nobody dialled", heard);
        };
        if heard.body != session("phone", call) {
            self.note("not the phone's session description", heard);
        }
        if self.plan.secret.is_none() && CREDENTIALS.iter().any(|name| !heard.header(name).is_empty()) {
            self.note("a phone's credentials went on to the gateway", heard);
        }
        let place = self.calls.len();
        self.by_call_id.insert(heard.header("Call-ID").to_owned(), place);
        let live = Live {
            stage: Stage::Ringing,
            sequence: heard.sequence().map_or(0, |(number, _)| number),
            last: Vec::new(),
            pending: Repeated::other(Vec::new(), now),
            call_id: heard.header("Call-ID").to_owned(),
            from: format!("{};tag={}", heard.header("To"), own_tag(place)),
            to: heard.header("From").to_owned(),
            target: heard.contact().to_owned(),
            routes: heard.recorded_routes(),
        };
        let live = Some(Box::new(live));
        let timer = Timer::default();
        self.calls.push(GatewayCall {
            call,
            invited: now,
            answered: None,
            acknowledged: None,
            ended: None,
            timer,
            live,
        });
        self.open += 1;
        if self.plan.secret.is_some() {
            self.timers.set(&mut self.calls[place].timer, place, now + GIVES_UP);
            let line = format!("Proxy-Authenticate: {}\r\n", Secret::challenge(&nonce(place)));
            self.answer_with(place, Stage::Challenged, &response(heard, 407, &own_tag(place), &line, ""));
        } else {
            self.ring(place, heard, now);
        }
    }

    /// The same INVITE once more, the one that answers our challenge, or one within the dialog.
    fn on_invite_again(&mut self, place: usize, heard: &Heard<'_>, now: Instant) {
        let Some(sequence) = heard.sequence().map(|(number, _)| number) else { return };
        let known = &mut self.calls[place];
        let in_dialog = !tag(heard.header("To")).is_empty();
        let Some(live) = known.live.as_mut() else {
            // What was refused may come again before the refusal arrives; what was ended may not.
            if in_dialog {
                self.refuse("an INVITE in a call that is over", heard);
            }
            return;
        };
        if sequence == live.sequence {
            self.passage.send(&live.last);
            self.repeated += 1;
        } else if live.stage == Stage::Challenged && !in_dialog {
            live.sequence = sequence;
            known.invited = now;
            let proof = heard.header("Proxy-Authorization");
            let is_proven =
                self.plan.secret.as_ref().is_some_and(|secret| secret.is_proven_by(proof, "INVITE", &nonce(place)));
            if is_proven {
                self.ring(place, heard, now);
            } else {
                self.note("wrong credentials towards the gateway", heard);
                self.answer_with(place, Stage::Refused, &response(heard, 403, &own_tag(place), "", ""));
            }
        } else {
            // A session that is refreshed (RFC 4028): the same description again.
            let call = known.call;
            self.passage.send(&self.success(heard, place, call));
        }
    }

    fn ring(&mut self, place: usize, heard: &Heard<'_>, now: Instant) {
        let call = self.calls[place].call;
        let last = match self.plan.answer {
            Answer::Yes => self.success(heard, place, call),
            Answer::No(status) => response(heard, status, &own_tag(place), "", ""),
        };
        let rings = self.plan.rings;
        if rings > Duration::ZERO {
            self.answer_with(place, Stage::Ringing, &response(heard, 180, &own_tag(place), "", ""));
            self.timers.set(&mut self.calls[place].timer, place, now + rings);
        }
        if let Some(live) = self.calls[place].live.as_mut() {
            live.pending = Repeated::other(last, now + rings);
        }
        if rings == Duration::ZERO {
            self.answer(place, now);
        }
    }

    fn answer(&mut self, place: usize, now: Instant) {
        let known = &mut self.calls[place];
        let Some(live) = known.live.as_mut() else { return };
        live.last = live.pending.octets().to_vec();
        if self.plan.answer == Answer::Yes {
            live.stage = Stage::Answered;
            known.answered = Some(now);
        } else {
            live.stage = Stage::Refused;
            known.ended = Some(now);
        }
        self.passage.send(&live.last);
        self.timers.set(&mut known.timer, place, live.pending.first_due(now));
    }

    fn success(&self, heard: &Heard<'_>, place: usize, call: usize) -> Vec<u8> {
        let contact = format!("Contact: <sip:gateway@{}>\r\n", self.passage.seen_as);
        response(heard, 200, &own_tag(place), &contact, &session("gateway", call))
    }

    fn answer_with(&mut self, place: usize, stage: Stage, octets: &[u8]) {
        self.passage.send(octets);
        if let Some(live) = self.calls[place].live.as_mut() {
            live.stage = stage;
            live.last = octets.to_vec();
        }
    }

    fn on_acknowledgement(&mut self, place: usize, heard: &Heard<'_>, now: Instant) {
        let known = &mut self.calls[place];
        let Some(live) = known.live.as_mut() else { return };
        if heard.sequence().is_none_or(|(number, _)| number != live.sequence) {
            return;
        }
        match live.stage {
            Stage::Answered => {
                live.stage = Stage::Up;
                known.acknowledged = Some(now);
                Timers::stop(&mut known.timer);
                if self.plan.caller_hangs_up(known.call) == Some(false) {
                    let at = now + self.plan.hold(known.call);
                    self.timers.set(&mut known.timer, place, at);
                }
            }
            Stage::Refused => self.end(place, now),
            _ => {}
        }
    }

    fn on_bye(&mut self, place: usize, heard: &Heard<'_>, now: Instant) {
        let dialog = [tag(heard.header("To")), tag(heard.header("From"))];
        let known = &self.calls[place];
        if let Some(live) = &known.live
            && dialog != [tag(&live.from), tag(&live.to)]
        {
            return self.refuse("a BYE of another dialog", heard);
        }
        self.passage.send(&response(heard, 200, "", "", ""));
        if known.live.is_some() {
            self.end(place, now);
        }
    }

    fn on_cancel(&mut self, place: usize, heard: &Heard<'_>, now: Instant) {
        self.passage.send(&response(heard, 200, &own_tag(place), "", ""));
        let Some(live) = self.calls[place].live.as_mut().filter(|live| live.stage == Stage::Ringing) else { return };
        // A CANCEL has the headers of its INVITE but the method in CSeq, so this is the INVITE's answer but for that.
        let refusal = String::from_utf8_lossy(&response(heard, 487, &own_tag(place), "", "")).into_owned();
        let refusal = refusal.replacen(" CANCEL\r\n", " INVITE\r\n", 1).into_bytes();
        (live.stage, live.last) = (Stage::Refused, refusal.clone());
        live.pending = Repeated::other(refusal, now);
        self.passage.send(live.pending.octets());
        let next = live.pending.first_due(now);
        self.timers.set(&mut self.calls[place].timer, place, next);
    }

    fn on_response(&mut self, known: Option<usize>, heard: &Heard<'_>, now: Instant) {
        let (Some(place), Start::Response(status)) = (known, heard.start) else {
            return self.note("an answer to nothing", heard);
        };
        let is_awaited = self.calls[place].live.as_ref().is_some_and(|live| live.stage == Stage::HangingUp);
        if !is_awaited || status < 200 {
            return;
        }
        if status >= 300 {
            self.note("a BYE of the gateway was refused", heard);
        }
        self.end(place, now);
    }

    fn on_time(&mut self, place: usize, now: Instant) {
        let known = &mut self.calls[place];
        let Some(live) = known.live.as_mut() else { return };
        match live.stage {
            Stage::Ringing => return self.answer(place, now),
            Stage::Up => return self.send_bye(place, now),
            Stage::Challenged => return self.end(place, now),
            Stage::Answered | Stage::Refused | Stage::HangingUp => {}
        }
        match live.pending.due(now) {
            Due::Send(next) => {
                self.passage.send(live.pending.octets());
                self.repeated += 1;
                self.timers.set(&mut known.timer, place, next);
            }
            Due::GivenUp => {
                let what = format!("call {} at stage {:?}", known.call, live.stage);
                self.faults.note("the gateway heard nothing", &what);
                self.end(place, now);
            }
        }
    }

    fn send_bye(&mut self, place: usize, now: Instant) {
        let known = &mut self.calls[place];
        let Some(live) = known.live.as_mut() else { return };
        live.stage = Stage::HangingUp;
        let bye = Request {
            method: "BYE",
            uri: &live.target,
            via: self.passage.seen_as,
            branch: &format!("z9hG4bKgateway.{}.BYE", live.call_id),
            routes: &live.routes,
            from: &live.from,
            to: &live.to,
            call_id: &live.call_id,
            sequence: 1,
            lines: "",
            body: "",
        };
        live.pending = Repeated::other(bye.write(), now);
        self.passage.send(live.pending.octets());
        let next = live.pending.first_due(now);
        self.timers.set(&mut known.timer, place, next);
    }

    fn end(&mut self, place: usize, now: Instant) {
        let known = &mut self.calls[place];
        Timers::stop(&mut known.timer);
        if known.live.take().is_some() {
            self.open -= 1;
        }
        known.ended.get_or_insert(now);
    }

    fn refuse(&mut self, what: &str, heard: &Heard<'_>) {
        self.passage.send(&response(heard, 481, "nobody", "", ""));
        self.note(what, heard);
    }

    fn note(&mut self, what: &str, heard: &Heard<'_>) {
        self.faults.note(what, &format!("{heard:?}"));
    }
}

fn own_tag(place: usize) -> String {
    format!("gateway{place:x}")
}

fn nonce(place: usize) -> String {
    format!("nonce{place:08x}")
}
