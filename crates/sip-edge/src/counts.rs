//! How many messages were handled, counted on the lane that handles them: no two workers write to one cache line.

use crate::lane::Lane;
use crate::throttle::{Throttle, ThrottleCounts};
use domain::SignallingTransport;
use sip_message::Method;
use sip_transport::Outbox;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Methods with a count of their own, the most frequent first; all others share one.
const METHODS: [Method<'static>; 14] = [
    Method::Register,
    Method::Options,
    Method::Invite,
    Method::Ack,
    Method::Cancel,
    Method::Bye,
    Method::Prack,
    Method::Update,
    Method::Info,
    Method::Subscribe,
    Method::Notify,
    Method::Publish,
    Method::Message,
    Method::Refer,
];
/// In the order of [`place_of`].
const TRANSPORTS: [SignallingTransport; 5] = SignallingTransport::ALL;
/// Status codes with a count of their own, the most frequent first; all others share one.
const CODES: [u16; 21] =
    [401, 200, 407, 404, 480, 481, 482, 400, 403, 405, 414, 416, 420, 423, 430, 483, 500, 501, 503, 505, 513];

/// What a lane has handled. Relaxed additions: a late answer is counted by the thread that made it durable, and beyond
/// 64 lanes workers share one, so this is not quite one writer's.
#[derive(Default)]
pub(crate) struct LaneCounts {
    requests: [[AtomicU64; METHODS.len() + 1]; TRANSPORTS.len()],
    responses: [AtomicU64; CODES.len() + 1],
    /// Datagrams whose answers were too long for a source that has not proven itself.
    pub(crate) withheld: AtomicU64,
    /// Datagrams turned away because others went first.
    pub(crate) shed: AtomicU64,
    /// Messages beyond the rate of their source.
    pub(crate) beyond_rate: AtomicU64,
}

impl LaneCounts {
    /// Counts a request and the answers that stand in the outbox from `first_answer` on.
    pub(crate) fn exchange(
        &self,
        (method, transport): (Method<'_>, SignallingTransport),
        outbox: &Outbox,
        first_answer: usize,
    ) {
        let column = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len());
        let count = self.requests.get(place_of(transport)).and_then(|row| row.get(column));
        add_one(count);
        for message in outbox.messages().iter().skip(first_answer) {
            self.response(outbox.octets_of(message));
        }
    }

    /// Counts an answer by its status line.
    pub(crate) fn response(&self, octets: &[u8]) {
        let code = status_code(octets);
        let place = CODES.iter().position(|known| Some(*known) == code).unwrap_or(CODES.len());
        add_one(self.responses.get(place));
    }
}

fn add_one(count: Option<&AtomicU64>) {
    if let Some(count) = count {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

const fn place_of(transport: SignallingTransport) -> usize {
    match transport {
        SignallingTransport::Udp => 0,
        SignallingTransport::Tcp => 1,
        SignallingTransport::Tls => 2,
        SignallingTransport::Ws => 3,
        SignallingTransport::Wss => 4,
    }
}

/// The three digits after `SIP/2.0 ` (RFC 3261 section 7.2).
fn status_code(octets: &[u8]) -> Option<u16> {
    let digits = octets.get(8..11)?;
    digits.iter().try_fold(0, |code, digit| digit.is_ascii_digit().then(|| code * 10 + u16::from(digit - b'0')))
}

/// What all lanes of an edge have handled. Holding it does not keep the edge alive.
#[derive(Clone)]
pub struct Counters {
    pub(crate) lanes: Arc<[Lane]>,
    pub(crate) throttle: Arc<Throttle>,
}

/// Totals since the edge was built; every kind is listed, at zero too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counts {
    /// Requests that could be read, retransmissions included.
    pub requests: Vec<RequestCount>,
    /// Responses sent, repeated ones included.
    pub responses: Vec<ResponseCount>,
    /// Datagrams left unanswered because the answer was too long for a source that has not proven itself.
    pub withheld: u64,
    /// Datagrams turned away because more came than were handled and others went first.
    pub shed: u64,
    /// Messages dropped because their source had sent its share.
    pub beyond_rate: u64,
    /// What throttling has done.
    pub throttle: ThrottleCounts,
}

/// Requests of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestCount {
    /// The method; `None` for all that this server does not know, so that no peer can make up kinds.
    pub method: Option<&'static str>,
    /// The transport they came over.
    pub transport: SignallingTransport,
    /// How many.
    pub count: u64,
}

/// Responses of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResponseCount {
    /// The status code; `None` for those this server does not usually send.
    pub code: Option<u16>,
    /// How many.
    pub count: u64,
}

impl Counters {
    /// The present totals. Lanes are read one after the other, while they go on counting.
    #[must_use]
    pub fn totals(&self) -> Counts {
        let sum = |read: &dyn Fn(&LaneCounts) -> Option<u64>| {
            self.lanes.iter().filter_map(|lane| read(&lane.handled)).fold(0, u64::wrapping_add)
        };
        let request = |transport: SignallingTransport, column: usize| RequestCount {
            method: METHODS.get(column).and_then(|method| std::str::from_utf8(method.as_bytes()).ok()),
            transport,
            count: sum(&|counts| Some(counts.requests.get(place_of(transport))?.get(column)?.load(Ordering::Relaxed))),
        };
        let response = |place: usize| ResponseCount {
            code: CODES.get(place).copied(),
            count: sum(&|counts| Some(counts.responses.get(place)?.load(Ordering::Relaxed))),
        };
        Counts {
            requests: TRANSPORTS
                .into_iter()
                .flat_map(|transport| (0..=METHODS.len()).map(move |column| (transport, column)))
                .map(|(transport, column)| request(transport, column))
                .collect(),
            responses: (0..=CODES.len()).map(response).collect(),
            withheld: sum(&|counts| Some(counts.withheld.load(Ordering::Relaxed))),
            shed: sum(&|counts| Some(counts.shed.load(Ordering::Relaxed))),
            beyond_rate: sum(&|counts| Some(counts.beyond_rate.load(Ordering::Relaxed))),
            throttle: self.throttle.counts(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;

    #[test]
    fn every_failure_has_a_code_of_its_own_count() {
        let all = [
            Failure::UnsupportedScheme,
            Failure::TooManyHops,
            Failure::BadExtension,
            Failure::NoSuchTransaction,
            Failure::NotTheirAddressOfRecord,
            Failure::MisplacedWildcard,
            Failure::IntervalTooBrief,
            Failure::TooManyContacts,
            Failure::OutOfOrder,
            Failure::NotOurFlowToken,
            Failure::FlowFailed,
            Failure::MethodNotAllowed,
            Failure::NotImplemented,
            Failure::NotFound,
            Failure::TemporarilyUnavailable,
            Failure::NotStored,
            Failure::Overloaded,
            Failure::NoLease,
        ];
        for failure in all {
            assert!(CODES.contains(&failure.status().code), "{failure:?}");
        }
    }

    #[test]
    fn transports_stand_where_they_are_counted() {
        for (place, transport) in TRANSPORTS.into_iter().enumerate() {
            assert_eq!(place_of(transport), place);
        }
    }

    #[test]
    fn status_lines() {
        assert_eq!(status_code(b"SIP/2.0 401 Unauthorized\r\n"), Some(401));
        for bad in [&b""[..], b"SIP/2.0 4", b"SIP/2.0 4x1 Odd"] {
            assert_eq!(status_code(bad), None);
        }
    }
}
