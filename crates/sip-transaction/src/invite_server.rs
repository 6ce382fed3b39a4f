//! The INVITE server transaction (RFC 3261 section 17.2.1, as RFC 6026 corrects it). A response that cannot be sent
//! changes no state: its owner tells the user, and the next retransmission tries again.

use crate::timer::{Millis, Reliability, T1_MS, T2_MS, T4_MS, TIMER_H_MS, TIMER_L_MS, TRYING_AFTER_MS};

/// One INVITE server transaction. Knows nothing of octets: its owner keeps the last response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InviteServer {
    state: State,
    reliability: Reliability,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// `trying_at` until anything was sent.
    Proceeding {
        trying_at: Option<Millis>,
    },
    Completed {
        timer_g_at: Millis,
        interval: Millis,
        timer_h_at: Millis,
    },
    Confirmed {
        timer_i_at: Millis,
    },
    Accepted {
        timer_l_at: Millis,
    },
    Terminated,
}

/// What the owner of an INVITE server transaction does next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum InviteServerAction {
    /// Nothing.
    Wait,
    /// Sends 100 Trying, which the user was too slow for, and keeps it as the last response.
    SendTrying,
    /// Sends the last response (again).
    SendLastResponse,
    /// Sends a 2xx that the user handed over, first or again.
    SendSuccess,
    /// Hands the ACK to the user: it belongs to a 2xx.
    TellAcknowledged,
    /// Tells the user that a failure was never acknowledged, and forgets the transaction.
    TellUnacknowledged,
    /// Forgets the transaction.
    Forget,
}

impl InviteServer {
    /// The transaction of an INVITE that was just handed to its user.
    #[must_use]
    pub const fn new(now: Millis, reliability: Reliability) -> Self {
        let trying_at = Some(now.saturating_add(TRYING_AFTER_MS));
        Self { state: State::Proceeding { trying_at }, reliability }
    }

    /// The same INVITE came again.
    #[must_use]
    pub const fn on_retransmission(&self) -> InviteServerAction {
        match self.state {
            State::Proceeding { trying_at: None } | State::Completed { .. } => InviteServerAction::SendLastResponse,
            State::Proceeding { trying_at: Some(_) }
            | State::Confirmed { .. }
            | State::Accepted { .. }
            | State::Terminated => InviteServerAction::Wait,
        }
    }

    /// An ACK came: to a failure within this transaction, to a 2xx if it has the INVITE's branch nevertheless.
    pub const fn on_ack(&mut self, now: Millis) -> InviteServerAction {
        match self.state {
            State::Completed { .. } => {
                let lasts = self.reliability.linger(T4_MS);
                self.state = State::Confirmed { timer_i_at: now.saturating_add(lasts) };
                InviteServerAction::Wait
            }
            State::Accepted { .. } => InviteServerAction::TellAcknowledged,
            State::Proceeding { .. } | State::Confirmed { .. } | State::Terminated => InviteServerAction::Wait,
        }
    }

    /// The user answers with that status. A 2xx may follow a 2xx: the user repeats it until it is acknowledged. Anything
    /// else after a final response is dropped.
    pub const fn on_response(&mut self, status: u16, now: Millis) -> InviteServerAction {
        match (self.state, status) {
            (State::Proceeding { .. }, ..200) => {
                self.state = State::Proceeding { trying_at: None };
                InviteServerAction::SendLastResponse
            }
            (State::Proceeding { .. }, 200..300) => {
                self.state = State::Accepted { timer_l_at: now.saturating_add(TIMER_L_MS) };
                InviteServerAction::SendSuccess
            }
            (State::Accepted { .. }, 200..300) => InviteServerAction::SendSuccess,
            (State::Proceeding { .. }, _) => {
                self.state = State::Completed {
                    timer_g_at: now.saturating_add(T1_MS),
                    interval: T1_MS,
                    timer_h_at: now.saturating_add(TIMER_H_MS),
                };
                InviteServerAction::SendLastResponse
            }
            _ => InviteServerAction::Wait,
        }
    }

