//! The non-INVITE server transaction (RFC 3261 section 17.2.2).

use crate::timer::{Millis, Reliability, TIMER_J_MS};

/// One non-INVITE server transaction. Knows nothing of octets: its owner keeps the last response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NonInviteServer {
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Trying,
    Proceeding,
    Completed { timer_j_at: Millis },
    Terminated,
}

/// What the owner of a transaction does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerAction {
    /// Nothing: the request waits for its user.
    Absorb,
    /// Sends the last response (again).
    SendLastResponse,
    /// Forgets the transaction.
    Forget,
}

impl NonInviteServer {
    /// The transaction of a request that was just handed to its user.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Trying }
    }

    /// The same request came again.
    #[must_use]
    pub const fn on_retransmission(&self) -> ServerAction {
        match self.state {
            State::Trying | State::Terminated => ServerAction::Absorb,
            State::Proceeding | State::Completed { .. } => ServerAction::SendLastResponse,
        }
    }

    /// The user answers with that status. A second final response is dropped.
    pub fn on_response(&mut self, status: u16, now: Millis, reliability: Reliability) -> ServerAction {
        match self.state {
            State::Completed { .. } | State::Terminated => ServerAction::Absorb,
            State::Trying | State::Proceeding if status < 200 => {
                self.state = State::Proceeding;
                ServerAction::SendLastResponse
            }
            State::Trying | State::Proceeding => {
                let lasts = reliability.linger(TIMER_J_MS);
                self.state = State::Completed { timer_j_at: now.saturating_add(lasts) };
                ServerAction::SendLastResponse
            }
        }
    }

    /// When [`Self::on_time`] wants to be called.
    #[must_use]
    pub const fn wakes_at(&self) -> Option<Millis> {
        match self.state {
            State::Completed { timer_j_at } => Some(timer_j_at),
            _ => None,
        }
    }

    /// Time has passed.
    pub fn on_time(&mut self, now: Millis) -> ServerAction {
        match self.state {
            State::Completed { timer_j_at } if now >= timer_j_at => {
                self.state = State::Terminated;
                ServerAction::Forget
            }
            State::Terminated => ServerAction::Forget,
            _ => ServerAction::Absorb,
        }
    }
}

impl Default for NonInviteServer {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_retransmissions_until_timer_j() {
        let mut transaction = NonInviteServer::new();
        assert_eq!(transaction.on_retransmission(), ServerAction::Absorb);
        assert_eq!(transaction.on_response(100, 10, Reliability::Unreliable), ServerAction::SendLastResponse);
        assert_eq!(transaction.on_retransmission(), ServerAction::SendLastResponse);
        assert_eq!(transaction.on_response(200, 20, Reliability::Unreliable), ServerAction::SendLastResponse);
        assert_eq!(transaction.wakes_at(), Some(20 + TIMER_J_MS));
        assert_eq!(transaction.on_response(500, 30, Reliability::Unreliable), ServerAction::Absorb);
        assert_eq!(transaction.on_time(20 + TIMER_J_MS - 1), ServerAction::Absorb);
        assert_eq!(transaction.on_retransmission(), ServerAction::SendLastResponse);
        assert_eq!(transaction.on_time(20 + TIMER_J_MS), ServerAction::Forget);
        assert_eq!(transaction.on_retransmission(), ServerAction::Absorb);
    }

    #[test]
    fn ends_at_once_over_a_reliable_transport() {
        let mut transaction = NonInviteServer::new();
        assert_eq!(transaction.on_response(200, 20, Reliability::Reliable), ServerAction::SendLastResponse);
        assert_eq!(transaction.on_time(20), ServerAction::Forget);
    }

    enum Event {
        Request,
        Answer(u16),
        Wake,
        Time(Millis),
    }
    use Event::{Answer, Request, Time, Wake};

    fn step(machine: &mut NonInviteServer, event: &Event) -> ServerAction {
        match event {
            Request => machine.on_retransmission(),
            Answer(status) => machine.on_response(*status, 0, Reliability::Unreliable),
            Wake => machine.wakes_at().map_or(ServerAction::Absorb, |at| machine.on_time(at)),
            Time(at) => machine.on_time(*at),
        }
    }

    /// RFC 3261 figure 8, arrow by arrow, and what no arrow leaves from.
    #[test]
    fn follows_the_diagram() {
        const TRYING: &[Event] = &[];
        const PROCEEDING: &[Event] = &[Answer(100)];
        const COMPLETED: &[Event] = &[Answer(200)];
        const TERMINATED: &[Event] = &[Answer(200), Wake];
        let diagram = [
            (TRYING, Request, ServerAction::Absorb, "Trying"),
            (TRYING, Wake, ServerAction::Absorb, "Trying"),
            (TRYING, Answer(199), ServerAction::SendLastResponse, "Proceeding"),
            (TRYING, Answer(200), ServerAction::SendLastResponse, "Completed"),
            (PROCEEDING, Request, ServerAction::SendLastResponse, "Proceeding"),
            (PROCEEDING, Answer(183), ServerAction::SendLastResponse, "Proceeding"),
            (PROCEEDING, Wake, ServerAction::Absorb, "Proceeding"),
            (PROCEEDING, Answer(699), ServerAction::SendLastResponse, "Completed"),
            (COMPLETED, Request, ServerAction::SendLastResponse, "Completed"),
            (COMPLETED, Answer(500), ServerAction::Absorb, "Completed"),
            (COMPLETED, Time(TIMER_J_MS - 1), ServerAction::Absorb, "Completed"),
            (COMPLETED, Wake, ServerAction::Forget, "Terminated"),
            (TERMINATED, Request, ServerAction::Absorb, "Terminated"),
            (TERMINATED, Answer(200), ServerAction::Absorb, "Terminated"),
        ];
        for (number, (path, event, action, state)) in diagram.iter().enumerate() {
            let mut machine = NonInviteServer::new();
            for earlier in *path {
                step(&mut machine, earlier);
            }
            assert_eq!(step(&mut machine, event), *action, "row {number}");
            let name = match machine.state {
                State::Trying => "Trying",
                State::Proceeding => "Proceeding",
                State::Completed { .. } => "Completed",
                State::Terminated => "Terminated",
            };
            assert_eq!(name, *state, "row {number}");
        }
    }
}
