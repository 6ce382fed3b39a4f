//! Octets of a connection.

use sip_message::framing::{Framed, StreamFramer};

/// The frames are the same whether the octets come at once or in pieces; the first octet says how large those are.
///
/// # Panics
/// When they differ.
pub fn stream(octets: &[u8]) {
    let Some((piece, octets)) = octets.split_first() else { return };
    let piece = usize::from(*piece).max(1);
    assert_eq!(frames(octets, piece), frames(octets, octets.len().max(1)));
}

/// What was framed, and how it ended.
fn frames(octets: &[u8], piece: usize) -> (Vec<usize>, bool) {
    let (mut framer, mut taken, mut arrived, mut lengths) = (StreamFramer::new(), 0, 0, Vec::new());
    loop {
        match framer.frame(&octets[taken..arrived]) {
            Framed::Message(length) => {
                assert!(length > 0 && taken + length <= arrived);
                lengths.push(length);
                taken += length;
            }
            // Line breaks between messages may be taken in one go or in several.
            Framed::KeepAlive(length) => {
                assert!(length > 0 && taken + length <= arrived);
                taken += length;
            }
            Framed::Malformed(_) => return (lengths, false),
            Framed::Incomplete if arrived == octets.len() => return (lengths, true),
            Framed::Incomplete => arrived = (arrived + piece).min(octets.len()),
        }
    }
}
