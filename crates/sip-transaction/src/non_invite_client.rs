//! The non-INVITE client transaction (RFC 3261 section 17.1.2).

use crate::client_action::{ClientAction, Outcome};
use crate::timer::{Millis, Reliability, T1_MS, T2_MS, T4_MS, TIMER_F_MS};

/// One non-INVITE client transaction. Knows nothing of octets: its owner keeps the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NonInviteClient {
    state: State,
    reliability: Reliability,
    timer_f_at: Millis,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Trying { timer_e_at: Millis, interval: Millis },
    Proceeding { timer_e_at: Millis },
    Completed { timer_k_at: Millis },
    Terminated,
}

impl NonInviteClient {
    /// The transaction of a request that was just sent.
    #[must_use]
    pub const fn new(now: Millis, reliability: Reliability) -> Self {
        let timer_e_at = now.saturating_add(T1_MS);
        Self {
            state: State::Trying { timer_e_at, interval: T1_MS },
            reliability,
            timer_f_at: now.saturating_add(TIMER_F_MS),
        }
    }

    /// A response of that status came.
    pub fn on_response(&mut self, status: u16, now: Millis) -> ClientAction {
        match self.state {
            State::Completed { .. } | State::Terminated => ClientAction::Wait,
            State::Trying { .. } | State::Proceeding { .. } if status < 200 => {
                // Once it is known to have arrived the request is repeated only every T2.
                if let State::Trying { .. } = self.state {
                    self.state = State::Proceeding { timer_e_at: now.saturating_add(T2_MS) };
                }
                ClientAction::Progress(status)
            }
            State::Trying { .. } | State::Proceeding { .. } => {
                let lasts = self.reliability.linger(T4_MS);
                self.state = State::Completed { timer_k_at: now.saturating_add(lasts) };
                ClientAction::Tell(Outcome::Final(status))
            }
        }
    }

    /// The request could not be sent.
    pub const fn on_flow_failed(&mut self) -> ClientAction {
        match self.state {
            State::Trying { .. } | State::Proceeding { .. } => {
                self.state = State::Terminated;
                ClientAction::Tell(Outcome::FlowFailed)
            }
            State::Completed { .. } | State::Terminated => ClientAction::Wait,
        }
    }

