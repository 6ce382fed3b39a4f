//! Load over UDP: one thread, a batch at a time.

use super::errand::{Desk, Errand, Followed, Key, Verdict, respond};
use super::phone::Phone;
use super::plan::{Caller, Goal, Length, LoadPlan, Pace, Run};
use super::{LoadWatch, Tally};
use crate::UserAgentError;
use sip_message::{HeaderSpans, Message, Method, Request, Response, parse};
use sip_transaction::{ClientAction, InviteClient, Millis, NonInviteClient, Reliability};
use sip_transport::{ClientSockets, Outbox};
use std::io::ErrorKind;
use std::time::{Duration, Instant};

/// How long an answer is waited for: what comes later is of no use to a phone.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often it is looked for what is to be sent again, and what is shown to those who watch is brought up to date.
const TICK: Duration = Duration::from_millis(50);
/// How long to wait for datagrams at most when nothing is to be begun before.
const LONGEST_WAIT: Duration = Duration::from_millis(20);
/// Longer than what is sent again for the first time takes to come again.
const LINGERS: Duration = Duration::from_millis(700);
/// Most errands at a time that a given rate may pile up.
const MOST_AT_A_TIME: usize = 20_000;

/// All phones and their sockets.
pub(super) struct DatagramLoad {
    sockets: ClientSockets,
    crew: Crew,
}

/// Everything but the sockets.
struct Crew {
    desk: Desk,
    phones: Vec<Phone>,
    /// Which phone begins next.
    next: usize,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// One for each socket; phones are dealt out to them in turns.
    outboxes: Vec<Outbox>,
    spans: Box<HeaderSpans>,
    origin: Instant,
    tally: Tally,
}

struct Slot {
    errand: Errand,
    phone: usize,
    began: Instant,
    machine: Option<Machine>,
}

enum Machine {
    Invite(InviteClient),
    NonInvite(NonInviteClient),
}

impl DatagramLoad {
    pub(super) fn open(plan: LoadPlan, callers: Vec<Caller>) -> Result<Self, UserAgentError> {
        let count = plan.sockets.clamp(1, callers.len().max(1));
        let sockets = ClientSockets::connect(plan.server, count).map_err(UserAgentError::Connect)?;
        let mut desk = Desk::new(plan);
        let locals = sockets.locals().iter().copied().cycle();
        let phones =
            callers.into_iter().zip(locals).map(|(caller, local)| Phone::new(caller, &mut desk, local)).collect();
        let outboxes = (0..count).map(|_| Outbox::new()).collect();
        let crew = Crew {
            desk,
            phones,
            next: 0,
            slots: Vec::new(),
            free: Vec::new(),
            outboxes,
            spans: Box::default(),
            origin: Instant::now(),
            tally: Tally::default(),
        };
        Ok(Self { sockets, crew })
    }

    pub(super) fn bound(&self) -> usize {
        self.crew.phones.iter().filter(|phone| phone.is_bound).count()
    }

    pub(super) fn run(&mut self, run: Run, watch: &LoadWatch) -> Tally {
        let Self { sockets, crew } = self;
        crew.tally = Tally::default();
        let began = Instant::now();
        let mut turns = Turns::new(run, crew.phones.len());
        let (mut now, mut ticked, mut heard, mut begun_until) = (began, began, began, None);
        loop {
            let elapsed = now.duration_since(began);
            if begun_until.is_none() && (turns.are_over(elapsed) || watch.is_stopped()) {
                begun_until = Some(elapsed);
                crew.tally.in_time = (crew.tally.good, elapsed);
            }
            let mut wait = LONGEST_WAIT;
            if begun_until.is_none() {
                wait = wait.min(crew.begin_due(&mut turns, elapsed, now));
            } else if crew.is_idle() && now.duration_since(heard) >= crew.lingers() {
                break;
            }
            crew.send(sockets);
            let mut arrived = None;
            let received = sockets.receive(wait, |socket, octets| {
                crew.take(socket, octets, *arrived.get_or_insert_with(Instant::now));
            });
            if received.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
                crew.tally.unreachable += 1;
            }
            heard = arrived.unwrap_or(heard);
            crew.send(sockets);
            now = Instant::now();
            if now.duration_since(ticked) >= TICK {
                ticked = now;
                crew.tick(now);
                if begun_until.is_none() {
                    crew.tally.in_time = (crew.tally.good, now.duration_since(began));
                }
                watch.show(&crew.tally);
            }
        }
        crew.tally.clone()
    }
}

