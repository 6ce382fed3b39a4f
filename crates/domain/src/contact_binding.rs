//! A contact binding of the location service (RFC 3261 section 10.3) as it is stored and shown.

use crate::{CredentialId, SignallingTransport, Timestamp};
use std::net::SocketAddr;

/// Names one binding of one credential for as long as it lives, whatever its contact is changed to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BindingId(pub i64);

/// Where a phone can be reached until its binding expires. Texts are the phone's own octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactBinding {
    /// The credential whose address-of-record it belongs to.
    pub credential: CredentialId,
    /// Which of its bindings.
    pub id: BindingId,
    /// The credential generation that authenticated the last refresh.
    pub generation: u32,
    /// The contact URI, without display name and header parameters.
    pub contact: Box<[u8]>,
    /// `+sip.instance` (RFC 5626), empty without one.
    pub instance: Box<[u8]>,
    /// `reg-id` (RFC 5626), zero without one.
    pub reg_id: u32,
    /// The Path header values, comma-separated (RFC 3327), empty without one.
    pub path: Box<[u8]>,
    /// The preference in thousandths, 0 to 1000 (RFC 3261 section 20.10).
    pub q_thousandths: u16,
    /// Call-ID of the last refresh.
    pub call_id: Box<[u8]>,
    /// `CSeq` number of the last refresh.
    pub cseq: u32,
    /// The User-Agent header, cut to 128 octets, empty without one.
    pub user_agent: Box<[u8]>,
    /// The transport the REGISTER came over.
    pub transport: SignallingTransport,
    /// The address the REGISTER came from.
    pub source: SocketAddr,
    /// The address of ours that received it.
    pub local: SocketAddr,
    /// When it was first made.
    pub registered_at: Timestamp,
    /// When it ends unless refreshed.
    pub expires_at: Timestamp,
}

impl ContactBinding {
    /// Whether it ended with the connection it was made over: the phone can be reached in no other way.
    #[must_use]
    pub fn needs_its_connection(&self) -> bool {
        needs_its_connection(self.transport, self.reg_id, &self.contact)
    }
}

/// Nobody can connect to a browser (RFC 7118 section 5), to a flow that a phone keeps itself (RFC 5626 section 4.2), or
/// to a host under `.invalid` (RFC 2606), which is what phones put that know it.
pub(crate) fn needs_its_connection(transport: SignallingTransport, reg_id: u32, contact: &[u8]) -> bool {
    match transport {
        SignallingTransport::Udp => false,
        SignallingTransport::Ws | SignallingTransport::Wss => true,
        SignallingTransport::Tcp | SignallingTransport::Tls => reg_id != 0 || is_invalid_host(contact),
    }
}

/// Whether the host of a SIP URI lies under the top-level domain that does not exist.
fn is_invalid_host(contact: &[u8]) -> bool {
    let after_user =
        contact.iter().position(|octet| *octet == b'@').or(contact.iter().position(|octet| *octet == b':'));
    let rest = after_user.and_then(|at| contact.get(at + 1..)).unwrap_or_default();
    let host = rest.split(|octet| matches!(octet, b':' | b';' | b'?')).next().unwrap_or_default();
    let host = host.strip_suffix(b".").unwrap_or(host);
    host.rsplit(|octet| *octet == b'.').next().is_some_and(|label| label.eq_ignore_ascii_case(b"invalid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_be_reached_over_its_connection_only() {
        use SignallingTransport::{Tcp, Tls, Udp, Ws, Wss};
        let needs = |transport, reg_id, contact: &str| needs_its_connection(transport, reg_id, contact.as_bytes());
        for transport in [Ws, Wss] {
            assert!(needs(transport, 0, "sip:a@192.0.2.1"));
        }
        for transport in [Tcp, Tls] {
            assert!(needs(transport, 1, "sip:a@192.0.2.1"));
            assert!(!needs(transport, 0, "sip:a@192.0.2.1:5060;transport=tcp"));
            for host in ["x7.invalid", "x7.INVALID", "x7.invalid.", "x7.invalid:5060", "x7.invalid;ob?a=b", "invalid"] {
                assert!(needs(transport, 0, &format!("sip:a@{host}")), "{host}");
                assert!(needs(transport, 0, &format!("sip:{host}")), "{host}");
            }
            for host in ["xinvalid", "invalid.test", "[2001:db8::1]:5060", "h.test;x=.invalid", ""] {
                assert!(!needs(transport, 0, &format!("sip:a@{host}")), "{host}");
            }
        }
        assert!(!needs(Udp, 1, "sip:a@x7.invalid"));
    }
}
