//! A datagram that may be a STUN request.

use sip_edge::{answer_binding_request, is_stun};
use std::net::SocketAddr;

/// What is no STUN is not answered, and an answer is a Binding success response of the same transaction (RFC 5389
/// section 6), a little larger than the smallest request at most.
///
/// # Panics
/// When that is otherwise.
pub fn stun(octets: &[u8]) {
    let sources: [SocketAddr; 2] = [([192, 0, 2, 1], 5060).into(), ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 65_535).into()];
    for source in sources {
        let mut answer = Vec::new();
        answer_binding_request(octets, source, &mut answer);
        if answer.is_empty() {
            continue;
        }
        assert!(is_stun(octets));
        assert_eq!(answer[..2], [0x01, 0x01]);
        assert_eq!(answer[4..20], octets[4..20], "another transaction");
        assert_eq!(usize::from(u16::from_be_bytes([answer[2], answer[3]])) + 20, answer.len());
        assert!(answer.len() <= 80, "{} octets", answer.len());
    }
}