    /// When [`Self::on_time`] wants to be called; `None` once it is over, and while the user lets ring.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Millis> {
        match self.state {
            State::Proceeding { trying_at } => trying_at,
            State::Completed { timer_g_at, timer_h_at, .. } => match self.reliability {
                Reliability::Unreliable => Some(timer_g_at.min(timer_h_at)),
                Reliability::Reliable => Some(timer_h_at),
            },
            State::Confirmed { timer_i_at: at } | State::Accepted { timer_l_at: at } => Some(at),
            State::Terminated => None,
        }
    }

    /// Time has passed.
    pub fn on_time(&mut self, now: Millis) -> InviteServerAction {
        match self.state {
            State::Proceeding { trying_at: Some(at) } if now >= at => {
                self.state = State::Proceeding { trying_at: None };
                InviteServerAction::SendTrying
            }
            State::Completed { timer_h_at, .. } if now >= timer_h_at => {
                self.state = State::Terminated;
                InviteServerAction::TellUnacknowledged
            }
            State::Completed { timer_g_at, interval, timer_h_at }
                if self.reliability == Reliability::Unreliable && now >= timer_g_at =>
            {
                let interval = interval.saturating_mul(2).min(T2_MS);
                self.state = State::Completed { timer_g_at: now.saturating_add(interval), interval, timer_h_at };
                InviteServerAction::SendLastResponse
            }
            State::Confirmed { timer_i_at: at } | State::Accepted { timer_l_at: at } if now >= at => {
                self.state = State::Terminated;
                InviteServerAction::Forget
            }
            State::Terminated => InviteServerAction::Forget,
            _ => InviteServerAction::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Event::{Ack, Answer, Invite, Time, Wake};
    use InviteServerAction as Action;
    use Reliability::{Reliable, Unreliable};

    enum Event {
        /// The INVITE again.
        Invite,
        Ack,
        /// The user answers.
        Answer(u16),
        /// The next timer.
        Wake,
        Time(Millis),
    }

    const PROCEEDING: &[Event] = &[];
    const RINGING: &[Event] = &[Answer(180)];
    const COMPLETED: &[Event] = &[Answer(486)];
    const CONFIRMED: &[Event] = &[Answer(486), Ack];
    const ACCEPTED: &[Event] = &[Answer(200)];
    const TERMINATED: &[Event] = &[Answer(200), Wake];

    fn step(machine: &mut InviteServer, event: &Event) -> Action {
        match event {
            Invite => machine.on_retransmission(),
            Ack => machine.on_ack(0),
            Answer(status) => machine.on_response(*status, 0),
            Wake => machine.wakes_at().map_or(Action::Wait, |at| machine.on_time(at)),
            Time(at) => machine.on_time(*at),
        }
    }

    fn name(machine: InviteServer) -> &'static str {
        match machine.state {
            State::Proceeding { .. } => "Proceeding",
            State::Completed { .. } => "Completed",
            State::Confirmed { .. } => "Confirmed",
            State::Accepted { .. } => "Accepted",
            State::Terminated => "Terminated",
        }
    }

    /// The diagram of RFC 6026 that replaces figure 7 of RFC 3261, arrow by arrow, and what no arrow leaves from.
    #[test]
    fn follows_the_diagram() {
        let diagram = [
            (PROCEEDING, Invite, Action::Wait, "Proceeding"),
            (PROCEEDING, Time(199), Action::Wait, "Proceeding"),
            (PROCEEDING, Wake, Action::SendTrying, "Proceeding"),
            (PROCEEDING, Ack, Action::Wait, "Proceeding"),
            (PROCEEDING, Answer(180), Action::SendLastResponse, "Proceeding"),
            (PROCEEDING, Answer(200), Action::SendSuccess, "Accepted"),
            (PROCEEDING, Answer(300), Action::SendLastResponse, "Completed"),
            (RINGING, Invite, Action::SendLastResponse, "Proceeding"),
            (RINGING, Answer(183), Action::SendLastResponse, "Proceeding"),
            (RINGING, Time(Millis::MAX), Action::Wait, "Proceeding"),
            (RINGING, Answer(299), Action::SendSuccess, "Accepted"),
            (RINGING, Answer(699), Action::SendLastResponse, "Completed"),
            (COMPLETED, Invite, Action::SendLastResponse, "Completed"),
            (COMPLETED, Wake, Action::SendLastResponse, "Completed"),
            (COMPLETED, Answer(200), Action::Wait, "Completed"),
            (COMPLETED, Answer(180), Action::Wait, "Completed"),
            (COMPLETED, Ack, Action::Wait, "Confirmed"),
            (COMPLETED, Time(TIMER_H_MS), Action::TellUnacknowledged, "Terminated"),
            (CONFIRMED, Invite, Action::Wait, "Confirmed"),
            (CONFIRMED, Ack, Action::Wait, "Confirmed"),
            (CONFIRMED, Answer(486), Action::Wait, "Confirmed"),
            (CONFIRMED, Time(T4_MS - 1), Action::Wait, "Confirmed"),
            (CONFIRMED, Wake, Action::Forget, "Terminated"),
            (ACCEPTED, Invite, Action::Wait, "Accepted"),
            (ACCEPTED, Ack, Action::TellAcknowledged, "Accepted"),
            (ACCEPTED, Answer(200), Action::SendSuccess, "Accepted"),
            (ACCEPTED, Answer(486), Action::Wait, "Accepted"),
            (ACCEPTED, Answer(180), Action::Wait, "Accepted"),
            (ACCEPTED, Time(TIMER_L_MS - 1), Action::Wait, "Accepted"),
            (ACCEPTED, Wake, Action::Forget, "Terminated"),
            (TERMINATED, Invite, Action::Wait, "Terminated"),
            (TERMINATED, Ack, Action::Wait, "Terminated"),
            (TERMINATED, Answer(200), Action::Wait, "Terminated"),
        ];
        for (number, (path, event, action, state)) in diagram.iter().enumerate() {
            let mut machine = InviteServer::new(0, Unreliable);
            for earlier in *path {
                step(&mut machine, earlier);
            }
            assert_eq!(step(&mut machine, event), *action, "row {number}");
            assert_eq!(name(machine), *state, "row {number}");
        }
    }

    #[test]
    fn repeats_a_failure_until_timer_h() {
        let mut machine = InviteServer::new(0, Unreliable);
        machine.on_response(486, 0);
        let mut sent = Vec::new();
        while let Some(at) = machine.wakes_at() {
            match machine.on_time(at) {
                Action::SendLastResponse => sent.push(at),
                ended => assert_eq!((ended, at), (Action::TellUnacknowledged, 32_000)),
            }
        }
        assert_eq!(sent, [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    }

    #[test]
    fn over_a_reliable_transport_nothing_is_sent_twice() {
        let mut machine = InviteServer::new(0, Reliable);
        machine.on_response(486, 0);
        assert_eq!(machine.wakes_at(), Some(TIMER_H_MS));
        machine.on_ack(100);
        assert_eq!(machine.wakes_at(), Some(100));
        let mut machine = InviteServer::new(0, Reliable);
        machine.on_response(200, 0);
        assert_eq!(machine.wakes_at(), Some(TIMER_L_MS), "the ACK to a 2xx comes end to end, over any transport");
    }
}