/// Whose turn it is, and when.
struct Turns {
    run: Run,
    left: Option<usize>,
    /// How many of a given rate were to begin.
    due: u64,
}

impl Turns {
    fn new(run: Run, phones: usize) -> Self {
        Self { run, left: (run.length == Length::Once).then_some(phones), due: 0 }
    }

    fn are_over(&self, elapsed: Duration) -> bool {
        match self.run.length {
            Length::For(length) => elapsed >= length,
            Length::Once => self.left == Some(0),
        }
    }

    /// How many may begin now beside those that are under way.
    fn quota(&self, elapsed: Duration, under_way: usize) -> usize {
        let by_pace = match self.run.pace {
            Pace::AtATime(most) => most.saturating_sub(under_way),
            Pace::PerSecond(rate) => {
                let due = (elapsed.as_secs_f64() * rate) as u64;
                usize::try_from(due.saturating_sub(self.due)).unwrap_or(usize::MAX)
            }
        };
        by_pace.min(self.left.unwrap_or(usize::MAX))
    }

    /// How long until the next one is due.
    fn next_in(&self, elapsed: Duration) -> Duration {
        match self.run.pace {
            Pace::AtATime(_) => LONGEST_WAIT,
            Pace::PerSecond(rate) => {
                let due_at = Duration::try_from_secs_f64((self.due + 1) as f64 / rate).unwrap_or(LONGEST_WAIT);
                due_at.saturating_sub(elapsed)
            }
        }
    }
}

impl Crew {
    fn is_idle(&self) -> bool {
        self.free.len() == self.slots.len()
    }

    /// How long it has to be silent until all is over: who is called is told of a call's end after its caller.
    const fn lingers(&self) -> Duration {
        if self.desk.plan.to.is_none() { LINGERS } else { Duration::ZERO }
    }

    fn send(&mut self, sockets: &mut ClientSockets) {
        for (socket, outbox) in self.outboxes.iter_mut().enumerate().filter(|(_, outbox)| !outbox.messages().is_empty())
        {
            sockets.send(socket, outbox);
        }
    }

    /// Begins what may begin, and says how long until more may.
    fn begin_due(&mut self, turns: &mut Turns, elapsed: Duration, now: Instant) -> Duration {
        let under_way = self.slots.len() - self.free.len();
        for _ in 0..turns.quota(elapsed, under_way) {
            turns.due += 1;
            if let Some(left) = &mut turns.left {
                *left -= 1;
            }
            self.begin_next(turns.run, now);
        }
        turns.next_in(elapsed)
    }

