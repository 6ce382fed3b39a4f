//! Both sides in one thread.

use super::ends::Ends;
use super::gateway::Gateway;
use super::phones::Phones;
use super::plan::{Pace, Plan};
use super::report::Report;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Datagrams taken from one socket before the others have their turn.
const AT_ONCE: usize = 64;
/// The longest that nothing is looked at.
const LONGEST_WAIT: Duration = Duration::from_millis(20);
/// A datagram is no longer.
const DATAGRAM: usize = 65_536;

/// Phones and gateway of one run.
#[derive(Debug)]
pub struct Load {
    /// The callers.
    pub phones: Phones,
    /// The called.
    pub gateway: Gateway,
    plan: Arc<Plan>,
    begun: Instant,
    buffer: Vec<u8>,
}

impl Load {
    /// A run of that plan; nothing happens yet.
    #[must_use]
    pub fn new(plan: Plan, ends: Ends) -> Self {
        let plan = Arc::new(plan);
        let phones = Phones::new(Arc::clone(&plan), ends.phones);
        let gateway = Gateway::new(Arc::clone(&plan), ends.gateway);
        Self { phones, gateway, plan, begun: Instant::now(), buffer: vec![0; DATAGRAM] }
    }

    /// Runs until every call of the plan is over on both sides.
    pub fn run(&mut self) -> Report {
        let calls = self.plan.calls;
        self.run_until(|load| load.phones.over() == calls && load.gateway.open() == 0);
        self.report()
    }

    /// Runs, and begins calls as planned, until that is so.
    pub fn run_until(&mut self, is_so: impl Fn(&Self) -> bool) {
        if self.phones.calls().is_empty() {
            self.begun = Instant::now();
        }
        while !is_so(self) {
            self.turn();
        }
    }

    /// Runs for so long, so that what is on its way arrives.
    pub fn run_for(&mut self, duration: Duration) {
        let end = Instant::now() + duration;
        self.run_until(|_| Instant::now() >= end);
    }

    /// What has happened.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::of(&self.phones, &self.gateway, self.begun.elapsed())
    }

    fn turn(&mut self) {
        let now = Instant::now();
        self.begin_calls(now);
        self.phones.wake(now);
        self.gateway.wake(now);
        if !self.receive() {
            self.wait();
        }
    }

    fn begin_calls(&mut self, now: Instant) {
        let begun = self.phones.calls().len();
        let due = match self.plan.pace {
            Pace::PerSecond(rate) => ((now - self.begun).as_secs_f64() * rate) as usize,
            Pace::AtATime(count) => self.phones.over() + count,
        };
        for _ in begun..due.min(self.plan.calls) {
            self.phones.begin(now);
        }
    }

    /// Takes what is there; whether anything was.
    fn receive(&mut self) -> bool {
        let mut any = false;
        for passage in 0..self.phones.passages().len() {
            for _ in 0..AT_ONCE {
                let Some(length) = take(&self.phones.passages()[passage].socket, &mut self.buffer) else { break };
                any = true;
                self.phones.receive(passage, &self.buffer[..length], Instant::now());
            }
        }
        for _ in 0..AT_ONCE {
            let Some(length) = take(&self.gateway.passage().socket, &mut self.buffer) else { break };
            any = true;
            self.gateway.receive(&self.buffer[..length], Instant::now());
        }
        any
    }

    /// Until something arrives, or something is due.
    fn wait(&self) {
        let now = Instant::now();
        let next_call = match self.plan.pace {
            Pace::PerSecond(rate) if self.phones.calls().len() < self.plan.calls => {
                let due = (self.phones.calls().len() + 1) as f64 / rate;
                Some(self.begun + Duration::from_secs_f64(due))
            }
            _ => None,
        };
        let next = [self.phones.next_at(), self.gateway.next_at(), next_call].into_iter().flatten().min();
        let wait = next.map_or(LONGEST_WAIT, |next| next.saturating_duration_since(now).min(LONGEST_WAIT));
        let wait = Timespec::try_from(wait).expect("a short time");
        let sockets = self.phones.passages().iter().chain([self.gateway.passage()]);
        let mut watched: Vec<_> = sockets.map(|passage| PollFd::new(&passage.socket, PollFlags::IN)).collect();
        // A signal may end the wait early; the next turn looks again.
        let _ = poll(&mut watched, Some(&wait));
    }
}

