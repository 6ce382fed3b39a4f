//! The life of one connection, whatever it carries: bounded in memory and time.

use crate::carrier::{Carrier, Ending, Item};
use crate::connection_service::ConnectionService;
use crate::{ConnectionConfig, Flow, Inbound};
use std::time::Duration;
use std::{io, iter};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// How long a farewell may take: nothing depends on the peer's reading it.
const FAREWELL: Duration = Duration::from_secs(1);

/// Most late messages that are written at once.
const LATE_BATCH: usize = 64;

/// What a connection is served with besides itself.
pub(crate) struct Surroundings {
    pub flow: Flow,
    /// Answers from elsewhere; closed when the connection is to end.
    pub late: mpsc::Receiver<Vec<u8>>,
    pub stop: watch::Receiver<bool>,
    pub opened_by: OpenedBy,
}

/// Who wanted a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OpenedBy {
    /// Whoever is at its other end, and so has something to say.
    Peer,
    /// We, who speak first.
    Us,
}

/// When a connection has to have made progress.
struct Deadlines {
    idle: Duration,
    message: Duration,
    silent_until: Instant,
    /// When a message that has begun must be whole; in the beginning, when the first one must be.
    message_until: Option<Instant>,
    /// Whether the peer has ever said anything of SIP.
    begun: bool,
}

/// What handling what was read has come to.
#[derive(Default)]
struct Handled {
    /// Whether SIP was among it.
    progress: bool,
    /// Whether somebody has proven who they are.
    proof: bool,
    ending: Option<Ending>,
}

impl Deadlines {
    /// A connection that was opened to us and says nothing in the beginning is no phone's.
    fn new(config: &ConnectionConfig, opened_by: OpenedBy) -> Self {
        let (idle, message) = (Duration::from_secs(config.idle_seconds), Duration::from_secs(config.message_seconds));
        let now = Instant::now();
        let message_until = (opened_by == OpenedBy::Peer).then_some(now + message);
        Self { idle, message, silent_until: now + idle, message_until, begun: opened_by == OpenedBy::Us }
    }

    fn next(&self) -> Instant {
        self.message_until.map_or(self.silent_until, |message| message.min(self.silent_until))
    }

    /// Starts or ends the clock of a message that is still coming.
    fn note(&mut self, handled: &Handled, is_midway: bool) {
        let now = Instant::now();
        self.silent_until = now + self.idle;
        self.begun |= handled.progress;
        if handled.progress || (self.begun && !is_midway) {
            self.message_until = None;
        }
        if is_midway && self.message_until.is_none() {
            self.message_until = Some(now + self.message);
        }
    }
}

impl<I: Inbound> ConnectionService<I> {
    /// Serves a connection to its end.
    pub(crate) async fn converse(&self, mut carrier: impl Carrier, mut around: Surroundings) {
        let why = match self.exchange(&mut carrier, &mut around).await {
            Ok(why) => why,
            Err(error) => {
                tracing::debug!(%error, remote = %around.flow.remote, "a connection was lost");
                Ending::ByPeer
            }
        };
        tracing::trace!(?why, remote = %around.flow.remote, "a connection ends");
        let _ = timeout(FAREWELL, carrier.finish(why)).await;
    }

    async fn exchange(&self, carrier: &mut impl Carrier, around: &mut Surroundings) -> io::Result<Ending> {
        let mut deadlines = Deadlines::new(self.config(), around.opened_by);
        let mut is_proven = false;
        loop {
            tokio::select! {
                more = carrier.read() => {
                    if !more? {
                        return Ok(Ending::ByPeer);
                    }
                    let handled = self.handle(carrier, &around.flow);
                    deadlines.note(&handled, carrier.is_midway());
                    if handled.proof && !is_proven {
                        is_proven = true;
                        self.flows().prove(around.flow.connection);
                    }
                    self.send(carrier).await?;
                    if let Some(ending) = handled.ending {
                        return Ok(ending);
                    }
                }
                late = around.late.recv() => match late {
                    Some(answer) => {
                        carrier.push(&answer);
                        // What else waits goes out with it.
                        for answer in iter::from_fn(|| around.late.try_recv().ok()).take(LATE_BATCH) {
                            carrier.push(&answer);
                        }
                        self.send(carrier).await?;
                    }
                    None => return Ok(Ending::Revoked),
                },
                () = sleep_until(deadlines.next()) => return Ok(Ending::TimedOut),
                () = stopped(&mut around.stop) => return Ok(Ending::GoingAway),
            }
        }
    }

    /// Handles every whole message that was read.
    fn handle(&self, carrier: &mut impl Carrier, flow: &Flow) -> Handled {
        let mut handled = Handled::default();
        let Some(mut lane) = self.lane_of(flow.connection) else { return handled };
        loop {
            match carrier.next() {
                Item::Message(octets) => {
                    let outbox = lane.receive(self.inbound(), flow, octets);
                    handled.proof |= outbox.peer_is_known();
                    for message in outbox.messages() {
                        carrier.push(outbox.octets_of(message));
                    }
                    outbox.clear();
                }
                Item::Ping => carrier.push_pong(),
                Item::Pulse => {}
                Item::Control => continue,
                Item::Nothing => return handled,
                Item::Farewell => {
                    handled.ending = Some(Ending::ByPeer);
                    return handled;
                }
                Item::Unusable(reason) => {
                    tracing::debug!(reason, remote = %flow.remote, "what a connection carries is no SIP; closing it");
                    handled.ending = Some(Ending::Unusable);
                    return handled;
                }
            }
            handled.progress = true;
        }
    }

    async fn send(&self, carrier: &mut impl Carrier) -> io::Result<()> {
        let limit = Duration::from_secs(self.config().write_seconds);
        timeout(limit, carrier.send()).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}

/// Completes when told to stop, or when nobody is left to tell.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The guard must not live across an await.
    let _ = stop.wait_for(|stop| *stop).await.is_ok();
}
