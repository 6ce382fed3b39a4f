//! Whether one next hop is alive, by what it answers to OPTIONS and to calls.

use crate::Millis;
use crate::delays::{below, doubled, jittered};
use crate::health_config::{HealthConfig, Probing};
use domain::RandomSource;

/// How long a next hop rests first after it went down, where only calls tell about it.
const FIRST_PAUSE_MS: Millis = 30_000;

/// Whether calls try a next hop before others.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Standing {
    /// It answers, or nothing is known against it.
    Up,
    /// It did not answer; it is tried last.
    Down,
}

/// What was learnt about a next hop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Evidence {
    /// A final response of that status. Any but 503 and 408 shows that somebody is there, a refusal included.
    Answered(u16),
    /// No response in time.
    TimedOut,
    /// No way there: no address, no connection, no trust.
    Unreachable,
}

/// What is worth a log line and a count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HealthEvent {
    /// It counts as down from now on.
    WentDown(Evidence),
    /// It counts as up again.
    CameUp,
}

/// The health of one next hop.
#[derive(Clone, Debug)]
pub struct Health {
    config: HealthConfig,
    standing: Standing,
    since: Millis,
    /// Since the last success.
    failures: u32,
    last: Option<Evidence>,
    next: Next,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    Nothing,
    /// An OPTIONS is due.
    Probe(Millis),
    /// One is under way, and counts as unanswered from then on.
    Answer(Millis),
    /// One that only calls tell about gets another chance.
    Chance(Millis),
}

impl Evidence {
    /// Whether somebody is there who takes calls.
    #[must_use]
    pub const fn is_life(self) -> bool {
        matches!(self, Self::Answered(status) if status != 503 && status != 408)
    }
}

impl Health {
    /// Up until something is known against it; the first OPTIONS is due at some moment of the first interval.
    #[must_use]
    pub fn new(config: HealthConfig, now: Millis, random: &dyn RandomSource) -> Self {
        let next = match config.probing {
            Probing::ByCallsAlone => Next::Nothing,
            Probing::Every(interval) => Next::Probe(now + below(interval, random)),
        };
        Self { config, standing: Standing::Up, since: now, failures: 0, last: None, next }
    }

    /// Whether it is tried before others.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// Since when its standing is what it is.
    #[must_use]
    pub const fn since(&self) -> Millis {
        self.since
    }

    /// What was learnt last.
    #[must_use]
    pub const fn last(&self) -> Option<Evidence> {
        self.last
    }

    /// When [`Self::on_time`] has something to do.
    #[must_use]
    pub const fn wakes_at(&self) -> Option<Millis> {
        match self.next {
            Next::Nothing => None,
            Next::Probe(at) | Next::Answer(at) | Next::Chance(at) => Some(at),
        }
    }

    /// What time brings: an OPTIONS to send, whose outcome goes to [`Self::on_probe`]; the end of one of which nobody told
    /// the outcome; or another chance.
    pub fn on_time(&mut self, now: Millis, random: &dyn RandomSource) -> (Due, Option<HealthEvent>) {
        match self.next {
            Next::Probe(at) if now >= at => {
                self.next = Next::Answer(now + self.config.probe_limit_ms);
                (Due::SendOptions, None)
            }
            Next::Answer(at) if now >= at => (Due::Nothing, self.on_probe(Evidence::TimedOut, now, random)),
            Next::Chance(at) if now >= at => {
                self.next = Next::Nothing;
                // The next failure alone makes it fall again, and for longer.
                (Due::Nothing, self.stand(Standing::Up, now).then_some(HealthEvent::CameUp))
            }
            _ => (Due::Nothing, None),
        }
    }

    /// The outcome of an OPTIONS.
    pub fn on_probe(&mut self, evidence: Evidence, now: Millis, random: &dyn RandomSource) -> Option<HealthEvent> {
        let event = self.learn(evidence, now);
        if let Probing::Every(interval) = self.config.probing {
            let pause = match self.standing {
                Standing::Up => interval,
                Standing::Down => self.pause(interval),
            };
            self.next = Next::Probe(now + jittered(pause, random));
        }
        event
    }

    /// What a call has met with. Calls that the caller gave up tell nothing and are not to be told.
    pub fn on_call(&mut self, evidence: Evidence, now: Millis, random: &dyn RandomSource) -> Option<HealthEvent> {
        let event = self.learn(evidence, now);
        match (self.config.probing, event) {
            (Probing::ByCallsAlone, Some(HealthEvent::WentDown(_))) => {
                self.next = Next::Chance(now + jittered(self.pause(FIRST_PAUSE_MS), random));
            }
            (Probing::ByCallsAlone, Some(HealthEvent::CameUp)) => self.next = Next::Nothing,
            _ => {}
        }
        event
    }

    fn learn(&mut self, evidence: Evidence, now: Millis) -> Option<HealthEvent> {
        self.last = Some(evidence);
        if evidence.is_life() {
            self.failures = 0;
            return self.stand(Standing::Up, now).then_some(HealthEvent::CameUp);
        }
        self.failures = self.failures.saturating_add(1);
        let has_fallen = self.failures >= self.config.failures_to_fall && self.stand(Standing::Down, now);
        has_fallen.then_some(HealthEvent::WentDown(evidence))
    }

    /// Whether that is a change.
    fn stand(&mut self, standing: Standing, now: Millis) -> bool {
        let is_change = self.standing != standing;
        if is_change {
            (self.standing, self.since) = (standing, now);
        }
        is_change
    }

    fn pause(&self, first: Millis) -> Millis {
        let beyond = self.failures.saturating_sub(self.config.failures_to_fall) + 1;
        doubled(first, beyond, self.config.longest_pause_ms.max(first))
    }
}

/// What is to be done now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// Ask by OPTIONS.
    SendOptions,
}
