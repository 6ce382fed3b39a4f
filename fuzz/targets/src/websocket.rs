//! Octets of a WebSocket behind its upgrade.

use sip_message::limits::MAX_MESSAGE_OCTETS;
use sip_transport::websocket::{Incoming, MessageReader};

/// The messages are the same whether the octets come at once or in pieces; the first octet says how large those are.
///
/// # Panics
/// When they differ, or one is larger than a message may be.
pub fn websocket(octets: &[u8]) {
    let Some((piece, octets)) = octets.split_first() else { return };
    let piece = usize::from(*piece).max(1);
    assert_eq!(said(octets, piece), said(octets, octets.len().max(1)));
}

/// What was read, in order.
fn said(octets: &[u8], piece: usize) -> Vec<String> {
    let (mut reader, mut said) = (MessageReader::new(), Vec::new());
    for piece in octets.chunks(piece) {
        reader.feed(piece);
        loop {
            let incoming = reader.take();
            if let Incoming::Message(_, message) = incoming {
                assert!(message.len() <= MAX_MESSAGE_OCTETS);
            }
            match incoming {
                Incoming::Incomplete => break,
                Incoming::Close(_) | Incoming::Faulty(_) => {
                    said.push(format!("{incoming:?}"));
                    return said;
                }
                _ => said.push(format!("{incoming:?}")),
            }
        }
    }
    said
}
