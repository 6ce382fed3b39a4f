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
