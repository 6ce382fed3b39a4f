//! The INVITE client transaction (RFC 3261 section 17.1.1, as RFC 6026 corrects it).

use crate::client_action::{ClientAction, Outcome};
use crate::timer::{Millis, Reliability, T1_MS, TIMER_B_MS, TIMER_D_MS, TIMER_M_MS};

/// One INVITE client transaction. Knows nothing of octets: its owner keeps the request and writes the ACK.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InviteClient {
    state: State,
    reliability: Reliability,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Calling { timer_a_at: Millis, interval: Millis, timer_b_at: Millis },
    Proceeding { given_up_at: Option<Millis> },
    Completed { timer_d_at: Millis },
    Accepted { timer_m_at: Millis },
    Terminated,
}

impl InviteClient {
    /// The transaction of an INVITE that was just sent.
    #[must_use]
    pub const fn new(now: Millis, reliability: Reliability) -> Self {
        let state = State::Calling {
            timer_a_at: now.saturating_add(T1_MS),
            interval: T1_MS,
            timer_b_at: now.saturating_add(TIMER_B_MS),
        };
        Self { state, reliability }
    }

    /// Whether a CANCEL may be sent: a provisional response has come and no final one (RFC 3261 section 9.1).
    #[must_use]
    pub const fn may_cancel(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    /// The user has sent a CANCEL: without a final response in 64 times T1 the transaction ends as timed out
    /// (RFC 3261 section 9.1). Nothing happens where [`Self::may_cancel`] is false.
    pub fn on_cancel(&mut self, now: Millis) {
        if let State::Proceeding { given_up_at: given_up_at @ None } = &mut self.state {
            *given_up_at = Some(now.saturating_add(TIMER_B_MS));
        }
    }

    /// A response of that status came.
    pub fn on_response(&mut self, status: u16, now: Millis) -> ClientAction {
        match (self.state, status) {
            (State::Calling { .. }, ..200) => {
                self.state = State::Proceeding { given_up_at: None };
                ClientAction::Progress(status)
            }
            (State::Proceeding { .. }, ..200) => ClientAction::Progress(status),
            (State::Calling { .. } | State::Proceeding { .. }, 200..300) => {
                self.state = State::Accepted { timer_m_at: now.saturating_add(TIMER_M_MS) };
                ClientAction::Tell(Outcome::Final(status))
            }
            (State::Calling { .. } | State::Proceeding { .. }, _) => {
                let lasts = self.reliability.linger(TIMER_D_MS);
                self.state = State::Completed { timer_d_at: now.saturating_add(lasts) };
                ClientAction::AcknowledgeAndTell(status)
            }
            (State::Completed { .. }, 300..) => ClientAction::Acknowledge,
            (State::Accepted { .. }, 200..300) => ClientAction::Repeated(status),
            (State::Completed { .. } | State::Accepted { .. } | State::Terminated, _) => ClientAction::Wait,
        }
    }

    /// What was to be sent could not be. After a 2xx only the user sends, so nothing here ends.
    pub const fn on_flow_failed(&mut self) -> ClientAction {
        match self.state {
            State::Calling { .. } | State::Proceeding { .. } => {
                self.state = State::Terminated;
                ClientAction::Tell(Outcome::FlowFailed)
            }
            State::Completed { .. } => {
                self.state = State::Terminated;
                ClientAction::Forget
            }
            State::Accepted { .. } | State::Terminated => ClientAction::Wait,
        }
    }

    /// When [`Self::on_time`] wants to be called; `None` once it is over, and while a provisional response keeps it
    /// waiting for a final one: how long to let ring is the user's choice.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Millis> {
        match self.state {
            State::Calling { timer_a_at, timer_b_at, .. } => match self.reliability {
                Reliability::Unreliable => Some(timer_a_at.min(timer_b_at)),
                Reliability::Reliable => Some(timer_b_at),
            },
            State::Proceeding { given_up_at } => given_up_at,
            State::Completed { timer_d_at: at } | State::Accepted { timer_m_at: at } => Some(at),
            State::Terminated => None,
        }
    }