    fn begin_next(&mut self, run: Run, now: Instant) {
        let (place, goal) = (self.next, run.goal);
        let at_a_rate = matches!(run.pace, Pace::PerSecond(_));
        self.next = (self.next + 1) % self.phones.len().max(1);
        let slots_are_full = self.free.is_empty() && self.slots.len() >= MOST_AT_A_TIME;
        let callee = self.desk.plan.to.is_none().then(|| self.phones.get(self.next)).flatten();
        let callee = callee.map(|phone| phone.address_of_record.clone()).unwrap_or_default();
        let Some(phone) = self.phones.get_mut(place) else { return };
        if goal == Goal::Remove && !phone.is_bound {
            return;
        }
        if phone.is_busy || slots_are_full {
            // At a given rate that is the server's fault, which holds up so many; else another phone's turn comes soon.
            self.tally.missed += u64::from(at_a_rate);
            return;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            let number = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
            self.slots.push(Slot { errand: Errand::new(number), phone: 0, began: now, machine: None });
            number
        });
        let socket = place % self.outboxes.len().max(1);
        let (Some(slot), Some(outbox)) = (self.slots.get_mut(number as usize), self.outboxes.get_mut(socket)) else {
            return;
        };
        phone.is_busy = true;
        self.tally.begun += 1;
        (slot.phone, slot.began) = (place, now);
        slot.errand.is_for(self.desk.plan.to.as_deref().unwrap_or(&callee));
        slot.errand.begin(&mut self.desk, phone, goal, outbox);
        slot.await_answer(millis(self.origin, now));
    }

    /// A datagram came.
    fn take(&mut self, socket: usize, octets: &[u8], now: Instant) {
        let mut spans = std::mem::take(&mut self.spans);
        let is_expected = match parse(octets, &mut spans) {
            Ok(Message::Response(response)) if response.check().is_ok() => self.follow(&response, now),
            Ok(Message::Request(request)) => self.answer(socket, &request),
            _ => None,
        };
        self.spans = spans;
        if is_expected.is_none() {
            self.tally.strange += 1;
        }
    }

    /// Somebody asks one of the phones, which are as good as another at the same socket.
    fn answer(&mut self, socket: usize, request: &Request<'_>) -> Option<()> {
        let request = request.check().ok()?;
        respond(&self.desk, self.phones.get(socket)?, &request, self.outboxes.get_mut(socket)?);
        Some(())
    }

    /// `None` where the response is to nothing that is under way.
    fn follow(&mut self, response: &Response<'_>, now: Instant) -> Option<()> {
        let key = self.desk.key_of(response)?;
        let slot = self.slots.get_mut(key.slot as usize)?;
        let outbox_number = slot.phone % self.outboxes.len().max(1);
        let (phone, outbox) = (self.phones.get_mut(slot.phone)?, self.outboxes.get_mut(outbox_number)?);
        let cseq = response.headers().cseq().ok()?;
        if slot.errand.key != key || slot.machine.is_none() || cseq.method != slot.errand.method() {
            // A final answer to an INVITE comes again until it is acknowledged.
            if cseq.method == Method::Invite && response.status() >= 200 {
                self.desk.acknowledge(phone, response, outbox);
            }
            return None;
        }
        let at = millis(self.origin, now);
        match &mut slot.machine {
            Some(Machine::Invite(machine)) => drop(machine.on_response(response.status(), at)),
            Some(Machine::NonInvite(machine)) => drop(machine.on_response(response.status(), at)),
            None => {}
        }
        match slot.errand.follow(&mut self.desk, phone, response, outbox) {
            Followed::Waits => {}
            Followed::Asks => slot.await_answer(at),
            Followed::Over(verdict) => self.end(key, verdict, now),
        }
        Some(())
    }

    fn end(&mut self, key: Key, verdict: Verdict, now: Instant) {
        let Some(slot) = self.slots.get_mut(key.slot as usize) else { return };
        slot.machine = None;
        if let Some(phone) = self.phones.get_mut(slot.phone) {
            phone.is_busy = false;
        }
        self.tally.note(verdict, now.duration_since(slot.began));
        self.free.push(key.slot);
    }

    /// Sends again what is due, and gives up what has waited too long.
    fn tick(&mut self, now: Instant) {
        let at = millis(self.origin, now);
        let mut given_up = Vec::new();
        for slot in &mut self.slots {
            let Some(machine) = &mut slot.machine else { continue };
            if now.duration_since(slot.began) > PATIENCE {
                given_up.push(slot.errand.key);
                continue;
            }
            let action = match machine {
                Machine::Invite(machine) => machine.on_time(at),
                Machine::NonInvite(machine) => machine.on_time(at),
            };
            let outbox = slot.phone % self.outboxes.len().max(1);
            if let (ClientAction::Retransmit, Some(outbox)) = (action, self.outboxes.get_mut(outbox)) {
                self.tally.retransmissions += 1;
                outbox.push(self.desk.plan.server, |octets| octets.extend_from_slice(slot.errand.request()));
            }
        }
        given_up.into_iter().for_each(|key| self.end(key, Verdict::Unanswered, now));
    }
}

impl Slot {
    /// The present request was put into an outbox.
    fn await_answer(&mut self, at: Millis) {
        self.machine = Some(match self.errand.method() {
            Method::Invite => Machine::Invite(InviteClient::new(at, Reliability::Unreliable)),
            _ => Machine::NonInvite(NonInviteClient::new(at, Reliability::Unreliable)),
        });
    }
}

fn millis(origin: Instant, now: Instant) -> Millis {
    Millis::try_from(now.duration_since(origin).as_millis()).unwrap_or(Millis::MAX)
}
