//! The non-INVITE client transaction (RFC 3261 section 17.1.2).

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

/// How a transaction ended for its user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A final response of that status came.
    Final(u16),
    /// No final response within 64 times T1.
    TimedOut,
}

/// What the owner of a client transaction does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientAction {
    /// Waits.
    Wait,
    /// Sends the request again.
    Retransmit,
    /// Tells the user how it ended; the transaction may live on to absorb repeated responses.
    Tell(Outcome),
    /// Forgets the transaction.
    Forget,
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
                ClientAction::Wait
            }
            State::Trying { .. } | State::Proceeding { .. } => {
                let lasts = if self.reliability == Reliability::Unreliable { T4_MS } else { 0 };
                self.state = State::Completed { timer_k_at: now.saturating_add(lasts) };
                ClientAction::Tell(Outcome::Final(status))
            }
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
        assert_eq!(transaction.on_response(100, 100), ClientAction::Wait);
        assert_eq!(transaction.wakes_at(), Some(4_100));
        assert_eq!(transaction.on_time(4_100), ClientAction::Retransmit);
        assert_eq!(transaction.on_response(100, 5_000), ClientAction::Wait);
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
}