    /// When [`Self::on_time`] wants to be called; `None` once it is over.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Millis> {
        match (self.state, self.reliability) {
            (State::Trying { timer_e_at, .. } | State::Proceeding { timer_e_at }, Reliability::Unreliable) => {
                Some(timer_e_at.min(self.timer_f_at))
            }
            (State::Trying { .. } | State::Proceeding { .. }, Reliability::Reliable) => Some(self.timer_f_at),
            (State::Completed { timer_k_at }, _) => Some(timer_k_at),
            (State::Terminated, _) => None,
        }
    }

    /// Time has passed.
    pub fn on_time(&mut self, now: Millis) -> ClientAction {
        match self.state {
            State::Trying { .. } | State::Proceeding { .. } if now >= self.timer_f_at => {
                self.state = State::Terminated;
                ClientAction::Tell(Outcome::TimedOut)
            }
            State::Trying { timer_e_at, interval } if self.must_repeat(timer_e_at, now) => {
                let interval = interval.saturating_mul(2).min(T2_MS);
                self.state = State::Trying { timer_e_at: now.saturating_add(interval), interval };
                ClientAction::Retransmit
            }
            State::Proceeding { timer_e_at } if self.must_repeat(timer_e_at, now) => {
                self.state = State::Proceeding { timer_e_at: now.saturating_add(T2_MS) };
                ClientAction::Retransmit
            }
            State::Completed { timer_k_at } if now >= timer_k_at => {
                self.state = State::Terminated;
                ClientAction::Forget
            }
            State::Terminated => ClientAction::Forget,
            _ => ClientAction::Wait,
        }
    }

    fn must_repeat(&self, timer_e_at: Millis, now: Millis) -> bool {
        self.reliability == Reliability::Unreliable && now >= timer_e_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the clock to each wake-up and notes when the request is sent again.
    fn retransmissions_until_the_end(mut transaction: NonInviteClient) -> (Vec<Millis>, Millis) {
        let mut sent = Vec::new();
        loop {
            let now = transaction.wakes_at().expect("not over yet");
            match transaction.on_time(now) {
                ClientAction::Retransmit => sent.push(now),
                ClientAction::Tell(Outcome::TimedOut) => return (sent, now),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn retransmits_at_doubling_intervals_up_to_t2_then_times_out() {
        let (sent, end) = retransmissions_until_the_end(NonInviteClient::new(0, Reliability::Unreliable));
        assert_eq!(sent, [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
        assert_eq!(end, 32_000);
        let (sent, end) = retransmissions_until_the_end(NonInviteClient::new(0, Reliability::Reliable));
        assert_eq!((sent, end), (vec![], 32_000));
    }

    #[test]
    fn a_provisional_response_slows_retransmission_down() {
        let mut transaction = NonInviteClient::new(0, Reliability::Unreliable);
        assert_eq!(transaction.on_response(100, 100), ClientAction::Progress(100));
        assert_eq!(transaction.wakes_at(), Some(4_100));
        assert_eq!(transaction.on_time(4_100), ClientAction::Retransmit);
        assert_eq!(transaction.on_response(100, 5_000), ClientAction::Progress(100));
        assert_eq!(transaction.wakes_at(), Some(8_100));
    }

    #[test]
    fn a_final_response_is_told_once_and_absorbed_for_t4() {
        let mut transaction = NonInviteClient::new(0, Reliability::Unreliable);
        assert_eq!(transaction.on_response(401, 30), ClientAction::Tell(Outcome::Final(401)));
        assert_eq!(transaction.on_response(401, 40), ClientAction::Wait);
        assert_eq!(transaction.wakes_at(), Some(30 + T4_MS));
        assert_eq!(transaction.on_time(30 + T4_MS), ClientAction::Forget);
        assert_eq!(transaction.wakes_at(), None);
    }

    enum Event {
        Got(u16),
        Wake,
        Time(Millis),
        FlowFails,
    }
    use Event::{FlowFails, Got, Time, Wake};

    fn step(machine: &mut NonInviteClient, event: &Event) -> ClientAction {
        match event {
            Got(status) => machine.on_response(*status, 0),
            Wake => machine.wakes_at().map_or(ClientAction::Wait, |at| machine.on_time(at)),
            Time(at) => machine.on_time(*at),
            FlowFails => machine.on_flow_failed(),
        }
    }

    fn name(machine: NonInviteClient) -> &'static str {
        match machine.state {
            State::Trying { .. } => "Trying",
            State::Proceeding { .. } => "Proceeding",
            State::Completed { .. } => "Completed",
            State::Terminated => "Terminated",
        }
    }

    /// RFC 3261 figure 6, arrow by arrow, and what no arrow leaves from.
    #[test]
    fn follows_the_diagram() {
        const TRYING: &[Event] = &[];
        const PROCEEDING: &[Event] = &[Got(100)];
        const COMPLETED: &[Event] = &[Got(404)];
        const TERMINATED: &[Event] = &[FlowFails];
        let timed_out = ClientAction::Tell(Outcome::TimedOut);
        let flow_failed = ClientAction::Tell(Outcome::FlowFailed);
        let diagram = [
            (TRYING, Wake, ClientAction::Retransmit, "Trying"),
            (TRYING, Time(T1_MS - 1), ClientAction::Wait, "Trying"),
            (TRYING, Time(TIMER_F_MS), timed_out, "Terminated"),
            (TRYING, FlowFails, flow_failed, "Terminated"),
            (TRYING, Got(199), ClientAction::Progress(199), "Proceeding"),
            (TRYING, Got(200), ClientAction::Tell(Outcome::Final(200)), "Completed"),
            (TRYING, Got(699), ClientAction::Tell(Outcome::Final(699)), "Completed"),
            (PROCEEDING, Wake, ClientAction::Retransmit, "Proceeding"),
            (PROCEEDING, Time(T2_MS - 1), ClientAction::Wait, "Proceeding"),
            (PROCEEDING, Time(TIMER_F_MS), timed_out, "Terminated"),
            (PROCEEDING, FlowFails, flow_failed, "Terminated"),
            (PROCEEDING, Got(183), ClientAction::Progress(183), "Proceeding"),
            (PROCEEDING, Got(300), ClientAction::Tell(Outcome::Final(300)), "Completed"),
            (COMPLETED, Got(404), ClientAction::Wait, "Completed"),
            (COMPLETED, Got(200), ClientAction::Wait, "Completed"),
            (COMPLETED, FlowFails, ClientAction::Wait, "Completed"),
            (COMPLETED, Time(T4_MS - 1), ClientAction::Wait, "Completed"),
            (COMPLETED, Wake, ClientAction::Forget, "Terminated"),
            (TERMINATED, Got(200), ClientAction::Wait, "Terminated"),
            (TERMINATED, FlowFails, ClientAction::Wait, "Terminated"),
        ];
        for (number, (path, event, action, state)) in diagram.iter().enumerate() {
            let mut machine = NonInviteClient::new(0, Reliability::Unreliable);
            for earlier in *path {
                step(&mut machine, earlier);
            }
            assert_eq!(step(&mut machine, event), *action, "row {number}");
            assert_eq!(name(machine), *state, "row {number}");
        }
    }
}
