//! Load over TCP and TLS: every phone keeps a connection of its own, and some tasks share the phones out.

use super::errand::{Desk, Errand, Followed, Verdict};
use super::phone::Phone;
use super::plan::{Caller, Goal, Length, LoadPlan, Pace, Run};
use super::{LoadWatch, Tally};
use crate::UserAgentError;
use crate::connection::{Connection, ConnectionError};
use sip_message::{HeaderSpans, Message, parse};
use sip_transport::Outbox;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long an exchange may take: what comes later is of no use to a phone.
const PATIENCE: Duration = Duration::from_secs(8);
/// Most that are under way at a given rate.
const MOST_AT_A_TIME: usize = 1_000;
/// Connections that are opened at a time.
const OPENING_AT_A_TIME: usize = 64;

/// All phones, dealt out anew for each run.
pub(super) struct ConnectionLoad {
    lines: Vec<Line>,
    plan: LoadPlan,
    runs: u8,
}

/// A phone with its connection.
struct Line {
    phone: Phone,
    connection: Connection,
}

impl ConnectionLoad {
    pub(super) async fn open(plan: LoadPlan, callers: Vec<Caller>, watch: &LoadWatch) -> Result<Self, UserAgentError> {
        let mut desk = Desk::new(plan.clone());
        let (mut opening, mut opened) = (JoinSet::new(), Vec::with_capacity(callers.len()));
        let mut callers = callers.into_iter();
        while !watch.is_stopped() {
            while opening.len() < OPENING_AT_A_TIME
                && let Some(caller) = callers.next()
            {
                let (transport, server) = (plan.transport.clone(), plan.server);
                opening.spawn(async move { (caller, Connection::open(&transport, server).await) });
            }
            let Some(Ok((caller, connection))) = opening.join_next().await else { break };
            let connection = connection?;
            let phone = Phone::new(caller, &mut desk, connection.local());
            opened.push(Line { phone, connection });
            watch.note_opened();
        }
        Ok(Self { lines: opened, plan, runs: 1 })
    }

    pub(super) fn bound(&self) -> usize {
        self.lines.iter().filter(|line| line.phone.is_bound).count()
    }

    pub(super) async fn run(&mut self, run: Run, watch: &Arc<LoadWatch>) -> Tally {
        let began = Instant::now();
        let (count, every) = match run.pace {
            Pace::AtATime(most) => (most, None),
            Pace::PerSecond(rate) => {
                let count = MOST_AT_A_TIME.min(self.lines.len()).max(1);
                (count, Some(Duration::from_secs_f64(count as f64 / rate)))
            }
        };
        let count = count.clamp(1, self.lines.len().max(1));
        let mut shares: Vec<Vec<Line>> = (0..count).map(|_| Vec::new()).collect();
        for (place, line) in self.lines.drain(..).enumerate() {
            if let Some(share) = shares.get_mut(place % count) {
                share.push(line);
            }
        }
        let mut workers = JoinSet::new();
        for (number, lines) in shares.into_iter().enumerate() {
            // Each its own identifiers: none of one run and worker is another's.
            let mut plan = self.plan.clone();
            let mark = u64::try_from(number).unwrap_or(0).to_be_bytes().into_iter().chain([self.runs]);
            plan.entropy.iter_mut().zip(mark).for_each(|(octet, mark)| *octet ^= mark);
            let begins_after = every.map(|every| every.mul_f64(number as f64 / count as f64));
            let worker = Worker { desk: Desk::new(plan), lines, run, watch: Arc::clone(watch), began };
            workers.spawn(worker.work(every, begins_after));
        }
        self.runs = self.runs.wrapping_add(1);
        while let Some(worker) = workers.join_next().await {
            self.lines.extend(worker.into_iter().flatten());
        }
        // Those that began in time were waited for; that is no part of the time they had.
        let elapsed = began.elapsed();
        let span = if let Length::For(length) = run.length { elapsed.min(length) } else { elapsed };
        watch.with(|tally| tally.in_time.1 = span);
        watch.tally()
    }
}

struct Worker {
    desk: Desk,
    lines: Vec<Line>,
    run: Run,
    watch: Arc<LoadWatch>,
    began: Instant,
}

impl Worker {
    async fn work(mut self, every: Option<Duration>, begins_after: Option<Duration>) -> Vec<Line> {
        if let Some(wait) = begins_after {
            tokio::time::sleep(wait).await;
        }
        let mut beat = every.map(|every| {
            let mut beat = interval(every);
            beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
            beat
        });
        let mut lines = std::mem::take(&mut self.lines);
        let mut errand = Errand::new(0);
        errand.is_for(self.desk.plan.to.as_deref().unwrap_or_default());
        let mut turn = 0;
        while !self.watch.is_stopped() && !lines.is_empty() {
            let is_over = match self.run.length {
                Length::For(length) => self.began.elapsed() >= length,
                Length::Once => turn == lines.len(),
            };
            if is_over {
                break;
            }
            if let Some(beat) = &mut beat {
                beat.tick().await;
            }
            let place = turn % lines.len();
            turn += 1;
            if let Some(line) = lines.get_mut(place) {
                self.play(line, &mut errand).await;
            }
        }
        lines
    }

    async fn play(&mut self, line: &mut Line, errand: &mut Errand) {
        if self.run.goal == Goal::Remove && !line.phone.is_bound {
            return;
        }
        self.watch.with(|tally| tally.begun += 1);
        let began = Instant::now();
        let played = timeout(PATIENCE, self.exchange(line, errand)).await;
        let verdict = match played {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(_)) => Verdict::Failed,
            Err(_) => Verdict::Unanswered,
        };
        if matches!(verdict, Verdict::Failed | Verdict::Unanswered) {
            // A phone connects again; that it has to counts against the server.
            let _ = timeout(PATIENCE, line.connection.renew()).await;
        }
        let (length, run_began) = (self.run.length, self.began);
        self.watch.with(|tally| {
            tally.note(verdict, began.elapsed());
            let span = run_began.elapsed();
            if !matches!(length, Length::For(length) if span > length) {
                tally.in_time = (tally.good, span);
            }
        });
    }

    async fn exchange(&mut self, line: &mut Line, errand: &mut Errand) -> Result<Verdict, ConnectionError> {
        let (mut out, mut message, mut spans) = (Outbox::new(), Vec::new(), HeaderSpans::new());
        errand.begin(&mut self.desk, &mut line.phone, self.run.goal, &mut out);
        loop {
            for outgoing in out.messages() {
                line.connection.send(out.octets_of(outgoing)).await?;
            }
            out.clear();
            line.connection.receive(&mut message).await?;
            let response = match parse(&message, &mut spans) {
                Ok(Message::Response(response)) if response.check().is_ok() => response,
                _ => {
                    self.watch.with(|tally| tally.strange += 1);
                    continue;
                }
            };
            if self.desk.key_of(&response) != Some(errand.key) {
                self.watch.with(|tally| tally.strange += 1);
                continue;
            }
            if let Followed::Over(verdict) = errand.follow(&mut self.desk, &mut line.phone, &response, &mut out) {
                for outgoing in out.messages() {
                    line.connection.send(out.octets_of(outgoing)).await?;
                }
                return Ok(verdict);
            }
        }
    }
}