    /// Time has passed.
    pub fn on_time(&mut self, now: Millis) -> ClientAction {
        match self.state {
            State::Calling { timer_b_at, .. } if now >= timer_b_at => self.time_out(),
            State::Calling { timer_a_at, interval, timer_b_at }
                if self.reliability == Reliability::Unreliable && now >= timer_a_at =>
            {
                // Doubled without the bound of T2 (RFC 3261 section 17.1.1.2).
                let interval = interval.saturating_mul(2);
                self.state = State::Calling { timer_a_at: now.saturating_add(interval), interval, timer_b_at };
                ClientAction::Retransmit
            }
            State::Proceeding { given_up_at: Some(at) } if now >= at => self.time_out(),
            State::Completed { timer_d_at: at } | State::Accepted { timer_m_at: at } if now >= at => {
                self.state = State::Terminated;
                ClientAction::Forget
            }
            State::Terminated => ClientAction::Forget,
            _ => ClientAction::Wait,
        }
    }

    const fn time_out(&mut self) -> ClientAction {
        self.state = State::Terminated;
        ClientAction::Tell(Outcome::TimedOut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Event::{Cancel, FlowFails, Time, Wake};
    use Reliability::{Reliable, Unreliable};

    enum Event {
        /// A response of that status.
        Got(u16),
        /// The next timer.
        Wake,
        /// That moment, whether a timer is due or not.
        Time(Millis),
        FlowFails,
        Cancel,
    }
    use Event::Got;

    const CALLING: &[Event] = &[];
    const PROCEEDING: &[Event] = &[Got(180)];
    const COMPLETED: &[Event] = &[Got(486)];
    const ACCEPTED: &[Event] = &[Got(200)];
    const TERMINATED: &[Event] = &[FlowFails];

    fn step(machine: &mut InviteClient, event: &Event) -> ClientAction {
        match event {
            Got(status) => machine.on_response(*status, 0),
            Wake => machine.wakes_at().map_or(ClientAction::Wait, |at| machine.on_time(at)),
            Time(at) => machine.on_time(*at),
            FlowFails => machine.on_flow_failed(),
            Cancel => {
                machine.on_cancel(0);
                ClientAction::Wait
            }
        }
    }

    fn name(machine: InviteClient) -> &'static str {
        match machine.state {
            State::Calling { .. } => "Calling",
            State::Proceeding { .. } => "Proceeding",
            State::Completed { .. } => "Completed",
            State::Accepted { .. } => "Accepted",
            State::Terminated => "Terminated",
        }
    }

    /// The diagram of RFC 6026 that replaces figure 5 of RFC 3261, arrow by arrow, and what no arrow leaves from.
    #[test]
    fn follows_the_diagram() {
        let told = |status| ClientAction::Tell(Outcome::Final(status));
        let timed_out = ClientAction::Tell(Outcome::TimedOut);
        let flow_failed = ClientAction::Tell(Outcome::FlowFailed);
        let diagram = [
            (CALLING, Wake, ClientAction::Retransmit, "Calling"),
            (CALLING, Time(499), ClientAction::Wait, "Calling"),
            (CALLING, Time(TIMER_B_MS), timed_out, "Terminated"),
            (CALLING, FlowFails, flow_failed, "Terminated"),
            (CALLING, Got(100), ClientAction::Progress(100), "Proceeding"),
            (CALLING, Got(200), told(200), "Accepted"),
            (CALLING, Got(302), ClientAction::AcknowledgeAndTell(302), "Completed"),
            (CALLING, Got(699), ClientAction::AcknowledgeAndTell(699), "Completed"),
            (PROCEEDING, Got(183), ClientAction::Progress(183), "Proceeding"),
            (PROCEEDING, Got(299), told(299), "Accepted"),
            (PROCEEDING, Got(300), ClientAction::AcknowledgeAndTell(300), "Completed"),
            (PROCEEDING, Time(Millis::MAX), ClientAction::Wait, "Proceeding"),
            (PROCEEDING, FlowFails, flow_failed, "Terminated"),
            (COMPLETED, Got(486), ClientAction::Acknowledge, "Completed"),
            (COMPLETED, Got(180), ClientAction::Wait, "Completed"),
            (COMPLETED, Got(200), ClientAction::Wait, "Completed"),
            (COMPLETED, Time(TIMER_D_MS - 1), ClientAction::Wait, "Completed"),
            (COMPLETED, Wake, ClientAction::Forget, "Terminated"),
            (COMPLETED, FlowFails, ClientAction::Forget, "Terminated"),
            (ACCEPTED, Got(200), ClientAction::Repeated(200), "Accepted"),
            (ACCEPTED, Got(202), ClientAction::Repeated(202), "Accepted"),
            (ACCEPTED, Got(180), ClientAction::Wait, "Accepted"),
            (ACCEPTED, Got(487), ClientAction::Wait, "Accepted"),
            (ACCEPTED, FlowFails, ClientAction::Wait, "Accepted"),
            (ACCEPTED, Time(TIMER_M_MS - 1), ClientAction::Wait, "Accepted"),
            (ACCEPTED, Wake, ClientAction::Forget, "Terminated"),
            (TERMINATED, Got(200), ClientAction::Wait, "Terminated"),
            (TERMINATED, FlowFails, ClientAction::Wait, "Terminated"),
            (TERMINATED, Cancel, ClientAction::Wait, "Terminated"),
        ];
        for (number, (path, event, action, state)) in diagram.iter().enumerate() {
            let mut machine = InviteClient::new(0, Unreliable);
            for earlier in *path {
                step(&mut machine, earlier);
            }
            assert_eq!(step(&mut machine, event), *action, "row {number}");
            assert_eq!(name(machine), *state, "row {number}");
        }
    }

    #[test]
    fn over_a_reliable_transport_only_what_a_user_sees_takes_time() {
        let mut machine = InviteClient::new(0, Reliable);
        assert_eq!(machine.wakes_at(), Some(TIMER_B_MS));
        assert_eq!(machine.on_time(TIMER_B_MS - 1), ClientAction::Wait);
        assert_eq!(machine.on_response(486, 70), ClientAction::AcknowledgeAndTell(486));
        assert_eq!(machine.wakes_at(), Some(70));
        let mut machine = InviteClient::new(0, Reliable);
        assert_eq!(machine.on_response(200, 70), ClientAction::Tell(Outcome::Final(200)));
        // Other forks may still answer, whatever carries them.
        assert_eq!(machine.wakes_at(), Some(70 + TIMER_M_MS));
    }

    #[test]
    fn retransmits_at_ever_doubling_intervals_then_times_out() {
        let mut machine = InviteClient::new(0, Unreliable);
        let mut sent = Vec::new();
        while let Some(at) = machine.wakes_at() {
            match machine.on_time(at) {
                ClientAction::Retransmit => sent.push(at),
                ended => assert_eq!((ended, at), (ClientAction::Tell(Outcome::TimedOut), 32_000)),
            }
        }
        assert_eq!(sent, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    }

    #[test]
    fn a_cancelled_one_that_is_never_answered_ends() {
        let mut machine = InviteClient::new(0, Unreliable);
        machine.on_cancel(10);
        assert!(!machine.may_cancel(), "nothing has come back yet");
        machine.on_response(180, 20);
        assert_eq!((machine.may_cancel(), machine.wakes_at()), (true, None));
        machine.on_cancel(100_000);
        machine.on_cancel(110_000);
        assert_eq!(machine.on_response(180, 120_000), ClientAction::Progress(180));
        assert_eq!(machine.wakes_at(), Some(132_000));
        assert_eq!(machine.on_time(132_000), ClientAction::Tell(Outcome::TimedOut));
        assert_eq!(machine.wakes_at(), None);
    }
}
