//! An inbound that notes messages and answers each with how long it was.

use parking_lot::Mutex;
use sip_transport::{Flow, Inbound, Outbox, Received};

/// What was handed over.
#[derive(Default)]
pub struct Recorder {
    pub received: Mutex<Vec<Noted>>,
    /// The connections that have ended.
    pub closed: Mutex<Vec<Flow>>,
}

/// One message as it was handed over.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    pub octets: Vec<u8>,
    pub flow: Flow,
    pub lane: usize,
    /// How many messages the scratch saw before.
    pub scratch: u32,
}

impl Recorder {
    /// The first octets of every message so far.
    pub fn firsts(&self) -> Vec<String> {
        let first = |noted: &Noted| String::from_utf8_lossy(&noted.octets[..noted.octets.len().min(3)]).into_owned();
        self.received.lock().iter().map(first).collect()
    }
}

/// The answer to a message of that many octets.
pub fn answer_to(length: usize) -> Vec<u8> {
    format!("SIP/2.0 200 {length}\r\n\r\n").into_bytes()
}

impl Inbound for Recorder {
    type Scratch = u32;

    fn scratch(&self) -> u32 {
        0
    }

    fn receive(&self, scratch: &mut u32, received: Received<'_>, outbox: &mut Outbox) {
        let Received { lane, flow, octets } = received;
        self.received.lock().push(Noted { octets: octets.to_vec(), flow: *flow, lane, scratch: *scratch });
        *scratch += 1;
        if octets.starts_with(b"KNOWN") {
            outbox.note_known_peer();
        }
        let answer = answer_to(octets.len());
        match octets {
            // An answer that no socket buffer takes whole.
            [b'B', b'I', b'G', ..] => outbox.push(flow.remote, |out| out.resize(64 << 20, b'x')),
            [b'O', b'O', b'P', b'S', ..] => {
                outbox.push(flow.remote, |out| out.extend_from_slice(b"never to be sent"));
                panic!("as a faulty inbound might");
            }
            [b'M', b'U', b'T', b'E', ..] => {}
            _ => outbox.push(flow.remote, |out| out.extend_from_slice(&answer)),
        }
    }

    fn closed(&self, flow: &Flow) {
        self.closed.lock().push(*flow);
    }
}
