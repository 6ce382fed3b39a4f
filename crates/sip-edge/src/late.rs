//! Answers that leave when what they promise is durable.

use crate::edge::Edge;
use crate::incoming::Incoming;
use crate::lane::Lane;
use directory::FlushPlace;
use domain::Clock;
use sip_transaction::{Reliability, TransactionKey};
use sip_transport::{Flow, Flows};
use std::net::SocketAddr;
use std::sync::Arc;

/// An answer, the worse one in case the write fails, and where either goes.
pub(crate) struct LateAnswer {
    lanes: Arc<[Lane]>,
    lane: usize,
    flows: Arc<Flows>,
    clock: Arc<dyn Clock>,
    key: TransactionKey,
    flow: Flow,
    destination: SocketAddr,
    reliability: Reliability,
    octets: Vec<u8>,
    failed: Vec<u8>,
}

impl LateAnswer {
    pub(crate) fn new(
        edge: &Edge,
        incoming: &Incoming<'_>,
        key: TransactionKey,
        (octets, failed): (Vec<u8>, Vec<u8>),
    ) -> Self {
        if let Some(lane) = edge.lane(incoming.lane)
            && incoming.reliability() == Reliability::Unreliable
        {
            lane.transactions.lock().begin(&key, incoming.now.as_unix_millis());
        }
        Self {
            lanes: Arc::clone(&edge.lanes),
            lane: incoming.lane,
            flows: Arc::clone(&edge.parts.flows),
            clock: Arc::clone(&edge.parts.clock),
            key,
            flow: *incoming.flow,
            destination: incoming.response_destination(),
            reliability: incoming.reliability(),
            octets,
            failed,
        }
    }

    /// Sends it once everything changed so far is durable.
    pub(crate) fn send_when_durable(self, place: FlushPlace<'_>) {
        place.flush(Box::new(move |outcome| {
            let octets = if outcome.is_ok() { &self.octets } else { &self.failed };
            if let Some(lane) = self.lanes.get(self.lane % self.lanes.len().max(1)) {
                let when = (self.clock.now().as_unix_millis(), self.reliability);
                lane.transactions.lock().complete(&self.key, octets, when);
                lane.handled.response(octets);
            }
            if let Err(error) = self.flows.send(&self.flow, self.destination, octets) {
                tracing::debug!(%error, "a late answer could not be sent");
            }
        }));
    }
}