fn take(socket: &UdpSocket, buffer: &mut [u8]) -> Option<usize> {
    // Nothing there, or a port unreachable for something sent before: a server that is being restarted.
    socket.recv(buffer).ok()
}

#[cfg(test)]
mod tests {
    use super::super::loss::Loss;
    use super::super::phone_call::Outcome;
    use super::super::plan::{Answer, HangsUp};
    use super::super::secret::Secret;
    use super::super::{Ends, Passage};
    use super::*;
    use crate::sip::Credentials;

    /// Phones that call the gateway itself, which asks who they are, over a network that loses that share.
    fn without_a_server(loss: f64, change: impl FnOnce(&mut Plan)) -> (Load, Loss) {
        let mut gateway = Passage::direct("127.0.0.1:9".parse().expect("an address"));
        let (ends, network) = Loss::between(gateway.seen_as, 1, loss, 7);
        gateway.server = ends.phones[0].seen_as;
        let caller = Credentials { username: "caller".to_owned(), password: "Upstream!7".to_owned() };
        let secret = Secret { username: caller.username.clone(), password: caller.password.clone() };
        let mut plan = Plan::new("example.test", vec![caller], 100);
        plan.secret = Some(secret);
        change(&mut plan);
        (Load::new(plan, Ends { phones: ends.phones, gateway }), network)
    }

    #[test]
    fn every_call_is_completed_by_either_side() {
        for hangs_up in [HangsUp::Caller, HangsUp::Turns] {
            let (mut load, _network) = without_a_server(0.0, |plan| {
                (plan.hangs_up, plan.holds) = (hangs_up, [Duration::ZERO, Duration::from_millis(20)]);
            });
            let report = load.run();
            report.expect_completed();
            assert_eq!((report.begun, report.repeated, report.post_dial_delays.len()), (100, 0, 100), "{report}");
            assert!(load.gateway.calls().iter().all(|call| call.acknowledged.is_some() && call.ended.is_some()));
        }
    }

    #[test]
    fn what_is_lost_is_sent_again() {
        let (mut load, network) = without_a_server(0.05, |plan| plan.hangs_up = HangsUp::Turns);
        let report = load.run();
        report.expect_completed();
        assert!(network.lost() > 0 && report.repeated > 0, "{report}");
        assert!(network.passed() > 700, "{report}");
    }

    #[test]
    fn a_refusal_is_acknowledged_and_a_ring_is_heard() {
        let (mut load, _network) = without_a_server(0.0, |plan| {
            (plan.answer, plan.rings) = (Answer::No(486), Duration::from_millis(30));
        });
        let report = load.run();
        let refused = Outcome::Refused(486, String::new());
        assert!(load.phones.calls().iter().all(|call| call.outcome.as_ref() == Some(&refused)), "{report}");
        assert!(load.phones.calls().iter().all(|call| call.ringing.is_some()));
        load.run_for(Duration::from_millis(100));
        assert_eq!((load.report().faults.count(), load.gateway.repeated), (0, 0), "{}", load.report());
    }

    #[test]
    fn a_wrong_password_is_refused_and_noted() {
        let (mut load, _network) = without_a_server(0.0, |plan| plan.callers[0].password = "wrong".to_owned());
        let report = load.run();
        assert_eq!(report.others.get("INVITE answered 403"), Some(&100), "{report}");
        assert_eq!(report.faults.count(), 100, "the gateway notes it: {report}");
    }

    #[test]
    fn calls_stay_up_until_they_are_ended_from_outside() {
        let (mut load, _network) = without_a_server(0.0, |plan| plan.hangs_up = HangsUp::Nobody);
        load.run_until(|load| load.gateway.up() == 64);
        assert_eq!(load.phones.up(), 64);
        for place in 0..64 {
            let now = Instant::now();
            if place % 2 == 0 { load.phones.hang_up(place, now) } else { load.gateway.hang_up(place, now) }
        }
        load.run_until(|load| load.phones.over() == 64 && load.gateway.up() == 36);
        assert_eq!(load.report().completed, 64);
    }
}
