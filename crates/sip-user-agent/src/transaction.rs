//! One non-INVITE client transaction over the connection: `sip-transaction` decides, this waits.

use crate::Direction;
use crate::connection::{Connection, ConnectionError};
use crate::ladder::Ladder;
use sip_message::{HeaderSpans, Message, Method, Response, parse};
use sip_transaction::{ClientAction, Millis, NonInviteClient, TIMER_F_MS};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// One request, and how its response is known.
pub(crate) struct Transaction<'a> {
    /// The request as it is sent each time.
    pub(crate) request: &'a [u8],
    /// Its branch, which a response must have in its one Via.
    pub(crate) branch: &'a str,
    /// Its method.
    pub(crate) method: Method<'static>,
    /// When to stop even if timer F has not fired.
    pub(crate) limit: Instant,
}

/// Why there is no final response.
pub(crate) enum Unanswered {
    TimedOut,
    Failed(ConnectionError),
}

impl Transaction<'_> {
    /// Sends the request until a final response comes, and returns what `conclude` makes of that; whatever is no response
    /// to it is passed over.
    pub(crate) async fn run<T>(
        &self,
        connection: &mut Connection,
        ladder: &mut Ladder,
        mut conclude: impl FnMut(&Response<'_>) -> T,
    ) -> Result<T, Unanswered> {
        self.send(connection, ladder).await?;
        let began = Instant::now();
        let mut machine = NonInviteClient::new(0, connection.reliability());
        let mut message = Vec::new();
        while let Some(wakes_at) = machine.wakes_at() {
            let until = self.limit.min(began + Duration::from_millis(wakes_at));
            if let Ok(received) = timeout_at(until, connection.receive(&mut message)).await {
                received.map_err(Unanswered::Failed)?;
                let mut spans = HeaderSpans::new();
                if let Some(response) = self.response_in(&message, &mut spans) {
                    ladder.note(Direction::Received, &message);
                    if let ClientAction::Tell(_) = machine.on_response(response.status(), millis_since(began)) {
                        return Ok(conclude(&response));
                    }
                }
            }
            if Instant::now() >= self.limit {
                break;
            }
            match machine.on_time(millis_since(began)) {
                ClientAction::Retransmit => self.send(connection, ladder).await?,
                ClientAction::Tell(_) | ClientAction::Forget => break,
                _ => {}
            }
        }
        Err(Unanswered::TimedOut)
    }

    async fn send(&self, connection: &mut Connection, ladder: &mut Ladder) -> Result<(), Unanswered> {
        ladder.note(Direction::Sent, self.request);
        let until = self.limit.min(Instant::now() + Duration::from_millis(TIMER_F_MS));
        let sent = timeout_at(until, connection.send(self.request)).await;
        sent.map_err(|_| Unanswered::TimedOut)?.map_err(Unanswered::Failed)
    }

    /// The sound response to this request (RFC 3261 sections 17.1.3 and 8.1.3.3) that those octets are.
    fn response_in<'m>(&self, octets: &'m [u8], spans: &'m mut HeaderSpans) -> Option<Response<'m>> {
        let Ok(Message::Response(response)) = parse(octets, spans) else { return None };
        response.check().ok()?;
        let headers = response.headers();
        let is_ours = headers.top_via().ok()?.branch == Some(self.branch.as_bytes())
            && headers.vias().count() == 1
            && headers.cseq().ok()?.method == self.method;
        is_ours.then_some(response)
    }
}

fn millis_since(began: Instant) -> Millis {
    Millis::try_from(began.elapsed().as_millis()).unwrap_or(Millis::MAX)
}
